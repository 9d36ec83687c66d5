"""Python values to Arrow columns: nothing is lost, or the column is named."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from adapters.coercion import ARROW_TYPES, schema_of, to_table
from adapters.errors import SourceRefused
from adapters.mongo.coercion import native, to_bson
from adapters.query import OutputColumn


def column(word: str, *values: Any) -> pa.ChunkedArray:
    """The values as a column of one canonical type."""
    table = to_table([[value] for value in values], [OutputColumn(name="amount", type=word)])
    return table.column("amount")


_ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
_NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
_BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("word", "value", "stored"),
    [
        ("int64", 2**63 - 1, 2**63 - 1),
        ("int64", -(2**63), -(2**63)),
        ("int64", 3.0, 3),
        ("int64", Decimal("3.000"), 3),
        ("float64", 3, 3.0),
        ("float64", Decimal("0.5"), 0.5),
        ("float64", float("inf"), float("inf")),
        ("decimal", Decimal("1.5"), Decimal("1.5")),
        ("decimal", 7, Decimal(7)),
        ("decimal", 0.1, Decimal("0.1")),
        ("string", "", ""),
        ("string", "dž – 😀", "dž – 😀"),
        ("string", _ID, str(_ID)),
        ("string", 4711, "4711"),
        ("bool", True, True),
        ("date", date(2026, 2, 28), date(2026, 2, 28)),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("timestamptz", _NOON, _NOON),
        ("timestamptz", _NOON.astimezone(_BERLIN), _NOON),
        ("timestamptz", _NOON.replace(tzinfo=None), _NOON),
        ("timestamptz", "2026-06-15T14:00:00+02:00", _NOON),
        ("timestamptz", "2026-06-15T12:00:00Z", _NOON),
        ("timestamp", "2026-06-15T12:00:00.500", datetime(2026, 6, 15, 12, 0, 0, 500_000)),  # noqa: DTZ001
        ("timestamp", datetime(2026, 1, 1, 0, 0, 0, 1), datetime(2026, 1, 1, 0, 0, 0, 1)),  # noqa: DTZ001
        ("json", {"a": [1, "ü"]}, '{"a": [1, "ü"]}'),
        ("json", [1, None], "[1, null]"),
        ("json", '{"a": 1}', '{"a": 1}'),
    ],
)
def test_good_values(word: str, value: Any, stored: Any) -> None:
    """Each type takes its own values and those that fit it without loss."""
    made = column(word, value, None)
    assert made.type == ARROW_TYPES[word]
    assert made.to_pylist() == [stored, None]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("int64", 1.5),
        ("int64", Decimal("1.5")),
        ("int64", "1"),
        ("int64", True),
        ("int64", 2**63),
        ("int64", float("nan")),
        ("int64", float("inf")),
        ("int64", _NOON),
        ("int64", b"12"),
        ("int64", DatetimeMS(2**60)),
        ("float64", b"1.5"),
        ("float64", "1.5"),
        ("float64", True),
        ("float64", [1.0]),
        ("decimal", "1.5"),
        ("decimal", True),
        ("decimal", Decimal("1e30")),
        ("decimal", Decimal("NaN")),
        ("decimal", float("inf")),
        ("string", 1.5),
        ("string", True),
        ("string", b"x"),
        ("string", {"a": 1}),
        ("string", _NOON),
        ("bool", 1),
        ("bool", "true"),
        ("date", _NOON),
        ("date", "15.06.2026"),
        ("date", 20260615),
        ("timestamptz", "yesterday"),
        ("timestamptz", date(2026, 6, 15)),
        ("timestamptz", 0),
        ("timestamptz", DatetimeMS(2**60)),
        ("timestamp", "2026-06-15"),
        ("timestamp", "2026-06-15T12:00:00Z"),
        ("timestamp", 0),
        ("timestamp", _NOON),
    ],
)
def test_loss_is_an_error_that_names_the_column(word: str, value: Any) -> None:
    """A value that does not fit is refused by the column's name, without the value itself."""
    with pytest.raises(
        SourceRefused, match=f"'amount' holds a value that is not {word}"
    ) as refused:
        column(word, None, value)
    assert repr(value) not in str(refused.value).replace("'amount'", "")


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_integers_come_back(values: list[int | None]) -> None:
    """Every 64-bit integer comes back as it was."""
    assert column("int64", *values).to_pylist() == values


@given(
    st.lists(
        st.decimals(-(10**29) + 1, 10**29 - 1, places=9, allow_nan=False, allow_infinity=False)
        | st.none()
    )
)
def test_decimals_come_back(values: list[Decimal | None]) -> None:
    """Every decimal with nine places comes back as it was."""
    assert column("decimal", *values).to_pylist() == values


@given(st.decimals(-(10**24), 10**24, places=9, allow_nan=False, allow_infinity=False))
def test_decimals_come_back_through_bson(value: Decimal) -> None:
    """Every decimal of BSON's 34 digits is sent and read as it is."""
    assert native(to_bson([value])) == [value]


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]))))
def test_text_comes_back(values: list[str | None]) -> None:
    """Every text comes back as it was."""
    assert column("string", *values).to_pylist() == values


@given(st.lists(st.none() | st.datetimes(timezones=st.timezones())))
def test_instants_come_back(values: list[datetime | None]) -> None:
    """Every instant comes back as the same instant, in UTC, or is refused by its column."""
    try:
        found = column("timestamptz", *values).to_pylist()
    except SourceRefused:
        ends = (date.min, date.min + timedelta(days=1), date.max, date.max - timedelta(days=1))
        assert any(value is not None and value.date() in ends for value in values)
        return
    instants = [None if value is None else value.astimezone(UTC) for value in values]
    assert found == instants


@given(st.lists(st.floats(allow_nan=False)))
def test_floats_come_back(values: list[float]) -> None:
    """Every float comes back as it was."""
    assert column("float64", *values).to_pylist() == values


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_documents_become_json(value: Any) -> None:
    """A list or document becomes JSON that reads the same."""
    text = column("json", [value]).to_pylist()[0]
    assert json.loads(text) == [value]


def test_driver_values_become_plain() -> None:
    """BSON's own types become plain Python ones, however deep they stand."""
    one = ObjectId()
    document = {"a": [Decimal128("1.5"), {"b": Int64(3), "c": one}], "d": None}
    assert native(document) == {"a": [Decimal("1.5"), {"b": 3, "c": str(one)}], "d": None}
    assert type(native(Int64(3))) is int


def test_no_rows_have_the_schema() -> None:
    """A table of no rows has every column with its type."""
    columns = [OutputColumn(name=word, type=word) for word in ARROW_TYPES]
    assert to_table([], columns).schema == schema_of(columns)
