"""PostgreSQL's types to canonical words, and its text (of one value, or CSV of many) to values."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from adapters.coercion import arrow_type, schema_of, to_table
from adapters.query import OutputColumn

_WORDS = {
    "smallint": "int64",
    "integer": "int64",
    "bigint": "int64",
    "real": "float64",
    "double precision": "float64",
    "numeric": "decimal",
    "boolean": "bool",
    "date": "date",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "json": "json",
    "jsonb": "json",
    "ARRAY": "json",
}

_NUMBERS = frozenset({"int64", "float64", "decimal"})
_TEXTS = frozenset({"string", "json"})
_READABLE = {
    "int2": _NUMBERS,
    "int4": _NUMBERS,
    "int8": _NUMBERS,
    "numeric": _NUMBERS,
    "float4": frozenset({"float64"}),
    "float8": frozenset({"float64"}),
    "bool": frozenset({"bool"}),
    "date": frozenset({"date"}),
    "timestamptz": frozenset({"timestamptz"}),
    "timestamp": frozenset({"timestamp"}),
    "uuid": frozenset({"string"}),
    "text": _TEXTS,
    "varchar": _TEXTS,
    "bpchar": _TEXTS,
    "json": _TEXTS,
    "jsonb": _TEXTS,
}


class Unrepresentable:
    """A day or moment outside the years 1–9999, `infinity` included: it fits no canonical type."""

    def __str__(self) -> str:
        raise ValueError("outside the years 1-9999")


def day(text: str) -> date | Unrepresentable:
    """The date of PostgreSQL's ISO text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return Unrepresentable()


def moment(text: str) -> datetime | Unrepresentable:
    """The timestamp of PostgreSQL's ISO text, with a zone where the text has one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return Unrepresentable()


_VALUES: dict[str, Callable[[str], Any]] = {
    "int2": int,
    "int4": int,
    "int8": int,
    "numeric": Decimal,
    "float4": lambda text: float(np.float32(text)),
    "float8": float,
    "bool": lambda text: text == "t",
    "date": day,
    "timestamptz": moment,
    "timestamp": moment,
    "bpchar": lambda text: text.rstrip(" "),
}


def canonical(data_type: str) -> str:
    """The canonical word of an information_schema `data_type`; text-like ones are `string`."""
    return _WORDS.get(data_type, "string")


async def set_codecs(connection: asyncpg.Connection) -> None:
    """Read days and moments from their text, as asyncpg's own decoder makes `infinity` a year 9999;
    and `char(n)` without the blanks that PostgreSQL fills it up with, which mean nothing there."""
    encoders = {"date": _iso, "timestamp": _clock, "timestamptz": _iso, "bpchar": str}
    for name, encoder in encoders.items():
        await connection.set_type_codec(
            name, schema="pg_catalog", format="text", encoder=encoder, decoder=_VALUES[name]
        )


def _iso(value: date) -> str:
    return value.isoformat()


def _clock(value: datetime) -> str:
    if value.tzinfo is not None:
        raise ValueError("PostgreSQL would leave out the zone")
    return value.isoformat()


def readable(types: Sequence[asyncpg.Type], columns: Sequence[OutputColumn]) -> bool:
    """True when the text of these types is read into the columns' types as their values are.

    It is not for the unusual: arrays, or a type that the column's word does not expect.
    """
    return len(types) == len(columns) and all(
        column.type.partition("(")[0] in _words(kind)
        for kind, column in zip(types, columns, strict=True)
    )


def _words(kind: asyncpg.Type) -> frozenset[str]:
    if kind.schema == "pg_catalog":
        return _READABLE.get(kind.name, frozenset())
    return _TEXTS if kind.kind == "scalar" else frozenset()  # enums and extensions' types


def from_csv(
    block: bytes, types: Sequence[asyncpg.Type], columns: Sequence[OutputColumn]
) -> pa.Table:
    """A block of whole rows, as COPY writes CSV, to a table of the columns.

    Arrow's reader refuses what it can't read at once; such a block is read value by value.
    Raises SourceRefused with the column's name when a value does not fit.
    """
    try:
        return _parsed(block, types, columns)
    except pa.ArrowInvalid:
        values = [
            [None if raw is None else _VALUES.get(kind.name, str)(raw.decode()) for raw in texts]
            for texts, kind in zip(
                (column.to_pylist() for column in _read(block, [pa.binary()] * len(types))),
                types,
                strict=True,
            )
        ]
        return to_table(zip(*values, strict=True), columns)


def _parsed(
    block: bytes, types: Sequence[asyncpg.Type], columns: Sequence[OutputColumn]
) -> pa.Table:
    schema = schema_of(columns)
    written = [_written(kind, c.type) for kind, c in zip(types, columns, strict=True)]
    arrays = [
        _unpadded(array) if kind.name == "bpchar" else array
        for kind, array in zip(types, _read(block, written), strict=True)
    ]
    table = pa.Table.from_arrays(
        [
            compute.cast(array, field.type, memory_pool=_pool())
            for array, field in zip(arrays, schema, strict=True)
        ],
        schema=schema,
    )
    for column in table.columns:
        if pa.types.is_decimal(column.type):
            column.validate(full=True)
    return table


def _unpadded(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    blank = compute.TrimOptions(" ")
    return compute.call_function("utf8_rtrim", [texts], blank)


def _written(kind: asyncpg.Type, word: str) -> pa.DataType:
    """The Arrow type that a column's text is read as before it is cast to its own."""
    if kind.name == "float4":
        return pa.float32()
    own = arrow_type(word)
    return pa.decimal128(38, own.scale) if pa.types.is_decimal(own) else own


def _read(block: bytes, kinds: Sequence[pa.DataType]) -> list[pa.ChunkedArray]:
    names = [str(place) for place in range(len(kinds))]
    # a line before the rows, which is skipped: Arrow would take a first U+FEFF for a mark
    block = b"\n" + block
    return csv.read_csv(
        pa.py_buffer(block),
        read_options=csv.ReadOptions(
            column_names=names, skip_rows=1, block_size=len(block) + 1, use_threads=False
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=dict(zip(names, kinds, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
        memory_pool=_pool(),
    ).columns


def _pool() -> pa.MemoryPool:
    """The system's: for many small blocks Arrow's own keeps twice what they need."""
    return pa.system_memory_pool()
