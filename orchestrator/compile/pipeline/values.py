"""What an expression of a pipeline gives: its code, its kind, and whether it may be NULL.

Kinds stand for DuckDB's types. `int` is a BIGINT (a BSON long), `exact` a HUGEINT or DECIMAL (a
Decimal128 or a long, with at most `scale` decimal places), `float` a DOUBLE. The days and times
`date`, `timestamp` and `timestamptz` are all BSON dates: midnight, and a clock's reading, in UTC.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Code = Any
"""An aggregation expression: documents of operators, `$paths`, and canonical Python values."""

DIGITS = 34
"""The decimal digits that a Decimal128 holds."""
MOMENTS = ("date", "timestamp", "timestamptz")
NUMBERS = ("int", "exact", "float")
_NAMES = {
    "int": "BIGINT",
    "exact": "DECIMAL",
    "float": "DOUBLE",
    "string": "TEXT",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "json": "JSON",
}


class Unfaithful(Exception):
    """A construct has no translation of the same meaning; the text names it for a person."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: its name, and for exact numbers the most decimal places and digits."""

    name: str
    scale: int = 0
    digits: int = 0

    def __str__(self) -> str:
        return _NAMES.get(self.name, "NULL")


INT = Kind("int", 0, 19)
HUGE = Kind("exact", 0, 38)
FLOAT = Kind("float")
STRING = Kind("string")
BOOL = Kind("bool")
NULL = Kind("null")


@dataclass(frozen=True, slots=True)
class Value:
    """An expression that is never missing: where SQL has NULL, it gives null."""

    code: Code
    kind: Kind
    nullable: bool = True
    constant: bool = False


def constant(value: Any, kind: Kind) -> Value:
    """A literal; text that begins with $ is kept from being read as a path."""
    literal = isinstance(value, str) and value.startswith("$")
    return Value({"$literal": value} if literal else value, kind, nullable=False, constant=True)


NOTHING = Value(None, NULL, nullable=True, constant=True)


def exact_kind(word: str) -> Kind:
    """The kind of `decimal` or `decimal(p,s)`."""
    digits = re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", word)
    return Kind("exact", int(digits[2]), int(digits[1])) if digits else Kind("exact", 9, 38)


def bound(codes: Sequence[Code], body: Callable[..., Code]) -> Code:
    """`body` of the codes, each of them evaluated once. The body must bring no variable along."""
    variables: dict[str, Code] = {}
    taken = re.findall(r"\$\$v(\d+)", repr(codes))
    free = 1 + max(map(int, taken), default=0)
    names: list[Code] = []
    for code in codes:
        if isinstance(code, dict) and "$literal" not in code:
            name = f"v{free + len(variables)}"
            variables[name] = code
            names.append(f"$${name}")
        else:
            names.append(code)
    inner = body(*names)
    return {"$let": {"vars": variables, "in": inner}} if variables else inner


def null_when(test: Code, code: Code) -> Code:
    """The code, or null where the test holds."""
    return {"$cond": [test, None, code]}


def as_float(value: Value) -> Value:
    """A number as DOUBLE."""
    if value.kind.name == "float" or value.code is None:
        return Value(value.code, FLOAT, value.nullable, value.constant)
    if value.kind.name not in NUMBERS:
        raise Unfaithful(f"{value.kind} as DOUBLE: there is no such conversion")
    if value.constant:
        return constant(float(value.code), FLOAT)
    return Value({"$toDouble": value.code}, FLOAT, value.nullable)


def comparable(value: Value) -> Code:
    """Code that MongoDB orders as DuckDB does: NaN stands above every number (as text would)."""
    if value.kind.name != "float" or value.constant:
        return "" if isinstance(value.code, float) and math.isnan(value.code) else value.code
    return bound([value.code], lambda v: {"$cond": [{"$eq": [v, math.nan]}, "", v]})


def from_comparable(code: Code, kind: Kind) -> Code:
    """The value again of what `comparable` gave."""
    if kind.name != "float":
        return code
    return bound([code], lambda v: {"$cond": [{"$eq": [v, ""]}, math.nan, v]})


def alike(values: Sequence[Value]) -> tuple[Kind, list[Value]]:
    """The kind that DuckDB compares or unites such values in, and the values as that kind."""
    names = {value.kind.name for value in values} - {"null"}
    if not names:
        return NULL, list(values)
    if names <= set(NUMBERS):
        return _numbers(values, names)
    if names <= set(MOMENTS):
        name = next(one for one in reversed(MOMENTS) if one in names)
        return Kind(name), list(values)
    moments = names & set(MOMENTS)
    if len(moments) == 1 and names - moments == {"string"}:
        kind = Kind(next(iter(moments)))
        return kind, [_read(value, kind) for value in values]
    if len(names) == 1 and names <= {"string", "bool"}:
        return next(v.kind for v in values if v.kind.name != "null"), list(values)
    kinds = " and ".join(sorted(str(Kind(name)) for name in names))
    raise Unfaithful(f"{kinds} side by side: DuckDB converts them, MongoDB does not")


def _numbers(values: Sequence[Value], names: set[str]) -> tuple[Kind, list[Value]]:
    if "float" in names:
        return FLOAT, [as_float(value) for value in values]
    if names == {"int"}:
        return INT, list(values)
    kinds = [value.kind for value in values if value.kind.name != "null"]
    scale = max(kind.scale for kind in kinds)
    digits = max(kind.digits - kind.scale for kind in kinds) + scale
    return Kind("exact", scale, digits), list(values)


def _read(value: Value, kind: Kind) -> Value:
    if value.kind.name != "string":
        return value
    if not value.constant:
        raise Unfaithful(f"TEXT compared with {kind}: only literals are read as one")
    return moment(str(value.code), kind)


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLOCK = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?(Z|[+-]\d{2}(:\d{2})?)?"
)


def moment(text: str, kind: Kind) -> Value:
    """The constant of a day or time in text. BSON dates hold milliseconds."""
    pattern = _DAY if kind.name == "date" else _CLOCK
    fits = pattern.fullmatch(text)
    zoned = fits is not None and kind.name != "date" and fits[4] is not None
    try:
        value = datetime.fromisoformat(text) if fits else None
    except ValueError:
        value = None
    if value is None or (zoned and kind.name == "timestamp"):
        raise Unfaithful(f"“{text}” as {kind}: it is not written as YYYY-MM-DD HH:MM:SS")
    if value.microsecond % 1000:
        raise Unfaithful(f"“{text}”: MongoDB's dates hold milliseconds")
    at = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return constant(at, kind)


def number(text: str) -> Value:
    """The constant of a number as DuckDB reads it: BIGINT, HUGEINT, DECIMAL, or DOUBLE."""
    if "e" in text.lower():
        return constant(float(text), FLOAT)
    value = Decimal(text)
    places = -int(value.as_tuple().exponent)
    if places == 0 and abs(value) < 2**63:
        return constant(int(value), INT)
    digits = max(len(value.as_tuple().digits), places)
    if digits > DIGITS:
        raise Unfaithful(f"{text}: MongoDB's decimals have {DIGITS} digits")
    return constant(value, Kind("exact", places, digits))
