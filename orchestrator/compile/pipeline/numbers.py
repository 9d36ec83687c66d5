"""Arithmetic and rounding with DuckDB's types: exact where it is exact there, or an error."""

import math
from decimal import Decimal
from typing import Any

from orchestrator.compile.pipeline.values import (
    DIGITS,
    FLOAT,
    INT,
    NUMBERS,
    Code,
    Kind,
    Unfaithful,
    Value,
    as_float,
    bound,
    constant,
)

_LONGEST = 38
_OPERATORS = {"+": "$add", "-": "$subtract", "*": "$multiply"}


def arithmetic(sign: str, left: Value, right: Value) -> Value:
    """`left sign right` for + - *. What would pass 64 bits or 34 digits fails at the server."""
    for side in (left, right):
        if side.kind.name not in (*NUMBERS, "null"):
            raise Unfaithful(f"{sign} of {side.kind}")
    names = {left.kind.name, right.kind.name}
    nullable = left.nullable or right.nullable
    if "float" in names:
        left, right = as_float(left), as_float(right)
        code = {_OPERATORS[sign]: [left.code, right.code]}
        return _folded(left, right, sign) or Value(code, FLOAT, nullable)
    code = {_OPERATORS[sign]: [left.code, right.code]}
    if folded := _folded(left, right, sign):
        return folded
    if names <= {"int", "null"}:
        return Value(bound([code], _long), INT, nullable)
    kind = _result(sign, left.kind, right.kind)
    return Value(within(code, kind), _capped(kind), nullable)


def _long(v: Code) -> Code:
    """A result of 64 bits. What is too low has become a double, which may be rounded to the lowest
    that fits."""
    rounded = {"$and": [{"$eq": [{"$type": v}, "double"]}, {"$eq": [v, -(2.0**63)]}]}
    return {"$cond": [rounded, too_long(), {"$toLong": v}]}


def _folded(left: Value, right: Value, sign: str) -> Value | None:
    """Two literals as one; DuckDB computes them as INTEGER, and refuses what that can't hold."""
    if not (left.constant and right.constant) or left.code is None or right.code is None:
        return None
    a, b = left.code, right.code
    if isinstance(a, int) and isinstance(b, int):
        result = {"+": a + b, "-": a - b, "*": a * b}[sign]
        if all(abs(one) < 2**31 for one in (a, b, result)):
            return constant(result, INT)
    raise Unfaithful(f"{a} {sign} {b}: write the result")


def _result(sign: str, left: Kind, right: Kind) -> Kind:
    if sign == "*":
        scale, digits = left.scale + right.scale, left.digits + right.digits
    else:
        scale = max(left.scale, right.scale)
        digits = max(left.digits - left.scale, right.digits - right.scale) + scale + 1
    if scale > DIGITS:
        raise Unfaithful(f"{sign}: {scale} decimal places are too many for MongoDB")
    return Kind("exact", scale, digits)


def _capped(kind: Kind) -> Kind:
    return Kind(kind.name, kind.scale, min(kind.digits, _LONGEST))


def within(code: Code, kind: Kind) -> Code:
    """The code; where it may have more digits than MongoDB keeps, it fails when it does."""
    if kind.digits <= DIGITS:
        return code
    most = Decimal(1).scaleb(DIGITS - kind.scale)

    def held(v: Code) -> Code:
        return {"$cond": [{"$lt": [{"$abs": v}, most]}, v, too_long()]}

    return bound([code], held)


def too_long() -> Code:
    """Fails when it is evaluated, as a conversion that is out of range.

    It names a field, though there is none: a constant would be evaluated before there is a need.
    """
    return {"$toInt": {"$concat": ["too many digits, ", {"$type": "$digits"}]}}


def negative(value: Value) -> Value:
    """`-value`."""
    if value.constant and value.code is not None and value.kind.name in NUMBERS:
        return constant(-value.code, value.kind)
    if value.kind.name == "float":
        return Value({"$multiply": [-1, value.code]}, FLOAT, value.nullable)
    return arithmetic("-", constant(0, INT), value)


def quotient(left: Value, right: Value) -> Value:
    """`left / right`: always DOUBLE, and infinite or NaN for a divisor of zero."""
    floats = right.kind.name == "float" and not right.constant
    left, right = as_float(left), as_float(right)
    nullable = left.nullable or right.nullable
    if right.constant and right.code:
        return Value({"$divide": [left.code, right.code]}, FLOAT, nullable)

    def either(a: Code, b: Code) -> Code:
        end: Code = math.inf
        if floats:
            end = {"$cond": [{"$eq": [{"$toString": b}, "-0"]}, -math.inf, math.inf]}
        zero = {"$eq": [b, 0]}
        # constants are divided before the condition is looked at, so there is never a zero
        divided = {"$divide": [a, {"$cond": [zero, 1, b]}]}
        return {"$cond": [zero, {"$multiply": [a, end]}, divided]}

    return Value(bound([left.code, right.code], either), FLOAT, nullable)


