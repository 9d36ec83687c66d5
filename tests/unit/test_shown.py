"""Values as people read them, the same in a sentence and in a table."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from orchestrator.answer.shown import column, first_row, shown

BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (1_234_567, "1,234,567"),
        (Decimal("1234.00"), "1,234"),
        (0.01234, "0.0123"),
        (float("nan"), "–"),
        (date(2026, 6, 1), "2026-06-01"),
        (datetime(2026, 6, 1, 9, 30, tzinfo=UTC), "2026-06-01 09:30 UTC"),
        (datetime(2026, 6, 1, 9, 30, 5, tzinfo=BERLIN), "2026-06-01 09:30:05 +0200"),
        (datetime(2026, 6, 1, 9, 30), "2026-06-01 09:30"),  # noqa: DTZ001
        ({"a": 1}, '{"a": 1}'),
        ("a\x1b[2Jb", "a [2Jb"),
    ],
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    """Numbers, days and nothing are written for people."""
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "values", "texts"),
    [
        ("spent", [Decimal("1234.5"), Decimal(7), None], ["1,234.50", "7.00", "–"]),
        ("mean", [12.5, 0.0012, 3.0], ["12.50", "0.0012", "3.00"]),
        ("share", [0.5, 0.25], ["0.5", "0.25"]),
        ("orders", [1_000, 2], ["1,000", "2"]),
        ("order_id", [10_234], ["10234"]),
        ("month", [datetime(2026, 6, 1, tzinfo=UTC)], ["2026-06-01"]),
    ],
)
def test_a_column_has_one_form(name: str, values: list[Any], texts: list[str]) -> None:
    """Money has two decimals throughout, months are days, ids have no commas."""
    assert column(name, values) == texts


def test_a_sentence_says_a_value_as_its_column_shows_it() -> None:
    """A whole amount has its decimals where the others of its column have theirs."""
    table = pa.table({"spent": [Decimal("7.00"), Decimal("1.50")], "name": [None, "b"]})
    assert first_row(table) == {"spent": "7.00", "name": None}
