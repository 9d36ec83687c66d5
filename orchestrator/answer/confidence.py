"""How far an answer can be trusted: high, medium or low, with each reason in words."""

from collections.abc import Iterator
from typing import Literal

from orchestrator.answer import Answer, Confidence
from orchestrator.keys import KeyCount

LIKELY, UNLIKELY = 0.8, 0.6
"""What a draft's confidence must be for high, and for medium."""
MOST_UNMATCHED = 0.5
STALE_S = 600.0

Doubt = tuple[Literal["medium", "low"], str]


def confidence(
    answer: Answer, *, drafted: float, multiplied: bool, unfounded: tuple[str, ...]
) -> Confidence:
    """The confidence of an answer that is otherwise complete.

    `drafted` is the planner's own, 0–1. `multiplied` says that repeated keys change a number, and
    `unfounded` are numbers of a sentence that was left out for them.
    """
    if answer.failed:
        return Confidence("low", ("nothing could be answered",))
    doubts = [*_of_sources(answer), *_of_keys(answer.keys)]
    if multiplied:
        doubts.append(("low", "keys that stand more than once change a number"))
    if unfounded:
        numbers = ", ".join(unfounded)
        doubts.append(("medium", f"a sentence was left out, for the rows do not hold {numbers}"))
    if drafted < UNLIKELY:
        doubts.append(("low", "the question can be read in other ways"))
    elif drafted < LIKELY:
        doubts.append(("medium", "parts of the question were taken for granted"))
    reasons = tuple(dict.fromkeys(words for _, words in doubts))
    levels = {level for level, _ in doubts}
    return Confidence("low" if "low" in levels else "medium" if levels else "high", reasons)


def _of_sources(answer: Answer) -> Iterator[Doubt]:
    if answer.partial:
        missing = dict.fromkeys(one.source for one in answer.sources if one.failure)
        yield "low", f"{' and '.join(missing) or 'a source'} could not be read"
    if answer.truncated:
        yield "low", "rows were cut at a limit"
    for one in answer.sources:
        if one.cached and one.age_s >= STALE_S:
            yield "medium", f"the rows of {one.source} are {one.age_s / 60:.0f} minutes old"


def _of_keys(keys: tuple[KeyCount, ...]) -> Iterator[Doubt]:
    """Doubts of keys that do not meet. A filter leaves keys of one side alone, so what counts is
    that most of both sides have no partner.
    """
    for one in keys:
        left, right = one.matched + one.dropped_left, one.matched + one.dropped_right
        if not left or not right:
            continue
        if not one.matched:
            yield "low", f"no key of {one.left} is in {one.right}: they may be written differently"
            continue
        share = min(one.dropped_left / left, one.dropped_right / right)
        if share > MOST_UNMATCHED:
            yield "medium", f"{share:.0%} of the keys of {one.left} and {one.right} have no partner"
