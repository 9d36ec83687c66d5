"""A raw batch of BSON documents to an Arrow table: quickly where that provably changes no value.

`plainly` is the rule: every value becomes a Python one and goes through the table of types.
`quickly` gives the same table, or the same refusal, and lets pymongoarrow build the columns that
it reads as the rule does. pymongoarrow refuses most values of a wrong type, but lets some pass:

- a bool becomes 0 or 1, and a double loses its fraction in a column of integers;
- NaN becomes null in every column;
- neither the bytes of a text nor the year of a date are looked at.

An element stands in a batch as its type's byte, its name and a NUL. Where these bytes do not occur,
no such value is there; where they occur by chance, or something else is amiss, the column is read
plainly. A name stands at most once in a document, as MongoDB asks of those who write them.
"""

import re
from collections.abc import Sequence
from typing import Any

import bson
import pyarrow as pa
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongoarrow.context import PyMongoArrowContext
from pymongoarrow.errors import PyMongoArrowError
from pymongoarrow.schema import Schema

from adapters.coercion import schema_of, to_table
from adapters.mongo.coercion import native
from adapters.mongo.columns import READERS, Reader, Unfaithful
from adapters.mongo.project import Stored
from adapters.query import OutputColumn

SMALL = 4 * 1024
"""Bytes of a batch up to which reading it plainly is as quick."""

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
_TAGS = bytes([*range(0x01, 0x14), 0x7F, 0xFF])
_NULL = b"\x0a"
_NAN = b"\x01%b\x00(?!\x00{6}\xf0).{6}[\xf0-\xff][\x7f\xff]"


def plainly(batch: bytes, columns: Sequence[OutputColumn], stored: Stored) -> pa.Table:
    """The documents' columns as `schema_of(columns)` says; what a document lacks is null.

    `stored` gives each column's name in the documents. Raises SourceRefused with the column's name
    when a value does not fit, and bson's InvalidBSON.
    """
    names = [stored[column.name] for column in columns]
    rows = ([one.get(name) for name in names] for one in bson.decode_all(batch, OPTIONS))
    return to_table(rows, columns, native)


def quickly(batch: bytes, columns: Sequence[OutputColumn], stored: Stored) -> pa.Table:
    """As `plainly`; quicker for a batch of more than `SMALL` bytes."""
    arrays = _true_arrays(batch, columns, stored)
    rest = [column for column in columns if column.name not in arrays]
    if rest:
        table = plainly(batch, rest, stored)
        arrays |= zip(table.column_names, table.columns, strict=True)
    return pa.table([arrays[column.name] for column in columns], schema=schema_of(columns))


def _true_arrays(batch: bytes, columns: Sequence[OutputColumn], stored: Stored) -> dict[str, Any]:
    """The arrays of the columns that pymongoarrow reads truly, by the columns' names."""
    readers: dict[str, Reader] = {}
    for column in columns:
        reader = _reader(batch, stored[column.name], column.type)
        if reader is not None:
            readers[stored[column.name]] = reader
    built = _build(batch, readers)
    if built is None:
        readers = {name: one for name, one in readers.items() if _reads_all(batch, name, one)}
        built = _build(batch, readers) or {}
    arrays: dict[str, Any] = {}
    for column, field in zip(columns, schema_of(columns), strict=True):
        name = stored[column.name]
        if name not in built:
            continue
        array = built[name]
        if array.null_count and re.search(_NAN % re.escape(name.encode()), batch, re.DOTALL):
            continue
        try:
            arrays[column.name] = readers[name].finish(array, field.type)
        except (Unfaithful, pa.ArrowInvalid):
            continue
    return arrays


def _reader(batch: bytes, name: str, word: str) -> Reader | None:
    """The reader of a column; None where none fits, or where the name means a path to it."""
    if "." in name or "[" in name:
        return None
    candidates = READERS.get(word.partition("(")[0], ())
    return next((one for one in candidates if not _holds(batch, one.never, name)), None)


def _reads_all(batch: bytes, name: str, reader: Reader) -> bool:
    return not _holds(batch, _TAGS.translate(None, reader.reads + _NULL), name)


def _holds(batch: bytes, tags: bytes, name: str) -> bool:
    """True when an element of that name may have one of these BSON types."""
    ending = name.encode() + b"\x00"
    return any(bytes([tag]) + ending in batch for tag in tags)


def _build(batch: bytes, readers: dict[str, Reader]) -> dict[str, pa.Array] | None:
    """Each column as pymongoarrow builds it; None when a value is not of its reader's types."""
    if not readers:
        return {}
    context = PyMongoArrowContext(Schema({name: one.type for name, one in readers.items()}))
    try:
        context.process_bson_stream(batch)
        table = context.finish()
    except (TypeError, ValueError, OverflowError, PyMongoArrowError):
        return None
    return {name: table.column(name).combine_chunks() for name in readers}
