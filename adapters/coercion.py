"""The one table of canonical types: words to Arrow types, and values of sources to Arrow columns.

| word          | Arrow              | PostgreSQL             | MongoDB     | Qdrant payload |
|---------------|--------------------|------------------------|-------------|----------------|
| `int64`       | int64              | int2 int4 int8         | int, long   | integer        |
| `float64`     | float64            | float4 float8          | double      | float          |
| `decimal`     | decimal128(38, 9)  | numeric                | decimal     | –              |
| `decimal(p,s)`| decimal128(p, s)   | numeric(p, s)          | decimal     | –              |
| `string`      | string             | text varchar uuid enum | string, oid | keyword, text  |
| `bool`        | bool               | bool                   | bool        | bool           |
| `date`        | date32             | date                   | –           | ISO text       |
| `timestamptz` | timestamp[us, UTC] | timestamptz            | date        | ISO text       |
| `timestamp`   | timestamp[us]      | timestamp              | –           | ISO text       |
| `json`        | string (JSON text) | json, jsonb, arrays    | array, doc  | array, object  |

| word          | DuckDB, Parquet, CSV          | SQLite: stored as (declared as)               |
|---------------|-------------------------------|-----------------------------------------------|
| `int64`       | integers of any width         | INTEGER (a name with INT)                     |
| `float64`     | float double                  | REAL, INTEGER (a name with REAL, FLOA, DOUB)  |
| `decimal`     | decimal hugeint ubigint       | INTEGER, REAL, TEXT (DECIMAL, NUMERIC)        |
| `decimal(p,s)`| decimal(p, s)                 | INTEGER, REAL, TEXT (DECIMAL(p, s))           |
| `string`      | varchar enum uuid             | TEXT (a name with CHAR, CLOB, TEXT; UUID)     |
| `bool`        | boolean                       | INTEGER 0 or 1 (BOOL, BOOLEAN)                |
| `date`        | date                          | TEXT in ISO form (DATE)                       |
| `timestamptz` | timestamp with time zone      | TEXT in ISO form, UTC if it names no zone     |
|               |                               | (TIMESTAMPTZ, TIMESTAMP WITH TIME ZONE)       |
| `timestamp`   | timestamp of any unit         | TEXT in ISO form, no zone (DATETIME, …)       |
| `json`        | json list struct map          | TEXT (JSON)                                   |

A number for a moment (Unix time) is not guessed at: bind it as `int64` with a `transform`.

A value that does not fit its column's type is an error that names the column; nothing is silently
turned into text, except where a binding's `transform` asks for text.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

import pyarrow as pa

from adapters.errors import SourceRefused
from adapters.query import OutputColumn

ARROW_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "decimal": pa.decimal128(38, 9),
    "string": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "timestamp": pa.timestamp("us"),
    "json": pa.string(),
}

_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


def arrow_type(word: str) -> pa.DataType:
    """The Arrow type of a canonical word, `decimal(p,s)` included. Raises KeyError."""
    digits = _DECIMAL.fullmatch(word)
    return pa.decimal128(int(digits[1]), int(digits[2])) if digits else ARROW_TYPES[word]


def schema_of(columns: Sequence[OutputColumn]) -> pa.Schema:
    """The Arrow schema of a step's result."""
    return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in columns])


