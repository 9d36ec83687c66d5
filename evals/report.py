"""Scores to evals/results and docs/evals.md. It asks nothing."""

import json
from collections.abc import Iterator
from typing import Any

from evals.case import FOLDER, KINDS
from evals.recording import RECORDED, conversation
from evals.score import Score

RESULTS = FOLDER / "results"
PAGE = FOLDER.parent / "docs" / "evals.md"
MOST_MISLED = 1 / 50
"""The share of answers at high confidence that may be wrong."""
_HEAD = """# Evals

How often a question is planned right. `make eval` asks all questions of the offline planner, and \
of Claude when `ANTHROPIC_API_KEY` is set, and writes this page. The tests ask them of the offline \
planner too, and fail when it does worse than here.

## What is asked

Questions in plain YAML, one file a kind, over two domains that have nothing in common: the demo \
company (`evals/meridian`) and a hospital with a model of its own (`evals/hospital`). Each has a \
check query that was written by hand, over one DuckDB that holds the rows of every entity; or the \
words that must be asked back; or it must give no query that may run. It is always Saturday, \
2026-11-21.

A draft is compiled and held against the policy, as for an answer; then its semantic SQL is run in \
that same DuckDB, not over servers. That the compiled plan gives the same rows is held by the \
property tests and the oracle tests. A search by meaning finds all texts on its theme and no \
others, so what is scored is planning, not retrieval: the planner is given the whole model.

- **Right**: the rows are those of the check query, whatever their columns are called and in what \
order they stand, in order where the question asks for one; an answer may show more columns, never \
fewer. Or it was asked back, by name, or refused where that is right.
- **Asked back**: a question came back where there was an answer.
- **Wrong**: an answer with other rows.
- **At high confidence**: as people would be shown it, from the planner's own confidence of 0.8 \
on. Of these at most one in fifty may be wrong.

*Held out* are questions that nobody looked at while the planner was worked on, until they were \
measured. When they have been looked at they join the others, and new ones are written.

`python -m evals --record` keeps what Claude says in `evals/recordings`, and the tests replay that \
with no key: each question must come out as it did. {recorded}

"""
_NONE = "**Nothing has been recorded yet**, so this page has no score of Claude's."


def keep(score: Score) -> None:
    """Keep a score as JSON, and write the page anew."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(score.plain(), indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{score.planner}.json").write_text(text, encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def kept(planner: str) -> dict[str, Any]:
    """A planner's kept score."""
    return json.loads((RESULTS / f"{planner}.json").read_text(encoding="utf-8"))


def page() -> str:
    """The page of all kept scores."""
    return (
        _HEAD.format(recorded=recorded())
        + "\n\n".join(
            "\n".join(_section(kept(path.stem))) for path in sorted(RESULTS.glob("*.json"))
        )
        + "\n"
    )


def recorded() -> str:
    """What there is to replay, in a sentence."""
    if not RECORDED.exists():
        return _NONE
    kept_one = conversation(RECORDED)
    models = ", ".join(sorted({one.model for one in kept_one.exchanges}))
    return f"The conversation with {models} was {kept_one.kind} on {kept_one.at}."


def lines(score: dict[str, Any]) -> Iterator[str]:
    """The table of one score."""
    yield "| kind | questions | right | asked back | wrong | accuracy |"
    yield "|---|--:|--:|--:|--:|--:|"
    for kind in KINDS:
        yield _row(kind.replace("_", " "), score["kinds"][kind])
    for name, one in score["domains"].items():
        yield _row(f"*{name}*", one)
    yield _row("*held out*", score["held_out"])
    yield _row("**all**", score["total"])


def _section(score: dict[str, Any]) -> Iterator[str]:
    yield f"## {score['planner']}\n"
    yield from lines(score)
    sure, misled = score["sure"], score["misled"]
    verb = "is" if misled == 1 else "are"
    yield f"\nOf {sure} answers at high confidence {misled} {verb} wrong.\n"
    digests = ", ".join(f"{name} `{value}`" for name, value in score["digests"].items())
    yield f"Measured with: {digests}."
    if score["wrong"]:
        yield "\nAnswered wrongly:\n"
        yield from (f"- {name}" for name in score["wrong"])


def _row(name: str, one: dict[str, Any]) -> str:
    accuracy = one["right"] / one["asked"] if one["asked"] else 1.0
    counts = (one["asked"], one["right"], one["asked_back"], one["wrong"])
    return f"| {name} | {' | '.join(map(str, counts))} | {accuracy:.0%} |"
