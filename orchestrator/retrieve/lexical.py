"""Okapi BM25 over short texts, by an inverted index: a question costs what its own words weigh.

Segments are made a shard at a time and merged, so that how rare a word is counts over all shards.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

_K1, _B = 1.2, 0.75  # the usual ones
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by did do does for from had has have how i in is it its many me "
        "much of on or our show that the their them they this to us was we were what when where "
        "which who whom with you",
    )
)


@dataclass(frozen=True)
class Segment:
    """Texts, inverted: the word `words[w]` is `counts[i]` times in the text `places[i]`, for i from
    `starts[w]` to before `starts[w + 1]`. `lengths` are the texts' words."""

    words: dict[str, int]
    starts: np.ndarray
    places: np.ndarray
    counts: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Segment":
        """The segment of texts, in their order."""
        known: dict[str, int] = {}
        found: list[tuple[int, int, int]] = []
        lengths: list[int] = []
        for place, text in enumerate(texts):
            counts = Counter(words(text))
            lengths.append(counts.total())
            found += [(known.setdefault(w, len(known)), place, n) for w, n in counts.items()]
        columns = np.array(found, dtype=np.int32).reshape(-1, 3).T
        return _sorted(known, columns[0], columns[1], columns[2], np.array(lengths, np.int32))

    @classmethod
    def merged(cls, segments: Sequence["Segment"]) -> "Segment":
        """One segment of the texts of several, one after the other."""
        known: dict[str, int] = {}
        of_word: list[np.ndarray] = []
        places: list[np.ndarray] = []
        before = 0
        for one in segments:
            ids = np.array([known.setdefault(w, len(known)) for w in one.words], dtype=np.int32)
            of_word.append(np.repeat(ids, np.diff(one.starts)))
            places.append(one.places + np.int32(before))
            before += len(one.lengths)
        return _sorted(
            known,
            _joined(of_word),
            _joined(places),
            _joined([one.counts for one in segments]),
            _joined([one.lengths for one in segments]),
        )

    @cached_property
    def impacts(self) -> np.ndarray:
        """What each posting adds to its text's score, times the weight of its word."""
        lengths = self.lengths / max(float(self.lengths.mean()), 1.0)
        norms = (_K1 * (1 - _B + _B * lengths)).astype(np.float32)
        return self.counts * np.float32(_K1 + 1) / (self.counts + norms[self.places])

    def postings(self, word: str) -> slice:
        """Where the postings of a word stand; empty when no text has it."""
        at = self.words.get(word)
        return slice(0, 0) if at is None else slice(int(self.starts[at]), int(self.starts[at + 1]))


class Words:
    """Texts that can be ranked by the words they share with a question."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._sizes = [len(one.lengths) for one in segments]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Words":
        """The words of texts that no shard holds."""
        return cls([Segment.of(texts)])

    def weights(self, question: str) -> dict[str, float]:
        """The question's words that any text has, each with its weight: the rarer, the more."""
        texts = sum(self._sizes)
        found: dict[str, float] = {}
        for word in dict.fromkeys(words(question)):
            holding = sum(_length(one.postings(word)) for one in self._segments)
            if holding:
                found[word] = math.log(1 + (texts - holding + 0.5) / (holding + 0.5))
        return found

    def holding(self, word: str) -> np.ndarray:
        """The places of the texts that have a word."""
        found = [one.places[one.postings(word)] + b for one, b in self._with_offsets()]
        return _joined(found)

    def scores(self, weights: dict[str, float]) -> np.ndarray:
        """The BM25 score of every text, 0 for one that has none of these words."""
        scores = np.zeros(sum(self._sizes), dtype=np.float32)
        for one, before in self._with_offsets():
            part = scores[before : before + len(one.lengths)]
            for word, weight in weights.items():
                at = one.postings(word)
                part[one.places[at]] += np.float32(weight) * one.impacts[at]
        return scores

    def ranked(self, question: str) -> list[int]:
        """The places of the texts that share a word with the question, best first."""
        return best(self.scores(self.weights(question)), sum(self._sizes))

    def _with_offsets(self) -> list[tuple[Segment, int]]:
        before = reduce(lambda found, size: [*found, found[-1] + size], self._sizes, [0])
        return list(zip(self._segments, before, strict=False))


def best(scores: np.ndarray, most: int) -> list[int]:
    """The places of the highest scores above 0, the earlier of equal ones first."""
    found = np.flatnonzero(scores > 0)
    if len(found) > most:
        least = np.partition(scores[found], len(found) - most)[len(found) - most]
        found = found[scores[found] >= least]
    return found[np.argsort(-scores[found], kind="stable")][:most].tolist()


def words(text: str) -> list[str]:
    """The words of a text, in small letters and the singular, without the common ones."""
    found = re.findall(r"[^\W_]+", text.casefold())
    return [_singular(word) for word in found if word not in _COMMON]


def _sorted(
    known: dict[str, int],
    of_word: np.ndarray,
    places: np.ndarray,
    counts: np.ndarray,
    lengths: np.ndarray,
) -> Segment:
    order = np.argsort(of_word, kind="stable")
    starts = np.zeros(len(known) + 1, dtype=np.int64)
    np.cumsum(np.bincount(of_word, minlength=len(known)), out=starts[1:])
    return Segment(known, starts, places[order], counts[order].astype(np.uint16), lengths)


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.int32)


def _length(at: slice) -> int:
    return at.stop - at.start


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word
