"""How pymongoarrow reads a column of each canonical type, and what is still to do to its array.

A reader's `finish` gives the column that the table of types asks for. It raises Unfaithful, or
Arrow's own error, when a value is not plainly so: the column is then read value by value.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pymongoarrow.types import Decimal128Type, ObjectIdType

DOUBLE, STRING, OBJECT_ID, BOOL, DATE, INT32, INT64, DECIMAL = (
    b"\x01\x02\x07\x08\x09\x10\x12\x13"[i : i + 1] for i in range(8)
)

# in milliseconds, the years 1 to 9999, which are Python's
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999


class Unfaithful(Exception):
    """The column holds a value that is not read truly in this way."""


@dataclass(frozen=True, slots=True)
class Reader:
    """`type` is what is built from elements of the BSON types `reads`.

    Elements of the BSON types `never` would be taken too and changed, or call for another reader,
    so none may be there. All others are refused while reading.
    """

    type: pa.DataType
    reads: bytes
    never: bytes
    finish: Callable[[pa.Array, pa.DataType], pa.Array]


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return array.cast(kind)


def _text(array: pa.Array, kind: pa.DataType) -> pa.Array:
    array.validate(full=True)
    return array


def _instants(array: pa.Array, kind: pa.DataType) -> pa.Array:
    values = array.cast(pa.int64()).drop_null().to_numpy()
    if np.any((values < _FIRST) | (values > _LAST)):
        raise Unfaithful
    return array.cast(kind)


def _hex(array: pa.Array, kind: pa.DataType) -> pa.Array:
    valid, ids = array.storage.buffers()
    offsets = np.arange(len(array) + 1, dtype=np.int32) * 24
    digits = ids.to_pybytes().hex().encode()
    return pa.Array.from_buffers(
        kind, len(array), [valid, pa.py_buffer(offsets), pa.py_buffer(digits)]
    )


def _decimals(array: pa.Array, kind: pa.Decimal128Type) -> pa.Array:
    """Decimal128's 16 bytes (a sign, 14 bits of exponent, 113 of coefficient) to Arrow's decimals.

    The values of each exponent are a decimal column of that scale, which Arrow casts without loss.
    """
    low, high = np.frombuffer(array.storage.buffers()[1], np.uint64).reshape(-1, 2).T
    present = array.is_valid().to_numpy(zero_copy_only=False)
    if np.any((high >> 61) & 3 == 3):  # infinite, not a number, or too large for 113 bits
        raise Unfaithful
    exponent = ((high >> 49) & 0x3FFF).astype(np.int64) - 6176
    negative = high >> 63 == 1
    top = high & 0x1_FFFF_FFFF_FFFF
    whole = np.stack(
        [
            np.where(negative, ~low + np.uint64(1), low),
            np.where(negative, ~top + (low == 0), top),
        ],
        axis=1,
    )
    parts: list[pa.Array] = []
    for power in np.unique(exponent[present]):
        here = present & (exponent == power)
        _check_room(int(top[here].max()), int(low[here].max()), int(power) + kind.scale)
        data = pa.py_buffer(np.where(here[:, None], whole, np.uint64(0)))
        bits = pa.py_buffer(np.packbits(here, bitorder="little"))
        scaled = pa.Array.from_buffers(pa.decimal128(38, -int(power)), len(array), [bits, data])
        parts.append(scaled.cast(kind))
    return pc.call_function("coalesce", parts) if parts else pa.nulls(len(array), kind)


def _check_room(top: int, low: int, shift: int) -> None:
    """Arrow multiplies in 128 bits and does not say when they overflow."""
    bound = (top + 1 << 64) if top else low
    if abs(shift) > 38 or bound * 10 ** max(shift, 0) >= 10**38:
        raise Unfaithful


READERS: dict[str, tuple[Reader, ...]] = {
    "int64": (
        Reader(pa.int64(), INT32 + INT64, DOUBLE + BOOL, _cast),
        Reader(pa.float64(), INT32 + DOUBLE, INT64 + BOOL, _cast),
    ),
    "float64": (Reader(pa.float64(), INT32 + INT64 + DOUBLE, BOOL, _cast),),
    "decimal": (Reader(Decimal128Type(), DECIMAL, b"", _decimals),),
    "string": (
        Reader(pa.string(), STRING, OBJECT_ID, _text),
        Reader(ObjectIdType(), OBJECT_ID, STRING, _hex),
    ),
    "bool": (Reader(pa.bool_(), BOOL, b"", _cast),),
    "timestamptz": (Reader(pa.timestamp("ms", tz="UTC"), DATE, b"", _instants),),
}
"""The readers of a canonical word (`decimal(p,s)` is `decimal`); others have none. The first whose
`never` holds is used."""
