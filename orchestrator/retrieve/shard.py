"""One shard: the documents of one source and kind, inverted by words and, in time, with vectors.

A shelf keeps shards in a folder under their fingerprint, so that only what changed is made anew.
"""

import contextlib
import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from orchestrator.retrieve.documents import RELATION, Document
from orchestrator.retrieve.lexical import Segment
from orchestrator.retrieve.vectors import Vectors

log = structlog.get_logger(__name__)
_FORMAT = 1  # raised when words, vectors or files are made otherwise
_MOST_CENTROIDS = 64
_VALUE = "value"  # words alone lead to a value's source
_WORDS, _VECTORS, _HOT = "words.npz", "vectors.faiss", "hot"


@dataclass(frozen=True)
class Shard:
    """Documents of one source and kind. `centroids` are unit vectors of what they are about, for
    the router; without `vectors` there are none."""

    source: str
    kind: str
    documents: tuple[Document, ...]
    segment: Segment
    vectors: Vectors | None = None
    centroids: np.ndarray | None = None

    @property
    def name(self) -> str:
        """Its source and kind."""
        return self.documents[0].shard

    def is_unbound_of(self, source: str) -> bool:
        """Whether it holds what no entity binds of a source."""
        return self.kind == RELATION and self.source == source

    def with_vectors(self, vectors: np.ndarray) -> "Shard":
        """The same, with one unit vector a document."""
        centroids = None if self.kind == _VALUE else _centroids(self.documents, vectors)
        return replace(self, vectors=Vectors.of(vectors), centroids=centroids)


def shards(documents: Sequence[Document]) -> dict[str, tuple[Document, ...]]:
    """The documents by the name of their shard."""
    found: dict[str, list[Document]] = {}
    for document in documents:
        found.setdefault(document.shard, []).append(document)
    return {name: tuple(held) for name, held in found.items()}


def of_words(documents: tuple[Document, ...]) -> Shard:
    """The shard of documents of one source and kind, without vectors."""
    first = documents[0]
    segment = Segment.of(document.text for document in documents)
    return Shard(first.source, first.kind, documents, segment)


class Shelf:
    """Saved shards below a folder; `embedder` names the model that their vectors are of.

    A folder that can't be written, or a file that can't be read, costs time and never an answer.
    """

    def __init__(self, folder: Path, embedder: str) -> None:
        self._folder = folder
        self._embedder = embedder

    def load(self, documents: tuple[Document, ...]) -> Shard | None:
        """The shard of exactly these documents, with its vectors mapped; None when none is kept."""
        first = documents[0]
        folder = self._place(documents)
        try:
            with np.load(folder / _WORDS) as kept:
                segment = _segment(kept)
                centroids = kept["centroids"] if kept["centroids"].size else None
            vectors = Vectors.mapped(folder / _VECTORS)
        except FileNotFoundError:
            return None
        except (OSError, RuntimeError, ValueError, KeyError, zipfile.BadZipFile) as error:
            log.warning("shard_not_read", shard=folder.name, reason=type(error).__name__)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return Shard(first.source, first.kind, documents, segment, vectors, centroids)

    def save(self, shard: Shard) -> None:
        """Keep a shard with its vectors, in the place of older ones of its name."""
        place = self._place(shard.documents)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as made:
                _write(shard, Path(made))
                with contextlib.suppress(OSError):  # another replica was first
                    Path(made).rename(place)
        except OSError as error:
            log.warning("shard_not_saved", shard=place.name, reason=type(error).__name__)
            return
        for older in self._others(place):
            shutil.rmtree(older, ignore_errors=True)

    def known(self, documents: tuple[Document, ...]) -> dict[int, np.ndarray]:
        """The vectors that older shards of these documents' source and kind have for any of their
        texts, by the document's place."""
        found: dict[int, np.ndarray] = {}
        hashes = _hashes(documents)
        for older in self._others(self._place(documents)):
            with contextlib.suppress(OSError, RuntimeError, ValueError, KeyError):
                with np.load(older / _WORDS) as kept:
                    _, here, there = np.intersect1d(hashes, kept["hashes"], return_indices=True)
                vectors = Vectors.mapped(older / _VECTORS).rebuilt(there)
                found |= dict(zip(here.tolist(), vectors, strict=True))
        return found

    def hot(self) -> set[str]:
        """The names of the shards that were noted last as much used."""
        try:
            return set((self._folder / _HOT).read_text(encoding="utf-8").split())
        except (OSError, ValueError):
            return set()

    def note_hot(self, names: Sequence[str]) -> None:
        """Note the names of the shards that are much used, for the next start."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _HOT).write_text("\n".join(names), encoding="utf-8")

    def _place(self, documents: tuple[Document, ...]) -> Path:
        return self._folder / f"{documents[0].shard}.{self._fingerprint(documents)}"

    def _fingerprint(self, documents: tuple[Document, ...]) -> str:
        told = "\0".join(
            [f"{_FORMAT} {self._embedder}", *(f"{d.name}\t{d.text}" for d in documents)]
        )
        return hashlib.sha256(told.encode()).hexdigest()[:24]

    def _others(self, place: Path) -> list[Path]:
        stem = place.name.rpartition(".")[0]
        return [one for one in self._folder.glob(f"{stem}.*") if one != place]


def _write(shard: Shard, folder: Path) -> None:
    assert shard.vectors is not None
    one = shard.segment
    np.savez(
        folder / _WORDS,
        words=np.frombuffer("\n".join(one.words).encode(), dtype=np.uint8),
        starts=one.starts,
        places=one.places,
        counts=one.counts,
        lengths=one.lengths,
        centroids=np.empty((0, 0)) if shard.centroids is None else shard.centroids,
        hashes=_hashes(shard.documents),
    )
    shard.vectors.save(folder / _VECTORS)


def _segment(kept: np.lib.npyio.NpzFile) -> Segment:
    known = kept["words"].tobytes().decode().split("\n")
    return Segment(
        {word: at for at, word in enumerate(known) if word},
        kept["starts"],
        kept["places"],
        kept["counts"],
        kept["lengths"],
    )


def _hashes(documents: Sequence[Document]) -> np.ndarray:
    made = (hashlib.blake2b(d.text.encode(), digest_size=8).digest() for d in documents)
    return np.frombuffer(b"".join(made), dtype=np.uint64)


def _centroids(documents: Sequence[Document], vectors: np.ndarray) -> np.ndarray:
    """The mean of each subject's vectors; of many subjects, the middles of their clusters."""
    ids: dict[str, int] = {}
    of_subject = np.array([ids.setdefault(d.subject, len(ids)) for d in documents])
    sums = np.zeros((len(ids), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, of_subject, vectors)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    if len(ids) <= _MOST_CENTROIDS:
        return sums
    import faiss

    clusters = faiss.Kmeans(
        vectors.shape[1], _MOST_CENTROIDS, spherical=True, niter=10, min_points_per_centroid=1
    )
    clusters.train(sums)
    middles: Any = clusters.centroids
    return middles
