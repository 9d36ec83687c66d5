"""A question to the sources that it may be about, each with how sure that is, and why.

It is an index classifier: it compares the question with what whole entities and relations are
about, so that only the shards of likely sources are searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.retrieve import Route

_FAR, _CLOSE = 0.15, 0.65  # cosines of a question and a centroid: of nothing alike, of the thing
_SURE = 0.5  # what the surest source must reach for a narrow choice
_NARROW, _WIDE = 0.6, 0.4  # the part of the best share, or nearness, from which on one is searched
_MOST_NARROW, _MOST_WIDE = 8, 16


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one source: the part of the question's words, by weight, that one thing in
    it has, which thing and words these are, and the best cosine (None without vectors)."""

    share: float
    subject: str
    words: tuple[str, ...]
    cosine: float | None

    @property
    def confidence(self) -> float:
        """0–1: the mean of words and meaning, and words alone where there is no meaning."""
        return self.share if self.cosine is None else (self.share + self.nearness) / 2

    @property
    def nearness(self) -> float:
        """The cosine as 0–1, from nothing alike to the thing itself."""
        return min(max(((self.cosine or 0.0) - _FAR) / (_CLOSE - _FAR), 0.0), 1.0)

    def __str__(self) -> str:
        near = "" if self.cosine is None else f"nearness in meaning {self.cosine:.2f}"
        shared = f"{self.subject} has “{', '.join(self.words)}”" if self.words else ""
        return "; ".join(part for part in (shared, near) if part) or "no word of it lies there"


def centroid_cosines(
    vector: np.ndarray, centroids: np.ndarray, of_source: np.ndarray, count: int
) -> np.ndarray:
    """The best cosine of a vector with the centroids of each of `count` sources."""
    found = np.full(count, -1.0, dtype=np.float32)
    cosines = np.einsum("ij,j->i", centroids, vector)  # by this thread alone, unlike a product
    np.maximum.at(found, of_source, cosines)
    return found


def choose(
    sources: Sequence[str], evidence: Sequence[Evidence], named: Sequence[str]
) -> list[Route]:
    """The routes of a question, the surest first.

    Sources that the question names are searched alone. Else those are that come near the best in
    words or in meaning, and more of them when even the surest is not sure: a safe set, and never
    simply all.
    """
    sure = [round(one.confidence, 3) for one in evidence]
    order = sorted(range(len(sources)), key=lambda at: (-sure[at], sources[at]))
    if named:
        return [_named(sources[at], sure[at], evidence[at], named) for at in order]
    part, most = (_NARROW, _MOST_NARROW)
    if max(sure, default=0.0) < _SURE:
        part, most = (_WIDE, _MOST_WIDE)
    share = part * max((one.share for one in evidence), default=0.0)
    nearness = part * max((one.nearness for one in evidence), default=0.0)
    routes: list[Route] = []
    for rank, at in enumerate(order):
        one = evidence[at]
        is_near = one.confidence > 0 and (one.share >= share > 0 or one.nearness >= nearness > 0)
        why = str(one)
        if one.confidence > 0 and not is_near:
            why = f"other sources are nearer, in words and in meaning; {why}"
        elif is_near and rank >= most:
            why = f"{most} other sources are surer; {why}"
        routes.append(Route(sources[at], sure[at], is_near and rank < most, why))
    return routes


def _named(source: str, sure: float, evidence: Evidence, named: Sequence[str]) -> Route:
    if source in named:
        return Route(source, sure, True, f"the question names it; {evidence}")
    said = " and ".join(f"@{name}" for name in named)
    return Route(source, sure, False, f"the question names {said} alone; {evidence}")
