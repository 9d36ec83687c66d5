"""An answer's message: what it says, its limits, and what it degrades to."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.answer.files import csv_file
from bot.slack.answer.footer import key_line, source_line
from bot.slack.answer.message import DOWNLOAD_XLSX, answer_message, needs_file
from bot.slack.render import SHOW_PLAN, Block, Message
from orchestrator.answer import Answer, Chart, Confidence, Series, SourceReport
from orchestrator.keys import KeyCount
from sandbox.slack.blocks import wrong_in_message
from tests.unit.bot.builders import answer

KEYS = KeyCount("sales", "support", 98, 22, 3, 0, 0, 0, 0, 0, 0)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=700)
KINDS: tuple[st.SearchStrategy[Any], ...] = (
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.decimals(-(10**20), 10**20, places=4),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.integers(0, 9)),
    TEXTS,
)
COLUMNS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.lists(st.none() | kind, min_size=1, max_size=3)
)


def message_of(found: Answer, **how: Any) -> Message:
    """The whole message of an answer."""
    return answer_message(found, **how).message()


def blocks_of(message: Message, kind: str) -> list[Block]:
    """The blocks of one kind."""
    return [block for block in message.blocks or [] if block["type"] == kind]


def cells_of(message: Message) -> list[list[str]]:
    """The texts of the one table."""
    (table,) = blocks_of(message, "data_table")
    return [[cell["text"] for cell in row] for row in table["rows"]]


def small_print(message: Message) -> str:
    """All lines of small print."""
    return "\n".join(block["elements"][0]["text"] for block in blocks_of(message, "context"))


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=4, max_size=4),
    few=st.lists(COLUMNS, min_size=1, max_size=4),
    rows=st.integers(0, 260),
    columns=st.integers(0, 24),
    is_partial=st.booleans(),
)
def test_slack_finds_nothing_wrong_with_any_answer(
    texts: list[str], few: list[list[Any]], rows: int, columns: int, is_partial: bool
) -> None:
    """Whatever the table and the texts, each form of the message keeps to every limit."""
    text, name, warning, sql = texts
    kinds = [few[at % len(few)] for at in range(columns)]
    filled = [pa.array([kind[row % len(kind)] for row in range(rows)]) for kind in kinds]
    table = pa.table(filled, [f"{name}{at}" for at in range(columns)])
    (source,) = answer().sources
    found = answer(
        table,
        text=text,
        warnings=(warning,) * 30,
        assumptions=(warning,) * 9,
        sources=(replace(source, source=name),) * 12,
        keys=(KEYS,) * 7,
        sql=sql,
        partial=is_partial,
        confidence=Confidence("low", (text, warning)),
    )
    file = csv_file(table, "answer") if needs_file(found) else None
    message = message_of(found, file=file, can_download=True)
    for said, blocks in message.forms():
        assert 0 < len(said) <= 4_000
        assert wrong_in_message(blocks or []) == []


@given(
    labels=st.lists(TEXTS.filter(bool), min_size=1, max_size=25, unique=True),
    names=st.lists(TEXTS.filter(bool), min_size=1, max_size=8),
    value=st.floats(0.001, 10**12),
    kind=st.sampled_from(["line", "area", "bar", "pie"]),
)
def test_slack_finds_nothing_wrong_with_any_chart(
    labels: list[str], names: list[str], value: float, kind: Any
) -> None:
    """A chart that does not fit Slack's block is left to a picture."""
    series = tuple(Series(name, (value,) * len(labels)) for name in names)
    chart = Chart(
        kind, labels[0], labels[0], tuple(labels), series[:1] if kind == "pie" else series
    )
    message = message_of(answer(chart=chart))
    assert wrong_in_message(message.blocks) == []


def test_a_chart_that_fits_is_drawn_by_slack() -> None:
    """Its points stand in the block as they are, under title and axes."""
    chart = Chart(
        "bar",
        "Revenue by country",
        "country",
        ("FR", "DE"),
        (Series("revenue", (2.0, 1.5)),),
        "EUR",
    )
    (block,) = blocks_of(message_of(answer(chart=chart)), "data_visualization")
    assert block["chart"] == {
        "type": "bar",
        "series": [
            {
                "name": "revenue",
                "data": [{"label": "FR", "value": 2.0}, {"label": "DE", "value": 1.5}],
            }
        ],
        "axis_config": {
            "categories": ["FR", "DE"],
            "x_label": "country",
            "y_label": "revenue (EUR)",
        },
    }


def test_500_rows_by_30_columns_become_a_preview_and_a_file() -> None:
    """A table that Slack would refuse is cut; its message says by how much, and where all is."""
    wide = pa.table({f"c{i}": list(range(500)) for i in range(30)})
    assert needs_file(answer(wide))
    message = message_of(answer(wide), file=csv_file(wide, "answer-r1"))
    assert len(cells_of(message)) == 21
    assert small_print(message).startswith(
        "The first 20 of 500 rows, 10 columns left out. The whole table is in answer-r1.csv."
    )


