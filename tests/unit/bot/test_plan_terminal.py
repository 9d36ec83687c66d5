"""A plan in a terminal and in a pipe."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from bot.plan_terminal import show_plan
from orchestrator.explain import Explained
from tests.unit.test_explain import CASES, explained


def shown(plan: Explained, width: int, *, terminal: bool) -> str:
    """What is printed, with the colours' codes in a terminal."""
    stream = io.StringIO()
    show_plan(Console(file=stream, width=width, force_terminal=terminal), plan)
    return stream.getvalue()


def test_a_bounded_step_hangs_below_its_giver() -> None:
    """The tree of a plan, line by line."""
    lines = shown(explained(CASES), 120, terminal=False).splitlines()
    tree = lines[lines.index("plan") : lines.index("└── join in DuckDB of s1, s2")]
    assert tree == [
        "plan",
        "├── s1 sales (postgres) customer · about 830 rows",
        "│   done there: c.segment = 'big'",
        "│     SELECT",
        '│       "c"."id" AS "customer_id",',
        '│       "c"."name" AS "name",',
        '│       "c"."segment" AS "segment"',
        '│     FROM "public"."customers" AS "c"',
        "│     WHERE",
        '│       "c"."segment" = $1',
        "│     with $1 = 'big'",
        "│   └── s2 support (mongo) ticket · at most about 8,000 docs",
        "│       reads only the customer_id that s1 found",
        "│       left to the join: t.status ILIKE 'open%' (support would test it in another way)",
        "│         db.tickets.aggregate([",
        '│           {$match: {$or: [{customer: {$in: ["keys of s1"]}}, {customer: {$type: ["string", "object", "binData", "objectId", "bool", …]}}]}},',  # noqa: E501
        '│           {$project: {_id: 0, number: "$number", customer_id: "$customer", status: "$status"}}',  # noqa: E501
        "│         ])",
    ]
    assert lines[-1] == "No source answers the whole query: it needs several sources."


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_folds_and_cuts_nothing(width: int) -> None:
    """Lines keep to the width, and every word of the queries is there."""
    coloured = shown(explained(CASES), width, terminal=True)
    assert "\x1b[" in coloured
    text = Text.from_ansi(coloured).plain
    assert max(len(line) for line in text.splitlines()) <= width
    words = "".join(text.replace("│", "").split())
    assert '{_id:0,number:"$number",customer_id:"$customer",status:"$status"}}' in words


def test_a_pipe_gets_neither_colours_nor_folds() -> None:
    """A file holds each line of a query whole, with nothing that drives a terminal."""
    text = shown(explained(CASES), 40, terminal=False)
    assert "\x1b" not in text
    assert 'customer_id: "$customer", status: "$status"}}' in text


def test_values_can_not_drive_the_terminal() -> None:
    """Escape sequences and markup in a condition are shown as text."""
    plan = explained(CASES)
    first = replace(plan.steps[0], done=("name = '\x1b[31mred[/red] [bold]x'",))
    text = shown(replace(plan, steps=(first, *plan.steps[1:])), 120, terminal=False)
    assert "\x1b" not in text
    assert "[bold]x" in text


def test_warnings_follow() -> None:
    """What the plan warns of is the last that is read."""
    text = shown(replace(explained(CASES), warnings=("Careful.",)), 80, terminal=False)
    assert text.splitlines()[-1] == "⚠️  Careful."
