"""Documents and a question to hits: near in words (BM25), near in meaning (FAISS), fused by rank.

It knows no model and no embedder: vectors are handed in.
"""

import math
import re
from collections import Counter
from typing import Any

import numpy as np

from orchestrator.retrieve import Hit
from orchestrator.retrieve.documents import Document

_DEPTH = 24  # how far down each ranking is read
_NEAR = 0.25  # by all-MiniLM-L6-v2, unrelated questions stay below and paraphrases lie above 0.3
_RANK_WEIGHT = 10  # the constant of reciprocal rank fusion, for rankings of a few dozen
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by did do does for from had has have how i in is it its many me "
        "much of on or our show that the their them they this to us was we were what when where "
        "which who whom with you",
    )
)


class Index:
    """Documents that can be searched by words at once, and by meaning after `add_vectors`."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents = documents
        self._words = Words([document.text for document in documents])
        self._vectors: Any = None

    @property
    def by_meaning(self) -> bool:
        """Whether vectors are there."""
        return self._vectors is not None

    def add_vectors(self, vectors: np.ndarray) -> None:
        """One unit vector a document, in the documents' order."""
        import faiss

        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self._vectors = flat

    def search(self, question: str, vector: np.ndarray | None, most: int) -> list[Hit]:
        """At most `most` hits, best first; of equal ones the earlier document is first."""
        rankings = [self._words.ranked(question)]
        if vector is not None:
            rankings.append(self._near(vector))
        fused: dict[int, float] = {}
        for ranking in rankings:
            for rank, place in enumerate(ranking[:_DEPTH]):
                fused[place] = fused.get(place, 0.0) + _RANK_WEIGHT / (_RANK_WEIGHT + rank)
        best = sorted(fused, key=lambda place: (-fused[place], place))[:most]
        return [
            Hit(found.kind, found.name, round(fused[place] / len(rankings), 4))
            for place in best
            for found in (self._documents[place],)
        ]

    def _near(self, vector: np.ndarray) -> list[int]:
        depth = min(_DEPTH, len(self._documents))
        scores, places = self._vectors.search(vector.reshape(1, -1), depth)
        pairs = zip(scores[0].tolist(), places[0].tolist(), strict=True)
        found = sorted((-round(score, 6), place) for score, place in pairs if score >= _NEAR)
        return [place for _, place in found]


class Words:
    """Okapi BM25 over short texts, with the usual k1 = 1.2 and b = 0.75."""

    def __init__(self, texts: list[str]) -> None:
        self._counts = [Counter(words(text)) for text in texts]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean = sum(self._lengths) / len(texts) if texts else 1.0
        holding = Counter(word for counts in self._counts for word in counts)
        self._weights = {
            word: math.log(1 + (len(texts) - count + 0.5) / (count + 0.5))
            for word, count in holding.items()
        }

    def ranked(self, question: str) -> list[int]:
        """The places of the texts that share a word with the question, best first."""
        asked = [word for word in dict.fromkeys(words(question)) if word in self._weights]
        scores = [self._score(asked, place) for place in range(len(self._counts))]
        found = [place for place, score in enumerate(scores) if score > 0]
        return sorted(found, key=lambda place: (-scores[place], place))

    def _score(self, asked: list[str], place: int) -> float:
        counts = self._counts[place]
        norm = 1.2 * (0.25 + 0.75 * self._lengths[place] / self._mean)
        return sum(self._weights[w] * counts[w] * 2.2 / (counts[w] + norm) for w in asked)


def words(text: str) -> list[str]:
    """The words of a text, in small letters and the singular, without the common ones."""
    found = re.findall(r"[^\W_]+", text.casefold())
    return [_singular(word) for word in found if word not in _COMMON]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word