def to_table(
    rows: Iterable[Sequence[Any]],
    columns: Sequence[OutputColumn],
    native: Callable[[Any], Any] = lambda value: value,
) -> pa.Table:
    """Rows (sequences in the columns' order) to an Arrow table.

    `native` first turns a driver's own value types into plain Python ones.
    Raises SourceRefused with the column's name when a value does not fit.
    """
    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [
        _array([native(value) for value in values], column)
        for values, column in zip(by_column, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def conform(table: pa.Table, columns: Sequence[OutputColumn]) -> pa.Table:
    """A table of whatever Arrow types as one of exactly the columns' names and types.

    Columns are taken by their position. Raises SourceRefused with the column's name when a value
    would change.
    """
    arrays = [
        _conformed(values, column) for values, column in zip(table.columns, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def _conformed(values: pa.ChunkedArray, column: OutputColumn) -> pa.ChunkedArray | pa.Array:
    casts = _casts(values.type, arrow_type(column.type))
    try:
        if casts is None:
            return _array(values.to_pylist(), column)
        for kind in casts:
            values = values.cast(kind)
        return values
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise misfit(column.name, column.type) from error


def _casts(have: pa.DataType, want: pa.DataType) -> tuple[pa.DataType, ...] | None:
    """Arrow's safe casts that lead from one type to another without loss; None where there are
    none, and the values have to be looked at one by one."""
    kinds = pa.types
    if have == want:
        return ()
    if kinds.is_null(have):
        return (want,)
    if kinds.is_integer(have):
        if kinds.is_decimal(want):
            return (pa.decimal128(20, 0), want)
        return (want,) if kinds.is_int64(want) or kinds.is_float64(want) else None
    if kinds.is_decimal(have):
        return (want,) if kinds.is_decimal(want) or kinds.is_int64(want) else None
    if kinds.is_floating(have):
        return (want,) if kinds.is_float64(want) or kinds.is_int64(want) else None
    if kinds.is_timestamp(have):
        zoned = have.tz is not None
        return (want,) if kinds.is_timestamp(want) and (want.tz is not None or not zoned) else None
    text = kinds.is_large_string(have) or kinds.is_string_view(have)
    if kinds.is_dictionary(have):
        text = kinds.is_string(have.value_type) or kinds.is_large_string(have.value_type)
    return (want,) if text and kinds.is_string(want) else None


def _array(values: list[Any], column: OutputColumn) -> pa.Array:
    kind = arrow_type(column.type)
    convert = _decimals(kind) if pa.types.is_decimal(kind) else _CONVERT.get(column.type)
    try:
        if convert is not None:
            values = [None if value is None else convert(value) for value in values]
        return pa.array(values, type=kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ArithmeticError, ValueError, TypeError) as error:
        raise misfit(column.name, column.type) from error


def misfit(column: str, word: str) -> SourceRefused:
    """The error for a column that holds what its canonical word does not allow."""
    return SourceRefused(
        f"The column {column!r} holds a value that is not {word}, or that does not fit it without "
        "loss. Correct the field's `type` in the semantic model (a decimal may say its digits and "
        "places), or give its binding a `transform`."
    )


def misfit_mark(column: str, word: str) -> str:
    """What a generated query makes its source say when a value does not fit."""
    return f"misfit <{column}> <{word}> "


def marked_misfit(text: str) -> SourceRefused | None:
    """The error of the mark in a source's own words; nothing else of them is taken over."""
    mark = re.search(r"misfit <([\w ]{1,64})> <([a-z0-9(), ]{1,20})> ", text)
    return misfit(mark[1], mark[2]) if mark else None


def _int64(value: Any) -> int:
    if value != int(_number(value)):
        raise ValueError("not a whole number")
    return int(value)


def _float64(value: Any) -> float:
    return float(_number(value))


def _number(value: Any) -> int | float | Decimal:
    """The value itself; what `int` or `float` would also parse or convert is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError("not a number")
    return value


def _decimals(kind: pa.Decimal128Type) -> Callable[[Any], Decimal]:
    step = Decimal(1).scaleb(-kind.scale)
    room = Context(prec=kind.precision, traps=[Inexact, InvalidOperation])

    def decimal(value: Any) -> Decimal:
        if isinstance(value, bool | str):
            raise TypeError("not a number")
        return Decimal(str(value)).quantize(step, context=room)

    return decimal


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | uuid.UUID) and not isinstance(value, bool):
        return str(value)
    raise TypeError("not text")


def _timestamptz(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError("not a point in time")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _timestamp(value: Any) -> datetime:
    if isinstance(value, str) and "T" in value:
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise TypeError("not a clock reading without a zone")
    return value


def _date(value: Any) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError("not a date")
    return value


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "int64": _int64,
    "float64": _float64,
    "string": _string,
    "timestamptz": _timestamptz,
    "timestamp": _timestamp,
    "date": _date,
    "json": _json,
}
