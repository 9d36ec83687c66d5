"""How far an answer can be trusted, and why."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.answer import Answer
from orchestrator.answer.confidence import STALE_S, confidence
from orchestrator.keys import KeyCount
from tests.unit.bot.builders import answer

KEYS = KeyCount("sales", "support", 50, 950, 0, 0, 0, 0, 0, 0, 0)


def judged(found: Answer, **doubts: Any) -> tuple[str, tuple[str, ...]]:
    """The level and reasons of an answer without other doubts."""
    facts: dict[str, Any] = {"drafted": 0.9, "multiplied": False, "unfounded": ()}
    given = confidence(found, **{**facts, **doubts})
    return given.level, given.reasons


def test_without_doubts_it_is_high() -> None:
    """Keys of one side that a filter leaves alone are no doubt, nor are rows kept shortly."""
    (source,) = answer().sources
    fresh = replace(source, cached=True, age_s=STALE_S - 1)
    assert judged(answer(keys=(KEYS,), sources=(fresh,))) == ("high", ())


@pytest.mark.parametrize(
    ("doubts", "level", "reason"),
    [
        ({"drafted": 0.7}, "medium", "taken for granted"),
        ({"drafted": 0.5}, "low", "read in other ways"),
        ({"multiplied": True}, "low", "stand more than once"),
        ({"unfounded": ("12",)}, "medium", "do not hold 12"),
    ],
)
def test_doubts_of_the_run(doubts: dict[str, Any], level: str, reason: str) -> None:
    """What planner, join and check doubted, each in words."""
    found, reasons = judged(answer(), **doubts)
    assert found == level
    assert reason in reasons[0]


@pytest.mark.parametrize(
    ("changes", "level", "reason"),
    [
        ({"partial": True}, "low", "could not be read"),
        ({"truncated": True}, "low", "cut at a limit"),
        ({"failed": True}, "low", "nothing could be answered"),
        ({"keys": (replace(KEYS, dropped_right=100),)}, "medium", "67% of the keys"),
        ({"keys": (replace(KEYS, matched=0, dropped_right=9),)}, "low", "written differently"),
    ],
)
def test_doubts_of_the_answer(changes: dict[str, Any], level: str, reason: str) -> None:
    """What is missing, cut or does not meet, each in words."""
    found, reasons = judged(answer(**changes))
    assert found == level
    assert reason in reasons[0]


def test_old_rows_are_a_doubt() -> None:
    """Rows kept for long say how old they are."""
    (source,) = answer().sources
    old = replace(source, cached=True, age_s=STALE_S)
    assert judged(answer(sources=(old,))) == ("medium", ("the rows of sales are 10 minutes old",))


def test_the_lowest_counts_and_every_reason_is_told() -> None:
    """A medium doubt beside a low one stays in the words."""
    level, reasons = judged(answer(truncated=True), drafted=0.7)
    assert (level, len(reasons)) == ("low", 2)
