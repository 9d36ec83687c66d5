"""Whether the right fields are found among many columns, how fast, and in how much memory."""

import contextlib
import hashlib
import os
import re
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

import numpy as np
import yaml

from adapters.base import Embed
from benchmarks.columns import model_of
from benchmarks.measure import Outcome, Run, Target, Variant, Work, compare
from benchmarks.servers import Place
from orchestrator.question import Question, Requester
from orchestrator.retrieve import Hit
from orchestrator.retrieve.documents import documents
from orchestrator.retrieve.retrieve import MAX_HITS, Retriever
from orchestrator.retrieve.shard import Shelf
from orchestrator.retrieve.vectors import Vectors
from orchestrator.retrieve.weights import DIMENSIONS, ONNX_MODEL, encoder
from orchestrator.semantic import SemanticModel

TITLE = "Retrieval: the right fields among many"
TARGETS = (
    Target("recall of the right fields at 20", "routed shards", figure="recall", at_least=0.95),
    Target("routing and search, a question", "routed shards", at_most=0.020),
    Target("start, from saved shards", "routed shards", figure="start_s", at_most=2.0),
    Target("time, beside one flat index by meaning alone", "routed shards", "one flat index"),
)
_ABOUT = f"""Seventy questions to the demo company, whose columns stand among those of \
companies of sixteen other industries: as many as the *size* says in all. *Recall* is the part of \
the right fields that are among the first {MAX_HITS} hits, as themselves, by a value or by a \
metric that reads them. The time is that of one question, without its embedding; *memory* is that \
of the index.

- **routed shards**: what Crosstalk does, with its shards saved before and mapped at the *start*.
- **words alone**: the same while the embedding model is not there yet.
- **one flat index**: all documents by meaning alone, in one exact FAISS index.
- **brute force**: all documents by meaning alone, compared one by one in NumPy."""
_QUESTIONS = Path(__file__).with_name("retrieval_questions.yaml")
_MILLION = "CROSSTALK_BENCH_MILLION"
_ASKER = Requester("T1", "U1")
Search = Callable[[str, np.ndarray], list[Hit]]


async def run(place: Place, quick: bool) -> Outcome:
    """All variants over models of each size; a million columns only when they are asked for."""
    sizes = [100, 1_000] if quick else [100, 1_000, 10_000, 100_000]
    if os.environ.get(_MILLION):
        sizes.append(1_000_000)
    for size in sizes:
        embed(place.folder, [d.text for d in documents(model_of(size))])
    embed(place.folder, list(questions()))
    return Outcome(_ABOUT, await compare(__name__, place, sizes, 1 if quick else 3))


def questions() -> dict[str, list[str]]:
    """The questions, each with the fields that its answer rests on."""
    return yaml.safe_load(_QUESTIONS.read_text(encoding="utf-8"))


def found(model: SemanticModel, hits: Iterable[Hit]) -> set[str]:
    """The fields that hits give a planner: those hit, those of values, those that metrics read."""
    fields: set[str] = set()
    for hit in hits:
        if hit.kind == "metric" and (metric := model.metric(hit.name)):
            fields |= set(re.findall(r"\w+\.\w+", f"{metric.expression} {metric.time or ''}"))
        elif hit.kind in ("field", "value"):
            fields.add(hit.name.partition("=")[0])
    return fields


def embed(folder: Path, texts: list[str]) -> np.ndarray:
    """The vectors of texts, of which those that were embedded before are kept in a folder."""
    kept = folder / "vectors"
    kept.mkdir(parents=True, exist_ok=True)
    names = [hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in texts]
    known: dict[str, np.ndarray] = {}
    for file in kept.glob("*.npz"):
        with np.load(file) as held:
            known |= dict(zip(held["names"].tolist(), held["vectors"], strict=True))
    missing = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
    if missing:
        encode = encoder(ONNX_MODEL)
        pairs = list(missing.items())
        for start in range(0, len(pairs), 8_192):
            some = dict(pairs[start : start + 8_192])
            vectors = encode(list(some.values()))
            known |= dict(zip(some, vectors, strict=True))
            np.savez(kept / f"{next(iter(some))}.npz", names=np.array(list(some)), vectors=vectors)
    return np.stack([known[name] for name in names])


@contextlib.asynccontextmanager
async def _routed(place: Place, size: int) -> AsyncGenerator[Work]:
    async with _retrieving(place, size, by_meaning=True) as work:
        yield work


