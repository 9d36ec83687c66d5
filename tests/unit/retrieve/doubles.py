"""Stand-ins for an embedding model: texts with the same words are near one another."""

import zlib

import numpy as np

from orchestrator.retrieve.documents import Document
from orchestrator.retrieve.lexical import words


class BagOfWords:
    """An `Embed` that gives each word a direction of its own, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, texts: list[str]) -> np.ndarray:
        """One unit vector a text."""
        self.asked += texts
        return vectors(texts)


def vectors(texts: list[str], dimensions: int = 384) -> np.ndarray:
    """The sum of the directions of a text's words, as a unit vector."""
    rows = np.stack([sum(_direction(word, dimensions) for word in words(t) or [t]) for t in texts])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def fields(source: str, *names: str, kind: str = "field") -> tuple[Document, ...]:
    """Documents of one shard, `entity.field` by name."""
    return tuple(
        Document(kind, name, name.replace(".", " "), (name.partition(".")[0],), source)
        for name in names
    )


def _direction(word: str, dimensions: int) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(dimensions)
