"""The last look at a generated pipeline: stages and operators are an allow-list.

`$where`, `$function`, `$accumulator`, `$out`, `$merge`, `$changeStream`, `$currentOp`, `$lookup`
and all that are not named here are refused, however deep they stand.
"""

from typing import Any

from adapters.errors import UnsafeQuery
from adapters.query import AggregationQuery

_STAGES = frozenset({"$match", "$project", "$sort", "$limit", "$unwind"})
_OPERATORS = frozenset(
    "$and $or $not $nor $expr $eq $ne $gt $gte $lt $lte $in $nin $exists $type $ifNull "
    "$literal $cond".split()
)
_MAX_DEPTH = 40


def check(query: AggregationQuery) -> None:
    """Raise UnsafeQuery unless every stage and operator is allowed."""
    for stage in query.pipeline:
        if len(stage) != 1 or next(iter(stage)) not in _STAGES:
            raise UnsafeQuery("A generated pipeline was refused: it holds a stage not allowed.")
        for name, body in stage.items():
            if name == "$unwind" and not (isinstance(body, str) and body.startswith("$")):
                raise UnsafeQuery("A generated pipeline was refused: it unwinds no plain path.")
            _check_operators(body, 0)


def _check_operators(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise UnsafeQuery("A generated pipeline was refused: it is nested too deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            if key.startswith("$") and key not in _OPERATORS:
                raise UnsafeQuery(f"A generated pipeline was refused: {key} is not allowed.")
            if key != "$literal":
                _check_operators(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_operators(item, depth + 1)
