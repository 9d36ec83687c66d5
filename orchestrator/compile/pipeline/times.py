"""Days and times. DuckDB runs in UTC, and so do MongoDB's date operators."""

import re

from orchestrator.compile.kinds import ZONE
from orchestrator.compile.pipeline.values import (
    INT,
    MOMENTS,
    STRING,
    Code,
    Kind,
    Unfaithful,
    Value,
    bound,
)

_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_DIFFERENCES = ("year", "quarter", "month", "day")
_LENGTHS = {
    "week": 604_800_000,
    "day": 86_400_000,
    "hour": 3_600_000,
    "minute": 60_000,
    "second": 1_000,
}
"""Milliseconds."""
_CLOCK = "%Y-%m-%dT%H:%M:%S.%L"
_PARTS = {
    "year": "$year",
    "month": "$month",
    "day": "$dayOfMonth",
    "hour": "$hour",
    "minute": "$minute",
    "second": "$second",
    "week": "$isoWeek",
    "isoyear": "$isoWeekYear",
    "isodow": "$isoDayOfWeek",
    "doy": "$dayOfYear",
    "dayofyear": "$dayOfYear",
}


def _at(value: Value, what: str) -> Code:
    if value.kind.name not in MOMENTS:
        raise Unfaithful(f"{what} of {value.kind}")
    return value.code


def truncated(value: Value, unit: str) -> Value:
    """`date_trunc(unit, value)`; weeks start on Monday."""
    unit = _unit(unit, _UNITS, "DATE_TRUNC to")
    wanted = {"date": _at(value, "DATE_TRUNC"), "unit": unit}
    if unit == "week":
        wanted["startOfWeek"] = "monday"
    name = "timestamptz" if value.kind.name == "timestamptz" else "timestamp"
    return Value({"$dateTrunc": wanted}, Kind(name), value.nullable)


def _unit(unit: str, known: tuple[str, ...], what: str) -> str:
    if unit.lower() not in known:
        raise Unfaithful(f"{what} {unit}")
    return unit.lower()


def part(value: Value, unit: str) -> Value:
    """`extract(unit FROM value)`."""
    at, unit = _at(value, "EXTRACT"), unit.lower()
    if unit in _PARTS:
        code = {_PARTS[unit]: at}
    elif unit == "quarter":
        code = {"$ceil": {"$divide": [{"$month": at}, 3]}}
    elif unit in {"dow", "dayofweek"}:
        code = {"$subtract": [{"$dayOfWeek": at}, 1]}
    else:
        raise Unfaithful(f"EXTRACT of {unit.upper()}")
    return Value({"$toLong": code}, INT, value.nullable)


def difference(unit: str, start: Value, end: Value) -> Value:
    """`date_diff(unit, start, end)`: how many of the unit's borders lie between."""
    wanted = {
        "startDate": _at(start, "DATE_DIFF"),
        "endDate": _at(end, "DATE_DIFF"),
        "unit": _unit(unit, _DIFFERENCES, "DATE_DIFF in"),
    }
    return Value({"$dateDiff": wanted}, INT, start.nullable or end.nullable)


def shifted(value: Value, sign: int, amount: str, unit: str) -> Value:
    """`value ± INTERVAL amount unit`; the end of a month stays in its month."""
    if not re.fullmatch(r"-?\d{1,6}", amount):
        raise Unfaithful(f"INTERVAL {amount}")
    at, count = _at(value, "INTERVAL"), sign * int(amount)
    unit = _unit(unit.removesuffix("S").removesuffix("s"), _UNITS, "INTERVAL in")
    if unit in _LENGTHS:
        code = {"$add": [at, count * _LENGTHS[unit]]}
    else:
        code = bound([at], lambda v: _months(v, unit, count))
    name = "timestamptz" if value.kind.name == "timestamptz" else "timestamp"
    return Value(code, Kind(name), value.nullable)


def _months(at: Code, unit: str, count: int) -> Code:
    """The day shifted, and the time of day put back: `$dateAdd` loses a second before 1970."""
    day = {"$dateTrunc": {"date": at, "unit": "day"}}
    shifted = {"$dateAdd": {"startDate": day, "unit": unit, "amount": count}}
    return {"$add": [shifted, {"$subtract": [at, day]}]}


def in_zone(value: Value, zone: str) -> Value:
    """`instant AT TIME ZONE zone`: what the clocks show there."""
    if value.kind.name != "timestamptz":
        raise Unfaithful(f"AT TIME ZONE of {value.kind}")
    if not ZONE.fullmatch(zone):
        raise Unfaithful(f"AT TIME ZONE “{zone}”: name it as Region/City")
    shown = {"$dateToString": {"date": value.code, "timezone": zone, "format": _CLOCK}}
    return Value({"$dateFromString": {"dateString": shown}}, Kind("timestamp"), value.nullable)


def cast_moment(value: Value, to: Kind) -> Value:
    """CAST between days, clock readings and instants, all in UTC."""
    if value.kind.name not in MOMENTS:
        raise Unfaithful(f"CAST of {value.kind} as {to}")
    if to.name == "date" and value.kind.name != "date":
        return Value({"$dateTrunc": {"date": value.code, "unit": "day"}}, to, value.nullable)
    return Value(value.code, to, value.nullable, value.constant)


def written(value: Value) -> Value:
    """The value as a result holds it: BSON has instants alone, the others are ISO text."""
    if value.kind.name == "date":
        form = "%Y-%m-%d"
    elif value.kind.name == "timestamp":
        form = _CLOCK
    else:
        return value
    return Value({"$dateToString": {"date": value.code, "format": form}}, STRING, value.nullable)
