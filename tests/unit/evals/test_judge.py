"""An answer is right when it holds what the check holds, whatever it is called."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from evals.judge import same

CHECK: dict[str, list[Any]] = {"country": ["Spain", "Italy"], "n": [Decimal("3.50"), Decimal(2)]}
RIGHT: list[dict[str, list[Any]]] = [
    {"n": [2.0, 3.5], "land": ["Italy", "Spain"]},
    {"id": [7, 8], "n": [3.5, 2.0], "land": ["Spain", "Italy"]},
]
WRONG: list[dict[str, list[Any]]] = [
    {"country": ["Spain", "Italy"]},
    {"country": ["Spain", "Italy"], "n": [2.0, 3.5]},
    {"country": ["Spain", "Italy", "Italy"], "n": [3.5, 2.0, 2.0]},
    {"country": ["Spain", "Italy"], "n": [3.5, 2.000001]},
]


@pytest.mark.parametrize("answer", RIGHT)
def test_names_order_and_more_columns_do_not_matter(answer: dict[str, list[Any]]) -> None:
    """The rows are compared as a bag, over the columns that hold the check's values."""
    assert same(pa.table(CHECK), pa.table(answer), ordered=False)


@pytest.mark.parametrize("answer", WRONG)
def test_other_rows_are_wrong(answer: dict[str, list[Any]]) -> None:
    """A column that is missing, values that belong to other rows, more rows or other numbers."""
    assert not same(pa.table(CHECK), pa.table(answer), ordered=False)


def test_an_order_that_is_asked_for_counts() -> None:
    """The check's last column must run the same way; rows that tie in it may change places."""
    check = pa.table({"name": ["a", "b", "c"], "n": [3, 2, 2]})
    assert same(check, pa.table({"name": ["a", "c", "b"], "n": [3, 2, 2]}), ordered=True)
    assert not same(check, pa.table({"name": ["b", "c", "a"], "n": [2, 2, 3]}), ordered=True)


def test_a_midnight_is_its_day() -> None:
    """A month that is told as an instant is the same as one told as a date."""
    instant = pa.table({"month": [datetime(2026, 3, 1, tzinfo=UTC)]})
    assert same(pa.table({"month": [date(2026, 3, 1)]}), instant, ordered=False)
