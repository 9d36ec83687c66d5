"""A table to one hash, whatever order its rows came in.

Only ORDER BY gives an order, and ties have none, so the rows count as a multiset. A DOUBLE counts
with twelve digits, for sums of doubles differ in the last ones from run to run.
"""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BATCH = 50_000
_DIGITS = 12


def table_hash(table: pa.Table) -> str:
    """sha256 of the table: its columns' names in order, and its rows in none.

    How it is cut into chunks and in which time zone moments are told do not matter; nulls do.
    """
    digests = bytearray()
    for batch in table.to_batches(_BATCH):
        for row in _rows(batch):
            digests += hashlib.sha256(row).digest()
    whole = hashlib.sha256(json.dumps(table.column_names).encode())
    whole.update(np.sort(np.frombuffer(bytes(digests), dtype="S32")).tobytes())
    return whole.hexdigest()


def _rows(batch: pa.RecordBatch) -> list[bytes]:
    """Each row as bytes that no other row has: its values with their lengths, one after another."""
    if not batch.num_columns:
        return [b""] * batch.num_rows
    framed = [_framed(_text(column)) for column in batch.columns]
    joined = pc.call_function("binary_join_element_wise", [*framed, _scalar("")])
    return joined.cast(pa.large_binary()).to_pylist()


def _framed(text: pa.Array) -> pa.Array:
    """`3:abc`, and `-` for null."""
    length = pc.call_function("binary_length", [text]).cast(pa.large_string())
    framed = pc.call_function("binary_join_element_wise", [length, text, _scalar(":")])
    return pc.call_function("coalesce", [framed, _scalar("-")])


def _text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode())
    if pa.types.is_floating(kind):
        column = _rounded(column.cast(pa.float64()))
    elif pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind):
        values = column.to_pylist()
        texts = [None if one is None else json.dumps(one, default=str) for one in values]
        return pa.array(texts, pa.large_string())
    return column.cast(pa.large_string())


def _rounded(column: pa.Array) -> pa.Array:
    """Doubles with so many digits; a number and its neighbour come out the same."""
    empty = np.asarray(column.is_null())
    values = column.fill_null(0.0).to_numpy(zero_copy_only=False)
    finite = np.isfinite(values) & (values != 0)
    scale = np.floor(np.log10(np.abs(values, where=finite, out=np.ones_like(values))))
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.power(10.0, _DIGITS - 1 - scale)
        rounded = np.round(values * power) / power
    kept = np.where(finite & np.isfinite(rounded), rounded, values) + 0.0
    return pa.array(kept, mask=empty)


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())
