"""SQLite's declared types to canonical words, values to what a word holds, and parameters.

SQLite keeps a type with each value, not with a column: what is stored is looked at, and a value
that is not what its word says is left as it is, so that it is refused by its column's name.
"""

import contextlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.errors import SourceRefused

_NAMED = {
    "BOOL": "bool",
    "BOOLEAN": "bool",
    "DATE": "date",
    "DATETIME": "timestamp",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamptz",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMP WITHOUT TIME ZONE": "timestamp",
    "JSON": "json",
    "UUID": "string",
}
_BY_PART = (
    (("INT",), "int64"),
    (("CHAR", "CLOB", "TEXT"), "string"),
    (("REAL", "FLOA", "DOUB"), "float64"),
)
_DIGITS = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


def canonical(declared: str) -> str:
    """The canonical word of a declared type, by SQLite's own rules where it has no name of its
    own; `mixed` where anything may be stored."""
    name = declared.upper().strip()
    if digits := _DIGITS.fullmatch(name):
        return f"decimal({digits[1]},{digits[2] or 0})"
    if name in {"DECIMAL", "NUMERIC"}:
        return "decimal"
    if name in _NAMED:
        return _NAMED[name]
    return next((word for parts, word in _BY_PART if any(part in name for part in parts)), "mixed")


def reader(word: str) -> Callable[[Any], Any]:
    """What turns a stored value into the plain Python value of a word."""
    return _READ.get(word.partition("(")[0], _same)


def _same(value: Any) -> Any:
    return value


def _bool(value: Any) -> Any:
    return bool(value) if value in {0, 1} and isinstance(value, int) else value


def _decimal(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _timestamp(value: Any) -> Any:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value)
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "bool": _bool,
    "decimal": _decimal,
    "timestamp": _timestamp,
}


def bound(value: Any, source: str) -> int | float | str | None:
    """A parameter as SQLite takes it; a list becomes JSON text, for `json_each`.

    Raises SourceRefused for what SQLite has no type for.
    """
    if isinstance(value, list | tuple):
        return json.dumps([bound(one, source) for one in value], ensure_ascii=False)
    whole = isinstance(value, int) and -(2**63) <= value < 2**63
    text = isinstance(value, str) and "\0" not in value
    if value is None or whole or text or isinstance(value, float):
        return value
    raise SourceRefused(
        f"{source} can't compare with a {type(value).__name__} of this value, so its rows are "
        "missing. SQLite has whole numbers of 64 bits, floating point numbers and text."
    )
