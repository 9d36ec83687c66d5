"""Points to rows: payload paths, and the two columns that are not payload, `$id` and `$score`."""

import re
from typing import Any

from qdrant_client import models

_RANGES = 100
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


def row(point: models.ScoredPoint | models.Record, paths: tuple[str, ...]) -> list[Any]:
    """The values of `paths` in one point; a path that is missing gives None."""
    return [_value(point, path) for path in paths]


def _value(point: models.ScoredPoint | models.Record, path: str) -> Any:
    if path == "$id":
        return point.id
    if path == "$score":
        return point.score if isinstance(point, models.ScoredPoint) else None
    value: Any = point.payload or {}
    for part in path.removeprefix("payload.").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def condition(path: str, operator: str, value: Any) -> models.Condition:
    """One filter of a vector query in Qdrant's words: no row is lost that is read as such a value,
    though there may be more."""
    key = path.removeprefix("payload.")
    match operator:
        case "=":
            return models.Filter(should=_any_of(key, [value]))
        case "in":
            return models.Filter(should=_any_of(key, list(value)))
        case _:
            bound = {{">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[operator]: value}
            return _within(key, **bound)


def _any_of(key: str, values: list[Any]) -> list[models.Condition]:
    """A number may be stored where text is read (5 as "5"), and a float where a whole number is
    (5.0 as 5), which Qdrant's matches tell apart."""
    numbers = [one for one in values if isinstance(one, int) and not isinstance(one, bool)]
    if numbers and len(numbers) <= _RANGES:
        return [_within(key, gte=one, lte=one) for one in numbers]
    if numbers:
        return [_within(key, gte=min(numbers), lte=max(numbers))]
    if values and all(isinstance(one, bool) for one in values):
        return [models.FieldCondition(key=key, match=models.MatchValue(value=v)) for v in values]
    alike = [int(one) for one in values if _WHOLE.fullmatch(one)]
    lists: list[models.AnyVariants] = [values, alike] if alike else [values]
    return [models.FieldCondition(key=key, match=models.MatchAny(any=one)) for one in lists]


def _within(key: str, **bounds: float) -> models.FieldCondition:
    return models.FieldCondition(key=key, range=models.Range(**bounds))
