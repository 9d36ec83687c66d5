"""One binding of one leaf to a native query: columns and predicates in the source's language."""

from collections.abc import Container, Sequence
from typing import Any

from adapters.base import Capabilities
from adapters.query import KEYS, AggregationQuery, NativeQuery, OutputColumn, VectorQuery
from orchestrator.compile.kinds import EXACT
from orchestrator.compile.pipeline import Collection, of_keys
from orchestrator.compile.predicate import Comparison, Predicate, operators
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
    return entity.stored_type(field, bound)


def pushable_words(entity: Entity, binding: Binding, odd: Container[str] = ()) -> dict[str, str]:
    """The fields that can be compared at the source, those with no transform that are not `odd`,
    with their types. The id of a point is no payload that could be compared."""
    return {
        field: entity.fields[field].type
        for field, bound in binding.fields.items()
        if bound.transform is None
        and bound.stored in (None, entity.fields[field].type)
        and field not in odd
        and bound.path != "$id"
    }


def points(
    binding: Binding,
    columns: tuple[OutputColumn, ...],
    conditions: Sequence[Predicate],
    search: Search | None,
    max_rows: int,
) -> VectorQuery:
    """The query that reads `columns` of a vector collection, by meaning or by conditions."""
    paths = {field: bound.path for field, bound in binding.fields.items()}
    return VectorQuery(
        relations=(binding.relation,),
        columns=columns,
        text=search.text if search else None,
        limit=search.k if search else max_rows + 1,
        paths=tuple(paths.get(column.name, f"${SCORE}") for column in columns),
        filters=tuple(
            (paths[c.field], c.operator, list(c.value) if c.operator == "in" else c.value)
            for condition in conditions
            for c in comparisons(condition)
        ),
    )


def accepts(capabilities: Capabilities, condition: Predicate, words: dict[str, str]) -> bool:
    """True when a source compares as DuckDB does, by its operators and on these types."""
    every = comparisons(condition)
    if capabilities.language == "vector" and any(map(_is_rounded, every)):
        return False
    compared = {words[c.field].partition("(")[0] for c in every}
    return compared <= capabilities.exact and operators(condition) <= capabilities.comparisons


def _is_rounded(one: Comparison) -> bool:
    """Whether a range would be one of other numbers: a vector store's ranges are of doubles."""
    is_range = one.operator in {"<", "<=", ">", ">="}
    return is_range and isinstance(one.value, int) and abs(one.value) >= EXACT


def comparisons(condition: Predicate) -> list[Comparison]:
    """Every comparison of a predicate."""
    if isinstance(condition, Comparison):
        return [condition]
    return [one for part in condition.parts for one in comparisons(part)]


def native_path(path: str) -> str:
    """A field's path as the source writes it: `lines[].sku` is `lines.sku` there.

    Once the array is unwound that is the element's own; before, it is that of any element.
    """
    return path.replace("[]", "")


def collection_of(entity: Entity, binding: Binding) -> Collection:
    """A document store's binding as `pipeline` reads it: the fields with no transform."""
    words = pushable_words(entity, binding)
    paths = {name: native_path(binding.fields[name].path) for name in words}
    return Collection(binding.relation, paths, words, binding.unwind)


def with_fed_keys(query: NativeQuery, path: str, word: str) -> NativeQuery:
    """A query, not of SQL, that reads only rows whose `path`, a `word`, is one of KEYS."""
    match query:
        case AggregationQuery():
            bound = {"$match": of_keys(path, word)}
            return query.model_copy(update={"pipeline": (bound, *query.pipeline)})
        case VectorQuery():
            return query.model_copy(update={"filters": (*query.filters, (path, "in", KEYS))})
        case _:
            raise TypeError("SQL is bounded where it is written")


def documents(
    binding: Binding, columns: tuple[OutputColumn, ...], match: dict[str, Any] | None
) -> AggregationQuery:
    """The query that reads `columns` of one collection's documents, or of an array's elements."""
    paths = {field: native_path(bound.path) for field, bound in binding.fields.items()}
    stages: list[dict[str, Any]] = [{"$unwind": f"${binding.unwind}"}] if binding.unwind else []
    if match:
        stages.append({"$match": match})
    stages.append({"$project": {"_id": 0} | {c.name: f"${paths[c.name]}" for c in columns}})
    return AggregationQuery(relations=(binding.relation,), columns=columns, pipeline=tuple(stages))