def remainder(left: Value, right: Value) -> Value:
    """`left % right` of whole numbers, by a literal."""
    if left.kind != INT or right.kind != INT or not right.constant or not right.code:
        raise Unfaithful("%: only BIGINT by a literal that is not 0 is the same in MongoDB")
    return Value({"$mod": [left.code, right.code]}, INT, left.nullable)


def absolute(value: Value) -> Value:
    """`abs(value)`."""
    if value.kind.name not in NUMBERS:
        raise Unfaithful(f"ABS of {value.kind}")
    return Value({"$abs": value.code}, value.kind, value.nullable)


def whole(operator: str, value: Value) -> Value:
    """`floor` or `ceil`: `operator` is MongoDB's."""
    if value.kind.name == "exact":
        return Value({operator: value.code}, _places(value.kind, 0), value.nullable)
    return Value({operator: as_float(value).code}, FLOAT, value.nullable)


def _places(kind: Kind, places: int) -> Kind:
    return Kind("exact", places, max(1, kind.digits - kind.scale + places))


def rounded(value: Value, places: int) -> Value:
    """`round(value, places)`: halves go away from zero, as in DuckDB (MongoDB's go to even)."""
    if places < 0 or value.kind.name not in NUMBERS:
        raise Unfaithful("ROUND to tens, or of what is no number")
    if value.kind.name == "float":
        return Value(_rounded_float(value.code, places), FLOAT, value.nullable)
    if value.kind.scale <= places:
        return value
    half = Decimal(5).scaleb(-places - 1)

    def away(v: Code) -> Code:
        return {"$trunc": [{"$add": [v, {"$cond": [{"$lt": [v, 0]}, -half, half]}]}, places]}

    kind = Kind("exact", places, value.kind.digits - value.kind.scale + places + 1)
    return Value(bound([value.code], away), kind, value.nullable)


def _rounded_float(code: Code, places: int) -> Code:
    """As DuckDB does: scaled by a power of ten, to the nearest whole, and back; infinite if not."""
    scale = float(10**places)

    def nearest(v: Code) -> Code:
        whole = {"$trunc": v}
        rest = {"$subtract": [v, whole]}
        step = {
            "$cond": [{"$gte": [rest, 0.5]}, 1.0, {"$cond": [{"$lte": [rest, -0.5]}, -1.0, 0.0]}]
        }
        finite = {"$lt": [{"$abs": v}, math.inf]}
        return {"$cond": [finite, {"$add": [whole, step]}, v]}

    def scaled(v: Code) -> Code:
        up = {"$multiply": [v, scale]} if places else v
        near = bound([up], nearest)
        down = {"$divide": [near, scale]} if places else near
        return bound([down], _finite_or(v))

    def _finite_or(v: Code) -> Any:
        return lambda r: {"$cond": [{"$in": [r, [math.inf, -math.inf, math.nan]]}, v, r]}

    return bound([code], scaled)


def cast_number(value: Value, to: Kind) -> Value:
    """CAST between numbers, where it is exact or DuckDB rounds in a way that can be told."""
    if value.kind.name not in NUMBERS:
        raise Unfaithful(f"CAST of {value.kind} as {to}")
    if to.name == "float":
        if value.kind.name == "exact" and not value.constant:
            # a decimal may be -0, which DuckDB's never is
            return Value({"$toDouble": {"$add": [value.code, 0]}}, FLOAT, value.nullable)
        return as_float(value)
    if value.kind.name == "float":
        raise Unfaithful(f"CAST of DOUBLE as {to}: it is rounded otherwise in MongoDB")
    near = rounded(value, to.scale)
    if to.name == "int":
        return near if near.kind == INT else Value({"$toLong": near.code}, INT, value.nullable)
    if to.digits - to.scale < near.kind.digits - near.kind.scale:
        most = Decimal(1).scaleb(to.digits - to.scale)

        def fits(v: Code) -> Code:
            return {"$cond": [{"$lt": [{"$abs": v}, most]}, v, too_long()]}

        return Value(bound([near.code], fits), to, value.nullable)
    return Value(near.code, to, value.nullable)
