"""Receipts: two results are the same when their rows are, and what differs is said."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.audit import Receipt
from orchestrator.audit.result import table_hash

RECEIPT = Receipt("p", "s", {"sales": "f"}, {"s1": "q"}, {"s1": 3}, ["n"], 3, "h", complete=True)
VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "float": (pa.float64(), st.floats(width=64)),
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
    "at": (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(UTC))),
    "exact": (pa.decimal128(38, 9), st.decimals(-(10**9), 10**9, places=9)),
    "yes": (pa.bool_(), st.booleans()),
    "list": (pa.list_(pa.int64()), st.lists(st.integers(0, 9), max_size=3)),
}
ROW = st.fixed_dictionaries({name: st.none() | values for name, (_, values) in VALUES.items()})
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in VALUES.items()])


@given(st.lists(ROW, min_size=1, max_size=6), st.data())
def test_the_order_and_the_chunks_of_rows_do_not_matter(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    """The same rows have one hash, however they are ordered and cut."""
    moved = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    parts = [pa.Table.from_pylist(part, SCHEMA) for part in (moved[:cut], moved[cut:])]
    assert table_hash(pa.concat_tables(parts)) == table_hash(pa.Table.from_pylist(rows, SCHEMA))


@given(st.lists(ROW, min_size=1, max_size=4), ROW)
def test_another_row_is_another_result(rows: list[dict[str, Any]], one: dict[str, Any]) -> None:
    """One row more, or one twice, gives another hash."""
    whole = table_hash(pa.Table.from_pylist(rows, SCHEMA))
    assert table_hash(pa.Table.from_pylist([*rows, one], SCHEMA)) != whole
    assert table_hash(pa.Table.from_pylist([*rows, rows[0]], SCHEMA)) != whole


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ([{"a": "x", "b": None}], [{"a": None, "b": "x"}]),
        ([{"a": "1:x", "b": ""}], [{"a": "", "b": "1:x"}]),
        ([{"a": ""}], [{"a": None}]),
        ([{"a": "-"}], [{"a": None}]),
        ([{"a": 1}], [{"b": 1}]),
        ([{"a": 1.0}], [{"a": 1.00000001}]),
        ([{"a": Decimal("0.1")}], [{"a": Decimal("0.2")}]),
        ([{"a": datetime(2026, 1, 1, tzinfo=UTC)}], [{"a": datetime(2026, 1, 2, tzinfo=UTC)}]),
        ([], [{"a": None}]),
    ],
)
def test_what_looks_alike_is_told_apart(
    first: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    """Values in other columns, empty text and null, and small differences are differences."""
    assert table_hash(pa.Table.from_pylist(first)) != table_hash(pa.Table.from_pylist(other))


def test_the_last_digits_of_a_double_do_not_count() -> None:
    """A sum in another order is the same result; a moment in another zone is the same moment."""
    sums = [pa.table({"n": [value, -value]}) for value in (0.1 + 0.2, 0.3)]
    assert table_hash(sums[0]) == table_hash(sums[1])
    here = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    there = here.cast(pa.timestamp("us", "Europe/Berlin"))
    assert table_hash(pa.table({"at": here})) == table_hash(pa.table({"at": there}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": "x"}, "plan is another"),
        ({"policy": "x"}, "policy"),
        ({"fingerprints": {"sales": "x"}}, "schema of sales"),
        ({"queries": {"s1": "x"}}, "s1 asks"),
        ({"rows": {"s1": 2}}, "s1 gave 3 rows then, and 2 rows now"),
        ({"rows": {"s1": None}}, "and nothing now"),
        ({"columns": ["m"]}, "columns"),
        ({"result_rows": 1}, "had 3 rows then, and 1 row now"),
        ({"result": "x"}, "other values"),
    ],
)
def test_each_difference_is_said(change: dict[str, Any], said: str) -> None:
    """Equal receipts have no difference, and each part that is another has words."""
    assert RECEIPT.differences(RECEIPT) == []
    (difference,) = RECEIPT.differences(replace(RECEIPT, **change))
    assert said in difference
