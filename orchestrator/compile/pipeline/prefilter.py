"""Conditions of a WHERE that an index can answer, as a plain `$match` before anything is read.

It is a copy: the condition is tested again on what was read, so it may let too much through. What
it must not do is to drop a document whose field holds a value of another type, since that would
hide a mistake in the model: such types are let through, and fail where the field is read. (An
array, or a number that is not of the declared type, is dropped when it does not compare so.)
"""

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from adapters.query import KEYS
from orchestrator.compile.kinds import EXACT
from orchestrator.compile.pipeline.collection import Collection
from orchestrator.compile.predicate import AllOf, AnyOf, Comparison, Predicate, predicate

_NUMBERS = frozenset({"double", "int", "long", "decimal"})
_TYPES = (
    *("double", "string", "object", "binData", "objectId", "bool", "date", "regex", "dbPointer"),
    *("javascript", "symbol", "javascriptWithScope", "int", "timestamp", "long", "decimal"),
    *("minKey", "maxKey"),
)
_OWN = {
    "int64": _NUMBERS,
    "float64": _NUMBERS,
    "decimal": _NUMBERS,
    "string": frozenset({"string"}),
    "bool": frozenset({"bool"}),
    "timestamptz": frozenset({"date"}),
}
_OPERATORS = {"=": "$eq", "in": "$in", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


def prefilter(conjuncts: list[exp.Expr], collection: Collection) -> dict[str, Any] | None:
    """The `$match` of those conjuncts that have one, or None."""
    words = {
        name: word for name, word in collection.words.items() if word.partition("(")[0] in _OWN
    }
    found = tuple(one for part in conjuncts if (one := predicate(part, words)) is not None)
    return _match(AllOf(found), collection)


def of_keys(path: str, word: str) -> dict[str, Any]:
    """The `$match` of documents in which a path, an int64 or a string, is one of KEYS."""
    others = [kind for kind in _TYPES if kind not in _OWN[word]]
    return {"$or": [{path: {"$in": KEYS}}, {path: {"$type": others}}]}


def _match(condition: Predicate, collection: Collection) -> dict[str, Any] | None:
    match condition:
        case AllOf(parts):
            found = [one for part in parts if (one := _match(part, collection))]
            return {"$and": found} if len(found) > 1 else next(iter(found), None)
        case AnyOf(parts):
            found = [_match(part, collection) for part in parts]
            return {"$or": found} if all(found) else None
        case Comparison(field, "is null", _):
            return {collection.paths[field]: {"$eq": None}}
        case Comparison(field, operator, value) if operator in _OPERATORS:
            return _comparison(field, operator, value, collection)
        case _:
            return None


def _comparison(
    field: str, operator: str, value: Any, collection: Collection
) -> dict[str, Any] | None:
    path, word = collection.paths[field], collection.words[field].partition("(")[0]
    bounds = _bounds(operator, value, word)
    if bounds is None:
        return None
    others = [kind for kind in _TYPES if kind not in _OWN[word]]
    alternatives: list[dict[str, Any]] = [{path: bounds}, {path: {"$type": others}}]
    if word in {"float64", "decimal"} and operator in {">", ">="}:
        alternatives.insert(1, {path: {"$eq": math.nan}})
    return {"$or": alternatives}


def _bounds(operator: str, value: Any, word: str) -> dict[str, Any] | None:
    if word in {"float64", "decimal"}:
        return None if operator == "in" else _near(operator, value)
    values = value if operator == "in" else (value,)
    for one in values:
        if isinstance(one, int) and abs(one) >= EXACT:
            return None
        if isinstance(one, datetime) and one.microsecond % 1000:
            return None
    return {_OPERATORS[operator]: list(value) if operator == "in" else value}


def _near(operator: str, value: float | Decimal) -> dict[str, Any]:
    """Bounds that hold every stored double and decimal that is read as a number in question."""
    low = math.nextafter(float(value), -math.inf)
    high = math.nextafter(float(value), math.inf)
    if operator == "=":
        return {"$gte": low, "$lte": high}
    return {"$gte": low} if operator in {">", ">="} else {"$lte": high}