@pytest.mark.parametrize(
    ("rows", "shown", "plainer"), [(99, 99, 99), (200, 200, 20), (201, 20, 20)]
)
def test_a_table_that_fits_is_whole(rows: int, shown: int, plainer: int) -> None:
    """A data table has 200 rows and a header, a plain one a hundred with it."""
    found = answer(pa.table({"n": list(range(rows))}))
    message = message_of(found)
    assert len(cells_of(message)) == shown + 1
    assert needs_file(found) == (rows > 200)
    (table,) = [block for block in message.plainer or [] if block["type"] == "table"]
    assert len(table["rows"]) == plainer + 1


def test_the_plainer_forms_hold_the_rows_too() -> None:
    """Without data tables there is a table, without blocks there are lines."""
    message = message_of(answer())
    kinds = [block["type"] for block in message.plainer or []]
    assert "table" in kinds
    assert not {"data_table", "data_visualization", "container"} & set(kinds)
    assert "Acme | 1,234.50" in message.bare


def test_a_sentence_can_not_mention_everybody() -> None:
    """Values in a sentence are escaped in the blocks and in the fallback text."""
    message = message_of(answer(text="AT&T says <!channel>"))
    assert message.text.startswith("AT&amp;T says &lt;!channel&gt;")
    assert blocks_of(message, "section")[0]["text"]["text"] == "AT&amp;T says &lt;!channel&gt;"


def test_sql_can_not_leave_its_fence() -> None:
    """Backticks and mentions inside the SQL stay text."""
    (folded,) = blocks_of(message_of(answer(sql="SELECT '```<!here>'")), "container")
    (text,) = [block["text"]["text"] for block in folded["child_blocks"]]
    assert text.count("```") == 2
    assert "<!here>" not in text


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
    header, row = cells_of(message_of(answer(table, units={"spent": "EUR"})))
    assert header[1] == "spent (EUR)"
    assert row == [
        "10234",
        "1,234,567.50",
        "0.0123",
        "2026-03-01",
        "2026-03-01",
        "2026-03-01 09:05 UTC",
        "–",
        "yes",
    ]


def test_numbers_are_sorted_as_numbers() -> None:
    """A number's cell has its value beside its text."""
    (table,) = blocks_of(message_of(answer()), "data_table")
    assert table["rows"][1][1] == {"type": "raw_number", "value": 1234.5, "text": "1,234.50"}


def test_a_partial_answer_says_what_is_missing_first() -> None:
    """The source that failed is named at the top, and the warnings say why."""
    failed = SourceReport("s2", "support", "mongo", "docs", (), 0, 2.0, "", "It did not answer.")
    found = answer(sources=(failed,), partial=True, warnings=("It did not answer.",))
    first, second = (block["text"]["text"] for block in blocks_of(message_of(found), "section"))
    assert first.startswith("⚠️ Partial answer: what support would have added is missing.")
    assert second == "⚠️ It did not answer."


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (0.2, "1,200 rows (cached, 0 s ago)"),
        (40.0, "1,200 rows (cached, 40 s ago)"),
        (61.0, "1,200 rows (cached, 1 min ago)"),
        (299.0, "1,200 rows (cached, 5 min ago)"),
    ],
)
def test_kept_rows_say_how_old_they_are(age_s: float, words: str) -> None:
    """A source whose rows were kept tells their age instead of the time that they took."""
    (source,) = answer().sources
    assert source_line(source) == "🗄️ sales (database): 1,200 rows 0.21 s"
    assert source_line(replace(source, cached=True, age_s=age_s)).endswith(f": {words}")


@pytest.mark.parametrize(
    ("kind", "badge"),
    [
        ("mongo", "📄 sales (documents)"),
        ("qdrant", "🧭 sales (vectors)"),
        ("slack", "💬 sales (Slack)"),
        ("duckdb", "🗄️ sales (database)"),
    ],
)
def test_every_source_has_the_badge_of_its_kind(kind: str, badge: str) -> None:
    """Documents, vectors, Slack, and whatever else is a database."""
    (source,) = answer().sources
    assert source_line(replace(source, kind=kind)).startswith(badge)


def test_the_small_print_says_what_the_answer_rests_on() -> None:
    """Keys, assumptions, and the confidence with its reasons."""
    doubtful = Confidence("medium", ("rows are old",))
    said = small_print(
        message_of(answer(keys=(KEYS,), assumptions=("a year is 2026",), confidence=doubtful))
    )
    assert "Keys of sales and support: 98 matched, 22 only in sales, 3 only in support" in said
    assert "Assumed: a year is 2026" in said
    assert "🟡 Confidence: medium (rows are old) · 1 row in" in said
    assert key_line(replace(KEYS, sampled=True)).endswith(
        "about 98 matched, 22 only in sales, 3 only in support"
    )


def test_the_buttons_carry_the_run_alone() -> None:
    """A button's value is the run's id; the download is there when there is one."""
    (actions,) = blocks_of(message_of(answer()), "actions")
    assert [(one["action_id"], one["value"]) for one in actions["elements"]] == [(SHOW_PLAN, "r1")]
    (actions,) = blocks_of(message_of(answer(), can_download=True), "actions")
    assert actions["elements"][1]["action_id"] == DOWNLOAD_XLSX


def test_an_empty_table_is_not_shown() -> None:
    """Slack refuses a table without rows; the sentence says it all."""
    assert not blocks_of(message_of(answer(pa.table({"n": []}))), "data_table")
