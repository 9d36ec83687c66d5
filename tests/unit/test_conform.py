"""Arrow of any types to Arrow of canonical types: nothing is lost, or the column is named."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from adapters.coercion import arrow_type, conform
from adapters.errors import SourceRefused
from adapters.query import OutputColumn

_NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
_ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


def conformed(word: str, kind: pa.DataType, *values: Any) -> pa.ChunkedArray:
    """The values of an Arrow type as a column of a word."""
    table = pa.table({"stored": pa.array(values, kind)})
    return conform(table, [OutputColumn(name="amount", type=word)]).column("amount")


@pytest.mark.parametrize(
    ("word", "kind", "value", "given"),
    [
        ("int64", pa.int8(), -7, -7),
        ("int64", pa.uint64(), 2**63 - 1, 2**63 - 1),
        ("int64", pa.decimal128(38, 0), Decimal(2**63 - 1), 2**63 - 1),
        ("int64", pa.decimal128(5, 2), Decimal("3.00"), 3),
        ("int64", pa.float64(), 3.0, 3),
        ("float64", pa.float32(), 1.5, 1.5),
        ("float64", pa.int32(), 3, 3.0),
        ("float64", pa.decimal128(3, 1), Decimal("0.1"), 0.1),
        ("decimal", pa.int64(), 2**63 - 1, Decimal(2**63 - 1)),
        ("decimal", pa.uint64(), 2**64 - 1, Decimal(2**64 - 1)),
        ("decimal", pa.decimal128(38, 2), Decimal("1.25"), Decimal("1.25")),
        ("decimal", pa.decimal256(50, 2), Decimal("1.25"), Decimal("1.25")),
        ("decimal(3,1)", pa.decimal128(20, 6), Decimal("12.500000"), Decimal("12.5")),
        ("decimal(4,2)", pa.int64(), 50, Decimal(50)),
        ("decimal(3,1)", pa.float64(), 0.1, Decimal("0.1")),
        ("string", pa.large_string(), "ü", "ü"),
        ("string", pa.string_view(), "ü", "ü"),
        ("string", pa.dictionary(pa.int8(), pa.string()), "ü", "ü"),
        ("string", pa.uuid(), _ID, str(_ID)),
        ("bool", pa.bool_(), True, True),
        ("date", pa.date64(), date(2026, 6, 15), date(2026, 6, 15)),
        ("timestamptz", pa.timestamp("ns", "Europe/Berlin"), _NOON, _NOON),
        ("timestamptz", pa.timestamp("s", "UTC"), _NOON, _NOON),
        ("timestamptz", pa.timestamp("us"), _NOON.replace(tzinfo=None), _NOON),
        ("timestamp", pa.timestamp("ms"), datetime(2026, 6, 15), datetime(2026, 6, 15)),  # noqa: DTZ001
        ("json", pa.list_(pa.int64()), [1, 2], "[1, 2]"),
        ("json", pa.struct({"a": pa.string()}), {"a": "ü"}, '{"a": "ü"}'),
        ("json", pa.string(), '{"a": 1}', '{"a": 1}'),
    ],
)
def test_what_fits_is_given(word: str, kind: pa.DataType, value: Any, given: Any) -> None:
    """A value that the word can hold comes as the word's own type, and null stays null."""
    column = conformed(word, kind, value, None)
    assert column.type == arrow_type(word)
    assert column.to_pylist() == [given, None]


@pytest.mark.parametrize(
    ("word", "kind", "value"),
    [
        ("int64", pa.uint64(), 2**63),
        ("int64", pa.decimal128(38, 0), Decimal(2**63)),
        ("int64", pa.decimal128(3, 1), Decimal("1.5")),
        ("int64", pa.float64(), 1.5),
        ("int64", pa.float64(), float("nan")),
        ("int64", pa.string(), "1"),
        ("int64", pa.bool_(), True),
        ("int64", pa.timestamp("us"), datetime(2026, 6, 15)),  # noqa: DTZ001
        ("float64", pa.int64(), 2**53 + 1),
        ("float64", pa.string(), "1.5"),
        ("float64", pa.bool_(), True),
        ("decimal(3,1)", pa.decimal128(5, 2), Decimal("1.25")),
        ("decimal(3,1)", pa.decimal128(5, 1), Decimal("100.0")),
        ("decimal(3,1)", pa.int64(), 100),
        ("decimal(3,1)", pa.float64(), 0.25),
        ("decimal", pa.bool_(), True),
        ("decimal", pa.string(), "1"),
        ("string", pa.bool_(), True),
        ("string", pa.float64(), 1.5),
        ("string", pa.binary(), b"x"),
        ("string", pa.timestamp("us", "UTC"), _NOON),
        ("bool", pa.int64(), 1),
        ("bool", pa.string(), "true"),
        ("date", pa.timestamp("us"), datetime(2026, 6, 15)),  # noqa: DTZ001
        ("date", pa.int32(), 1),
        ("timestamptz", pa.timestamp("ns", "UTC"), 1),
        ("timestamptz", pa.date32(), date(2026, 6, 15)),
        ("timestamptz", pa.int64(), 1),
        ("timestamp", pa.timestamp("us", "UTC"), _NOON),
    ],
)
def test_what_would_change_is_refused(word: str, kind: pa.DataType, value: Any) -> None:
    """A value that would change, or is of another kind, is an error that names the column."""
    with pytest.raises(SourceRefused, match=r"'amount' holds a value that is not"):
        conformed(word, kind, None, value)
