"""Points to rows: payload paths, and the two columns that are not payload, `$id` and `$score`."""

from typing import Any

from qdrant_client import models


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


def condition(path: str, operator: str, value: Any) -> models.FieldCondition:
    """One filter of a vector query in Qdrant's words."""
    key = path.removeprefix("payload.")
    match operator:
        case "=":
            return models.FieldCondition(key=key, match=models.MatchValue(value=value))
        case "in":
            return models.FieldCondition(key=key, match=models.MatchAny(any=list(value)))
        case _:
            bound = {{">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[operator]: value}
            return models.FieldCondition(key=key, range=models.Range(**bound))
