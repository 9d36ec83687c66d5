"""One binding of one leaf to a native query: columns and predicates in the source's language."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.base import Capabilities
from adapters.query import KEYS, AggregationQuery, NativeQuery, OutputColumn, VectorQuery
from orchestrator.compile.predicate import AllOf, AnyOf, Comparison, Predicate, operators
from orchestrator.compile.resolve import Search
from orchestrator.compile.shapes import SCORE
from orchestrator.semantic import Binding, Entity

UNITS = {"sql": "rows", "aggregation": "docs", "vector": "hits"}


def output_columns(
    entity: Entity, binding: Binding, fields: Sequence[str]
) -> tuple[OutputColumn, ...]:
    """The columns of a fetch, as stored: a transform runs later, in the join."""
    return tuple(OutputColumn(name=field, type=_stored(entity, binding, field)) for field in fields)


def _stored(entity: Entity, binding: Binding, field: str) -> str:
    bound = binding.fields.get(field)
    if bound is None:
        return "float64"  # the score of a search, which no binding holds
    return bound.stored or entity.fields[field].type


def pushable_words(entity: Entity, binding: Binding) -> dict[str, str]:
    """The fields that can be compared at the source, those with no transform, with their types."""
    return {
        field: entity.fields[field].type
        for field, bound in binding.fields.items()
        if bound.transform is None and bound.stored in (None, entity.fields[field].type)
    }


def accepts(capabilities: Capabilities, condition: Predicate, words: dict[str, str]) -> bool:
    """True when the source's comparisons mean the same as in SQL, or let more through."""
    wanted = operators(condition)
    compared = {words[c.field].partition("(")[0] for c in _comparisons(condition)}
    if not compared <= capabilities.exact:
        return False
    if capabilities.language == "vector":
        return wanted <= capabilities.comparisons
    known = capabilities.comparisons | {"or"}
    if "is null" in known:
        known |= {"is not null"}
    if capabilities.language == "aggregation":
        return wanted <= known and all(_fits_bson(c.value) for c in _comparisons(condition))
    return wanted <= known


def _comparisons(condition: Predicate) -> list[Comparison]:
    if isinstance(condition, Comparison):
        return [condition]
    return [one for part in condition.parts for one in _comparisons(part)]


def _fits_bson(value: Any) -> bool:
    """BSON has no days, its dates hold milliseconds and its decimals 34 digits."""
    if isinstance(value, tuple):
        return all(_fits_bson(one) for one in value)
    if isinstance(value, datetime):
        return value.microsecond % 1000 == 0
    if isinstance(value, Decimal):
        return len(value.as_tuple().digits) <= 34
    return not isinstance(value, date)


def native_query(
    language: str,
    binding: Binding,
    columns: tuple[OutputColumn, ...],
    conditions: Sequence[Predicate],
    search: Search | None,
    max_rows: int,
) -> AggregationQuery | VectorQuery:
    """The query that reads `columns` of one binding where `conditions` hold, in a language that is
    not SQL."""
    paths = {field: native_path(bound.path) for field, bound in binding.fields.items()}
    if language == "aggregation":
        return _pipeline(binding, paths, columns, conditions)
    return VectorQuery(
        relations=(binding.relation,),
        columns=columns,
        text=search.text if search else None,
        limit=search.k if search else max_rows + 1,
        paths=tuple(paths.get(column.name, f"${SCORE}") for column in columns),
        filters=tuple(
            (paths[c.field], c.operator, list(c.value) if c.operator == "in" else c.value)
            for condition in conditions
            for c in _comparisons(condition)
        ),
    )


def native_path(path: str) -> str:
    """A field's path as the source writes it: `lines[].sku` is `lines.sku` there.

    Once the array is unwound that is the element's own; before, it is that of any element.
    """
    return path.replace("[]", "")


def with_fed_keys(query: NativeQuery, path: str) -> NativeQuery:
    """A query, not of SQL, that reads only rows whose `path` is one of KEYS."""
    match query:
        case AggregationQuery():
            bound = {"$match": {path: {"$in": KEYS}}}
            return query.model_copy(update={"pipeline": (bound, *query.pipeline)})
        case VectorQuery():
            return query.model_copy(update={"filters": (*query.filters, (path, "in", KEYS))})
        case _:
            raise TypeError("SQL is bounded where it is written")


def _pipeline(
    binding: Binding,
    paths: dict[str, str],
    columns: tuple[OutputColumn, ...],
    conditions: Sequence[Predicate],
) -> AggregationQuery:
    stages: list[dict[str, Any]] = [{"$unwind": f"${binding.unwind}"}] if binding.unwind else []
    if conditions:
        matches = [_match(condition, paths) for condition in conditions]
        stages.append({"$match": matches[0] if len(matches) == 1 else {"$and": matches}})
    stages.append({"$project": {"_id": 0} | {c.name: f"${paths[c.name]}" for c in columns}})
    return AggregationQuery(relations=(binding.relation,), columns=columns, pipeline=tuple(stages))


_MONGO = {"=": "$eq", "<>": "$ne", ">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}


def _match(condition: Predicate, paths: dict[str, str]) -> dict[str, Any]:
    match condition:
        case AllOf(parts):
            return {"$and": [_match(part, paths) for part in parts]}
        case AnyOf(parts):
            return {"$or": [_match(part, paths) for part in parts]}
        case Comparison(field, "is null", _):
            return {paths[field]: {"$eq": None}}
        case Comparison(field, "is not null", _):
            return {paths[field]: {"$ne": None}}
        case Comparison(field, "in", value):
            return {paths[field]: {"$in": list(value)}}
        case Comparison(field, operator, value):
            bound = {paths[field]: {_MONGO[operator]: value}}
            if operator in {">", ">="} and isinstance(value, float | Decimal):
                # SQL sorts NaN above every number, MongoDB below
                return {"$or": [bound, {paths[field]: {"$eq": math.nan}}]}
            return bound
