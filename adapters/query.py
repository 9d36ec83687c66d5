"""Native queries, discriminated on `kind`. They are made by the compiler alone, never by a model.

A query knows its source's language and nothing of credentials, entities or people. Literals
stand beside the text as parameters, never in it.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

KEYS = "\x00keys"
"""Stands in a query for the list of keys that an earlier step will have found."""


class OutputColumn(BaseModel):
    """One column of a step's result: its name in the join and its canonical word."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True)

    relations: tuple[str, ...]
    columns: tuple[OutputColumn, ...]


class SqlQuery(_Query):
    """A SELECT in the source's dialect, with `$1…$n` placeholders for `parameters` in each.

    A parameter may be a list: it binds to the dialect's form of "is one of these".
    """

    kind: Literal["sql"] = "sql"
    text: str
    parameters: tuple[Any, ...] = ()


class AggregationQuery(_Query):
    """A MongoDB aggregation pipeline over `relations[0]`; values are canonical Python values."""

    kind: Literal["aggregation"] = "aggregation"
    pipeline: tuple[dict[str, Any], ...]


class VectorQuery(_Query):
    """The `limit` points of `relations[0]` nearest to `text`, or a filtered scroll when it is None.

    `paths` gives, for each column, the payload path, or `$score`, `$id` for what is not payload.
    `filters` is a conjunction of (path, operator, value), operator one of
    `=`, `in`, `>`, `>=`, `<`, `<=`; unsupported ones never get here.
    """

    kind: Literal["vector"] = "vector"
    text: str | None
    limit: int
    paths: tuple[str, ...]
    filters: tuple[tuple[str, str, Any], ...] = ()


NativeQuery = Annotated[SqlQuery | AggregationQuery | VectorQuery, Field(discriminator="kind")]


def with_keys(query: NativeQuery, keys: list[Any]) -> NativeQuery:
    """The query with `keys` where KEYS stands."""
    match query:
        case SqlQuery():
            return query.model_copy(update={"parameters": _filled(query.parameters, keys)})
        case AggregationQuery():
            return query.model_copy(update={"pipeline": _filled(query.pipeline, keys)})
        case VectorQuery():
            return query.model_copy(update={"filters": _filled(query.filters, keys)})


def _filled(value: Any, keys: list[Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, keys) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(item, keys) for item in value)
    return keys if isinstance(value, str) and value == KEYS else value


def describe(query: NativeQuery) -> str:
    """The query as a person reads it in the answer's "how" and in a plan."""
    match query:
        case SqlQuery():
            return query.text
        case AggregationQuery():
            stages = ",\n  ".join(_bson_text(stage) for stage in query.pipeline)
            return f"db.{query.relations[0]}.aggregate([\n  {stages}\n])"
        case VectorQuery():
            nearest = f" nearest to “{query.text}”" if query.text is not None else ""
            where = " and ".join(
                f"{path} {operator} {_bson_text(value)}" for path, operator, value in query.filters
            )
            return f"{query.limit} points of {query.relations[0]}{nearest}" + (
                f" where {where}" if where else ""
            )


def _bson_text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_bson_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        items = [_bson_text(item) for item in value[:5]]
        return "[" + ", ".join([*items, *(["…"] if len(value) > 5 else [])]) + "]"
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    return str(value)
