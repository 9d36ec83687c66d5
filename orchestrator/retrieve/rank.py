"""Rankings to one order: reciprocal ranks are added up, and then what was found is looked at again.

Looked at again is what neither ranking sees: whether the question calls the thing by a name of its
own, and how much of the question its entity accounts for.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from orchestrator.retrieve.documents import Document
from orchestrator.retrieve.lexical import words

_RANK_WEIGHT = 10  # the constant of reciprocal rank fusion, for rankings of a few dozen
_FUSED, _NAMED, _SUBJECT, _IMPLIED = 1.0, 0.75, 1.0, 0.5
_ALL = _FUSED + _NAMED + _SUBJECT + _IMPLIED
_AGAIN = 0.05  # what each thing loses for every better one that has the same words of the question
_PERIOD = re.compile(
    r"(?i)\b(today|yesterday|days?|weeks?|months?|quarters?|years?|daily|weekly|monthly|quarterly|"
    r"yearly|annual(ly)?|q[1-4]|(19|20)\d\d|since|until|ago|when|latest|recent(ly)?|newest|oldest|"
    r"trend|over time|january|february|march|april|june|july|august|september|october|november|"
    r"december)\b"
)
_SPAN = re.compile(
    r"(?i)\b(last|this|next|past|previous|current) (\d+ )?(day|week|month|quarter|year)s?\b"
    r"|\b(19|20)\d\d\b"
)


def speaks_of_time(question: str) -> bool:
    """Whether a question is about a period or a moment."""
    return _PERIOD.search(question) is not None


def without_periods(question: str) -> str:
    """A question without its periods, for the words of “last year” are of no field."""
    return _SPAN.sub(" ", question)


def fused(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """Places with their reciprocal ranks added up, at most 1."""
    found: dict[int, float] = {}
    for ranking in rankings:
        for rank, place in enumerate(ranking):
            part = _RANK_WEIGHT / (_RANK_WEIGHT + rank) / len(rankings)
            found[place] = found.get(place, 0.0) + part
    return found


def reranked(
    question: str,
    pool: Mapping[int, float],
    documents: Mapping[int, Document],
    shares: Mapping[int, float],
    implied: Collection[int],
) -> list[tuple[int, float]]:
    """The places of a pool with their scores (0–1), best first; of equal ones the earlier first.

    `pool` has their fused ranks, `shares` the part of the question that each one's entity accounts
    for, and `implied` those that are meant without a word of them. A word that many things have
    does not leave the other words without a place.
    """
    asked = frozenset(words(without_periods(question)))
    most = max(shares.values(), default=0.0) or 1.0
    scores = {
        place: _FUSED * rank
        + _NAMED * _called(documents[place], asked)
        + _SUBJECT * shares[place] / most
        + _IMPLIED * (place in implied)
        for place, rank in pool.items()
    }
    better: Counter[frozenset[str]] = Counter()
    for place in sorted(scores, key=lambda place: (-round(scores[place], 6), place)):
        shared = asked.intersection(words(documents[place].text))
        if shared:
            scores[place] = max(scores[place] - _AGAIN * better[shared], 0.0)
            better[shared] += 1
    order = sorted(scores, key=lambda place: (-round(scores[place], 6), place))
    return [(place, round(scores[place] / _ALL, 4)) for place in order]


def is_called(document: Document, question: str) -> bool:
    """Whether a question calls a thing by one of its names."""
    return _called(document, frozenset(words(question))) == 1.0


def _called(document: Document, asked: frozenset[str]) -> float:
    """1 when all words of one of its names stand in the question, else half of the best share."""
    best = 0.0
    for name in document.names:
        own = set(words(name))
        if own and own <= asked:
            return 1.0
        best = max(best, len(own & asked) / max(len(own), 1) / 2)
    return best
