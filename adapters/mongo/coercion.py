"""BSON values to plain Python ones, and the canonical word of a value."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS


def native(value: Any) -> Any:
    """A decoded BSON value as a plain Python one; documents and arrays are turned all the way."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, Int64):
        return int(value)
    if isinstance(value, dict):
        return {key: native(item) for key, item in value.items()}
    if isinstance(value, list):
        return [native(item) for item in value]
    return value


def to_bson(value: Any) -> Any:
    """A canonical Python value as the driver takes it (Decimal becomes Decimal128)."""
    if isinstance(value, Decimal):
        return Decimal128(value)
    if isinstance(value, dict):
        return {key: to_bson(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_bson(item) for item in value]
    return value


def word(value: Any) -> str:
    """The canonical word of one BSON value; `null` for none."""
    if value is None:
        return "null"
    for kind, name in _WORDS:
        if isinstance(value, kind):
            return name
    return "string"


_WORDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int64"),
    (float, "float64"),
    (Decimal128, "decimal"),
    (datetime, "timestamptz"),
    (DatetimeMS, "timestamptz"),
    (ObjectId, "string"),
    (list, "json"),
    (dict, "json"),
)
