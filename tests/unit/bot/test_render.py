"""Answers within Slack's limits."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import QueryError
from bot.slack import render
from bot.slack.render import (
    Message,
    answer_message,
    escaped,
    no_sql_modal,
    problem_message,
    source_line,
    sql_modal,
)
from orchestrator.answer import SourceReport
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification
from orchestrator.store import StoredRun
from tests.unit.bot.builders import answer


def blocks_of(message: Message, kind: str) -> list[dict[str, Any]]:
    """The blocks of one kind."""
    return [block for block in message.blocks or [] if block["type"] == kind]


def cells_of(message: Message) -> list[list[str]]:
    """The texts of the one table."""
    (table,) = blocks_of(message, "table")
    return [[cell["text"] for cell in row] for row in table["rows"]]


def assert_within_limits(message: Message) -> None:
    """Every limit of Slack that an answer could pass."""
    blocks = message.blocks or []
    assert 0 < len(message.text) <= 4_000
    assert len(blocks) <= 50
    for block in blocks:
        match block["type"]:
            case "section":
                assert 0 < len(block["text"]["text"]) <= 3_000
            case "context":
                assert len(block["elements"]) <= 10
                assert all(0 < len(e["text"]) <= 3_000 for e in block["elements"])
            case "table":
                texts = [cell["text"] for row in block["rows"] for cell in row]
                assert len(block["rows"]) <= 100
                assert len(block["column_settings"]) <= 20
                assert all(len(row) <= 20 for row in block["rows"])
                assert sum(map(len, texts)) <= 10_000
                assert all(texts)
            case kind:
                assert kind == "actions"


def test_500_rows_by_30_columns_become_a_preview() -> None:
    """A table that Slack would refuse is cut, and the message says by how much."""
    wide = pa.table({f"c{i}": list(range(500)) for i in range(30)})
    message = answer_message(answer(wide))
    assert_within_limits(message)
    assert len(cells_of(message)) == 21
    assert (
        blocks_of(message, "context")[0]["elements"][0]["text"] == "480 more rows, 10 more columns"
    )


@pytest.mark.parametrize(("rows", "shown"), [(99, 99), (100, 20)])
def test_a_table_that_fits_is_whole(rows: int, shown: int) -> None:
    """Slack's hundred rows count the header."""
    message = answer_message(answer(pa.table({"n": list(range(rows))})))
    assert len(cells_of(message)) == shown + 1


@given(
    text=st.text(max_size=6_000),
    rows=st.integers(0, 130),
    columns=st.integers(1, 30),
    cell=st.text(max_size=700),
)
def test_any_answer_is_within_limits(text: str, rows: int, columns: int, cell: str) -> None:
    """No text, table or remark makes a message that Slack refuses."""
    table = pa.table({f"{i}{cell}": [cell] * rows for i in range(columns)})
    remarks = tuple([text] * 30)
    assert_within_limits(answer_message(answer(table, text=text, warnings=remarks)))


@given(st.text(alphabet="&<>ab", max_size=60), st.integers(1, 60))
def test_escaping_never_cuts_an_entity(text: str, most: int) -> None:
    """What is cut is cut between characters, and no bare special character is left."""
    safe = escaped(text, most)
    assert len(safe) <= most
    for entity in ("&amp;", "&lt;", "&gt;"):
        safe = safe.replace(entity, "")
    assert not set(safe) & set("&<>")


def test_a_sentence_can_not_mention_everybody() -> None:
    """Values in a sentence are escaped in the blocks and in the fallback text."""
    message = answer_message(answer(text="AT&T says <!channel>"))
    assert message.text.startswith("AT&amp;T says &lt;!channel&gt;")
    assert blocks_of(message, "section")[0]["text"]["text"] == "AT&amp;T says &lt;!channel&gt;"


def test_values_read_as_people_write_them() -> None:
    """Numbers, times, nothing and truth each have one form; ids keep their digits."""
    table = pa.table(
        {
            "customer_id": [10_234],
            "spent": pa.array([Decimal("1234567.5000")]),
            "share": [0.01234],
            "on": [date(2026, 3, 1)],
            "month": [datetime(2026, 3, 1, tzinfo=UTC)],
            "at": [datetime(2026, 3, 1, 9, 5, tzinfo=UTC)],
            "left": pa.array([None], pa.string()),
            "is_open": [True],
        }
    )
    header, row = cells_of(answer_message(answer(table, units={"spent": "EUR"})))
    assert header[1] == "spent (EUR)"
    assert row == [
        "10234",
        "1,234,567.50",
        "0.0123",
        "2026-03-01",
        "2026-03-01",
        "2026-03-01 09:05:00+00:00",
        "–",
        "yes",
    ]


def test_a_partial_answer_says_what_is_missing() -> None:
    """The source that failed is named, and the warnings say why."""
    failed = SourceReport("s2", "support", "mongo", "docs", (), 0, 2.0, "", "It did not answer.")
    warnings = ("It did not answer.",)
    message = answer_message(answer(sources=(failed,), partial=True, warnings=warnings))
    remarks = blocks_of(message, "section")[1]["text"]["text"]
    assert "Partial answer: what support would have added is missing." in remarks
    assert remarks.count("It did not answer.") == 1


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (0.2, "sales: 1,200 rows (cached, 0 s ago)"),
        (40.0, "sales: 1,200 rows (cached, 40 s ago)"),
        (61.0, "sales: 1,200 rows (cached, 1 min ago)"),
        (299.0, "sales: 1,200 rows (cached, 5 min ago)"),
    ],
)
def test_kept_rows_say_how_old_they_are(age_s: float, words: str) -> None:
    """A source whose rows were kept tells their age instead of the time that they took."""
    (source,) = answer().sources
    assert source_line(source) == "sales: 1,200 rows 0.21 s"
    assert source_line(replace(source, cached=True, age_s=age_s)) == words


def test_the_button_carries_the_run_alone() -> None:
    """The button's value is the run's id, and no SQL."""
    (actions,) = blocks_of(answer_message(answer()), "actions")
    assert actions["elements"][0]["action_id"] == render.SHOW_SQL
    assert actions["elements"][0]["value"] == "r1"


def test_an_empty_table_is_not_shown() -> None:
    """Slack refuses a table without rows; the sentence says it all."""
    assert not blocks_of(answer_message(answer(pa.table({"n": []}))), "table")


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Clarification("Which month?", ("revenue",), ("May", "June")), "• May"),
        (
            Refused("No entity <x>.", ("Known: customer",)),
            "No entity &lt;x&gt;.\n• Known: customer",
        ),
        (QueryError("Too long."), "Too long."),
    ],
)
def test_problems_are_one_plain_message(problem: Any, text: str) -> None:
    """What can't be answered is said in words, without blocks."""
    message = problem_message(problem)
    assert text in message.text
    assert message.blocks is None


def test_the_modal_keeps_to_the_limits() -> None:
    """However long the SQL, the modal opens."""
    stored = StoredRun("r1", "T1", "U1", "q" * 5_000, "s" * 9_000, "", "grammar", "answered")
    for view in (sql_modal(stored), no_sql_modal()):
        assert len(view["title"]["text"]) <= 24
        assert all(len(b["text"]["text"]) <= 3_000 for b in view["blocks"] if "text" in b)
        codes = [b["elements"][0]["elements"][0] for b in view["blocks"] if "elements" in b]
        assert all(0 < len(code["text"]) <= 3_000 for code in codes)
