"""The last look at a generated pipeline: stages and operators are an allow-list.

All that is allowed reads the one collection. `$where`, `$function`, `$accumulator`, `$out`,
`$merge`, `$changeStream`, `$currentOp`, `$lookup`, `$unionWith`, `$rand` and all that are not named
here are refused, however deep they stand.
"""

import re
from typing import Any

from adapters.errors import UnsafeQuery
from adapters.query import AggregationQuery

_STAGES = frozenset({"$match", "$project", "$group", "$sort", "$skip", "$limit", "$unwind"})
_OPERATORS = frozenset(
    "$and $or $not $nor $expr $eq $ne $gt $gte $lt $lte $in $nin $exists $type $ifNull "
    "$literal $cond $switch $let $sum $min $max $addToSet $size $arrayElemAt "
    "$add $subtract $multiply $divide $mod $abs $ceil $floor $round $trunc "
    "$convert $toInt $toLong $toDouble $toDecimal $toString "
    "$concat $regexMatch $replaceAll $strLenCP $substrCP $trim $ltrim $rtrim "
    "$dateTrunc $dateDiff $dateAdd $dateToString $dateFromString $year $month $dayOfMonth $hour "
    "$minute $second $isoWeek $isoWeekYear $isoDayOfWeek $dayOfYear $dayOfWeek".split()
)
_MAX_DEPTH = 100
_SERVERS_OWN = re.compile(r"\$\$(?!REMOVE$|[a-z])")
"""Variables of a pipeline's own begin with a small letter, those of the server with a capital."""


def check(query: AggregationQuery) -> None:
    """Raise UnsafeQuery unless every stage and operator is allowed."""
    for stage in query.pipeline:
        if "$facet" in stage and len(stage) == 1:
            for stages in _sub_pipelines(stage["$facet"]):
                _check_stages(stages)
        else:
            _check_stages([stage])


def _sub_pipelines(facet: Any) -> list[list[Any]]:
    """The pipelines of a `$facet`; none of their stages may be one again."""
    if not isinstance(facet, dict) or not all(isinstance(one, list) for one in facet.values()):
        raise UnsafeQuery("A generated pipeline was refused: a $facet is malformed.")
    return list(facet.values())


def _check_stages(stages: list[Any]) -> None:
    for stage in stages:
        if not isinstance(stage, dict) or len(stage) != 1 or next(iter(stage)) not in _STAGES:
            raise UnsafeQuery("A generated pipeline was refused: it holds a stage not allowed.")
        for name, body in stage.items():
            if name == "$unwind" and not (isinstance(body, str) and body.startswith("$")):
                raise UnsafeQuery("A generated pipeline was refused: it unwinds no plain path.")
            _check_operators(body, 0, is_expression=name != "$match")


def _check_operators(value: Any, depth: int, *, is_expression: bool) -> None:
    if depth > _MAX_DEPTH:
        raise UnsafeQuery("A generated pipeline was refused: it is nested too deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or "\0" in key:
                raise UnsafeQuery("A generated pipeline was refused: a key of it is no name.")
            if key.startswith("$") and key not in _OPERATORS:
                raise UnsafeQuery(f"A generated pipeline was refused: {key} is not allowed.")
            if key != "$literal":
                expression = is_expression or key == "$expr"
                _check_operators(item, depth + 1, is_expression=expression)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_operators(item, depth + 1, is_expression=is_expression)
    elif is_expression and isinstance(value, str) and _SERVERS_OWN.match(value):
        raise UnsafeQuery("A generated pipeline was refused: it reads a variable of the server.")