@contextlib.asynccontextmanager
async def _words(place: Place, size: int) -> AsyncGenerator[Work]:
    async with _retrieving(place, size, by_meaning=False) as work:
        yield work


@contextlib.asynccontextmanager
async def _retrieving(place: Place, size: int, *, by_meaning: bool) -> AsyncGenerator[Work]:
    model = model_of(size)
    asked = questions()
    vectors = dict(zip(asked, embed(place.folder, list(asked)), strict=True))
    folder = place.folder / "shards" / str(size)

    async def known(texts: list[str]) -> np.ndarray:
        if texts[0].rstrip(" ") in vectors:
            return np.stack([vectors[text.rstrip(" ")] for text in texts])
        return embed(place.folder, texts)

    if by_meaning and not folder.exists():
        first = Retriever(model, _at_once(place.folder, model), Shelf(folder, ONNX_MODEL))
        first.start()
        await first.settled()
    before = _resident_mb()
    began = time.perf_counter()
    retriever = Retriever(model, known, Shelf(folder, ONNX_MODEL) if by_meaning else None)
    start_s = time.perf_counter() - began
    if by_meaning:
        retriever.start()
        await retriever.settled()
        start_s = time.perf_counter() - began
    turn = 0

    async def work() -> Run:
        nonlocal turn
        turn += 1
        times: list[float] = []
        parts: list[float] = []
        for text, right in asked.items():
            question = Question(text + " " * turn, _ASKER)  # else it would be remembered
            began = time.perf_counter()
            candidates = await retriever.retrieve(question)
            times.append(time.perf_counter() - began)
            parts += [field in found(model, candidates.hits) for field in right]
        return _figures(times, parts, before) | {"start_s": start_s}

    yield work


def _at_once(folder: Path, model: SemanticModel) -> Embed:
    texts = list(dict.fromkeys(d.text for d in documents(model)))
    vectors = dict(zip(texts, embed(folder, texts), strict=True))

    async def look_up(asked: list[str]) -> np.ndarray:
        return np.stack([vectors.get(text, np.zeros(DIMENSIONS, np.float32)) for text in asked])

    return look_up


@contextlib.asynccontextmanager
async def _flat(place: Place, size: int) -> AsyncGenerator[Work]:
    def made(vectors: np.ndarray) -> Callable[[np.ndarray], list[int]]:
        import faiss

        index = faiss.IndexFlatIP(DIMENSIONS)
        index.add(vectors)
        one = Vectors(index)
        return lambda vector: one.search(vector, MAX_HITS)[0].tolist()

    async with _by_meaning(place, size, made) as work:
        yield work


@contextlib.asynccontextmanager
async def _brute(place: Place, size: int) -> AsyncGenerator[Work]:
    def made(vectors: np.ndarray) -> Callable[[np.ndarray], list[int]]:
        return lambda vector: np.argsort(-(vectors @ vector))[:MAX_HITS].tolist()

    async with _by_meaning(place, size, made) as work:
        yield work


@contextlib.asynccontextmanager
async def _by_meaning(
    place: Place, size: int, made: Callable[[np.ndarray], Callable[[np.ndarray], list[int]]]
) -> AsyncGenerator[Work]:
    model, asked = model_of(size), questions()
    held = documents(model)
    of_documents = embed(place.folder, [document.text for document in held])
    vectors = embed(place.folder, list(asked))
    before = _resident_mb()
    nearest = made(of_documents.copy())

    async def work() -> Run:
        times: list[float] = []
        parts: list[float] = []
        for right, vector in zip(asked.values(), vectors, strict=True):
            began = time.perf_counter()
            places = nearest(vector)
            times.append(time.perf_counter() - began)
            hits = [Hit(held[at].kind, held[at].name, 1.0) for at in places]
            parts += [field in found(model, hits) for field in right]
        return _figures(times, parts, before)

    yield work


def _figures(times: list[float], parts: list[float], before: float) -> Run:
    return {
        "seconds": statistics.median(times),
        "slowest": max(times),
        "recall": sum(parts) / len(parts),
        "memory_mb": _resident_mb() - before,
    }


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024


VARIANTS: dict[str, Variant] = {
    "routed shards": _routed,
    "words alone": _words,
    "one flat index": _flat,
    "brute force": _brute,
}
