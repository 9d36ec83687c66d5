"""A question to hits: it is routed, its sources' shards are searched, what they find is ranked.

It knows no model and no embedder: vectors are handed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.retrieve import Hit, Route
from orchestrator.retrieve.documents import Document
from orchestrator.retrieve.held import Held
from orchestrator.retrieve.lexical import Words, best
from orchestrator.retrieve.rank import fused, is_called, reranked, speaks_of_time, without_periods
from orchestrator.retrieve.route import Evidence, centroid_cosines, choose
from orchestrator.retrieve.shard import Shard

DEPTH = 64  # how far down each ranking is read
_HOPS = 2  # how far what joins a thing may lie for both to be meant by one question
_NEAR = 0.25  # by all-MiniLM-L6-v2, unrelated questions stay below and paraphrases lie above 0.3


@dataclass(frozen=True, slots=True)
class Only:
    """What a search is narrowed to: sources that the question names, and the entities there."""

    sources: tuple[str, ...] = ()
    entities: frozenset[str] | None = None

    def holds(self, document: Document) -> bool:
        """Whether a document may be found."""
        if not document.entities:
            return not self.sources or document.source in self.sources
        return self.entities is None or self.entities.issuperset(document.entities)


class Index:
    """Documents that can be searched by words at once, and by meaning where shards have vectors.

    It is never changed: `extended` gives another one, which shares what this one holds.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._words = Words(held.segments)

    @classmethod
    def of(cls, shards: Sequence[Shard], related: Iterable[tuple[str, str]]) -> "Index":
        """The index of these shards, with the pairs of entities that are related."""
        return cls(Held.nothing().and_more(shards, related))

    @property
    def shards(self) -> list[Shard]:
        """All shards, in their order."""
        return self._held.shards

    @property
    def by_meaning(self) -> bool:
        """Whether every shard has its vectors."""
        return all(shard.vectors is not None for shard in self._held.shards)

    def extended(self, shards: Sequence[Shard], related: Iterable[tuple[str, str]]) -> "Index":
        """An index of these shards too, and of more pairs, at about the cost of what is new."""
        return Index(self._held.and_more(shards, related))

    def search(
        self, question: str, vector: np.ndarray | None, only: Only, most: int
    ) -> tuple[list[tuple[Document, Hit]], list[Route]]:
        """At most `most` hits, best first, and the routes they were found by."""
        weights = self._words.weights(without_periods(question))
        has = self._having(weights)
        shares = self._shares(weights, has)
        routes = self._routes(vector, list(weights), has, shares * has.any(axis=0), only)
        allowed = self._allowed(routes, only)
        of_document = shares[self._held.subject_of]
        rankings = [best(self._words.scores(weights) * of_document * allowed, DEPTH)]
        if vector is not None:
            rankings.append(self._near(vector, allowed))
        pool = fused(rankings)
        implied = self._implied(question, pool, allowed)
        pool = dict.fromkeys(implied, 0.0) | pool
        documents = {place: self._held.documents[place] for place in pool}
        accounted = {place: float(of_document[place]) for place in pool}
        hits = [
            (document, Hit(document.kind, document.name, score))
            for place, score in reranked(question, pool, documents, accounted, implied)
            for document in (documents[place],)
            if score > 0 and only.holds(document)
        ]
        return hits[:most], routes

    def _implied(self, question: str, pool: Iterable[int], allowed: np.ndarray) -> set[int]:
        """The places of what a question is about without a word of it: the times of the entities
        in a pool when it speaks of a period, and what names the rows of those it calls by name."""
        held = self._held
        found = [held.documents[place] for place in pool]
        called = {d.subject for d in found if d.kind == "entity" and is_called(d, question)}
        places = [held.labels.get(name) for name in called]
        if speaks_of_time(question):
            places += [held.times.get(name) for name in {d.subject for d in found}]
        return {place for place in places if place is not None and allowed[place]}

    def _having(self, words: Iterable[str]) -> np.ndarray:
        """Of each word, a row that says which subjects have it."""
        rows = [self._held.subject_of[self._words.holding(word)] for word in words]
        has = np.zeros((len(rows), len(self._held.subjects)), dtype=bool)
        for row, subjects in zip(has, rows, strict=True):
            row[subjects] = True
        return has

    def _shares(self, weights: dict[str, float], has: np.ndarray) -> np.ndarray:
        """Of each subject, the part of the question that it accounts for (0–1): the mean of what
        its own words make up, and of what they do together with those of subjects that join it."""
        from_, to = self._held.joined
        together = has
        for _ in range(_HOPS):
            reached = together.copy()
            for row, before in zip(reached, together, strict=True):
                row[to[before[from_]]] = True
            together = reached
        of_word = np.array(list(weights.values()), dtype=np.float32)
        return of_word @ (has + together.astype(np.float32)) / max(2 * float(of_word.sum()), 1e-9)

    def _routes(
        self,
        vector: np.ndarray | None,
        words: list[str],
        has: np.ndarray,
        shares: np.ndarray,
        only: Only,
    ) -> list[Route]:
        cosines = self._cosines(vector)
        order = np.argsort(shares, kind="stable")
        surest = np.zeros(len(self._held.sources), dtype=np.int64)
        surest[self._held.source_of[order]] = order  # the last one written has the largest share
        subjects = list(self._held.subjects)
        evidence = [
            Evidence(
                float(shares[subject]),
                subjects[subject][1],
                tuple(word for word, its in zip(words, has, strict=True) if its[subject]),
                None if cosines is None else float(cosines[source]),
            )
            for source, subject in enumerate(surest.tolist())
        ]
        return choose(list(self._held.sources), evidence, only.sources)

    def _cosines(self, vector: np.ndarray | None) -> np.ndarray | None:
        if vector is None:
            return None
        found = [
            centroid_cosines(vector, rows, of_source, len(self._held.sources))
            for rows, of_source in self._held.centroids
        ]
        return np.max(found, axis=0) if found else None

    def _allowed(self, routes: list[Route], only: Only) -> np.ndarray:
        """Of each document, whether it may be found: it lies in a source that is searched, or it
        is of an entity that a named source binds, wherever that entity is at home."""
        if only.entities is None:
            searched = [self._held.sources[route.source] for route in routes if route.searched]
            return np.isin(self._held.source_of, searched)[self._held.subject_of]
        is_allowed = [
            name in only.entities or source in only.sources for source, name in self._held.subjects
        ]
        return np.array(is_allowed, dtype=bool)[self._held.subject_of]

    def _near(self, vector: np.ndarray, allowed: np.ndarray) -> list[int]:
        found: list[tuple[float, int]] = []
        start = 0
        for shard in self.shards:
            its = allowed[start : start + len(shard.documents)]
            if shard.vectors is not None and its.any():
                everything = None if its.all() else its
                places, cosines = shard.vectors.search(vector, DEPTH, everything)
                near = zip(cosines.tolist(), places.tolist(), strict=True)
                found += [(-round(score, 6), start + at) for score, at in near if score >= _NEAR]
            start += len(its)
        return [place for _, place in sorted(found)[:DEPTH]]
