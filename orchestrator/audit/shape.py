"""A native query without its values: their types stand in their places."""

import hashlib
import json
from typing import Any, cast

from adapters.query import AggregationQuery, NativeQuery, SqlQuery, VectorQuery, describe
from orchestrator.compile.plan import FetchStep

_AS_THEY_ARE = frozenset({"$limit", "$skip", "$sort", "$lookup", "$unwind", "$unset"})
"""Stages of a pipeline that name fields and counts; a pipeline within is walked like any other."""


def shape(query: NativeQuery) -> tuple[str, tuple[str, ...]]:
    """The query's text without a value in it, and the types of what it is sent with."""
    match query:
        case SqlQuery():
            return query.text, tuple(_type(one) for one in query.parameters)
        case AggregationQuery():
            stages = tuple(_expression(stage) for stage in query.pipeline)
            return describe(query.model_copy(update={"pipeline": stages})), ()
        case VectorQuery():
            filters = tuple((path, operator, _type(v)) for path, operator, v in query.filters)
            text = None if query.text is None else "‹text›"
            return describe(query.model_copy(update={"filters": filters, "text": text})), ()


def query_hash(step: FetchStep) -> str:
    """sha256 of all that the step may send, values included; keys that an earlier step finds are
    not known yet."""
    sent = [step.source, step.query.model_dump()]
    if step.feed is not None:
        sent.append(step.feed.query.model_dump())
    text = json.dumps(sent, sort_keys=True, default=lambda one: f"{type(one).__name__} {one}")
    return hashlib.sha256(text.encode()).hexdigest()


def _type(value: Any) -> str:
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        kinds = " or ".join(dict.fromkeys(_type(item) for item in items))
        return f"{len(items)} × {kinds}" if items else "none"
    return f"‹{type(value).__name__}›"


def _expression(code: Any) -> Any:
    """An aggregation expression: paths stay, constants do not."""
    match code:
        case dict():
            named = cast("dict[str, Any]", code)
            return {name: _argument(name, value) for name, value in named.items()}
        case list() | tuple():
            return [_expression(one) for one in cast("list[Any]", code)]
        case str() if code.startswith("$"):
            return code
        case None:
            return None
        case _:
            return _type(code)


def _argument(name: str, value: Any) -> Any:
    if name == "$match":
        return _condition(value)
    if name == "$project":
        shown = cast("dict[str, Any]", value)
        return {key: one if one in (0, 1) else _expression(one) for key, one in shown.items()}
    if name in _AS_THEY_ARE:
        return _structure(value)
    return _type(value) if name == "$literal" else _expression(value)


def _structure(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    named = cast("dict[str, Any]", value)
    return {
        key: _expression(one) if key in {"pipeline", "let"} else one for key, one in named.items()
    }


def _condition(code: Any) -> Any:
    """A condition of `$match`: what is not a name is a value, unless it is an expression."""
    match code:
        case dict():
            named = cast("dict[str, Any]", code)
            return {
                name: _expression(value) if name == "$expr" else _condition(value)
                for name, value in named.items()
            }
        case list() | tuple() if any(isinstance(one, dict) for one in cast("list[Any]", code)):
            return [_condition(one) for one in cast("list[Any]", code)]
        case _:
            return _type(code)
