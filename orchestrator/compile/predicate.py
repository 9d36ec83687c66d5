"""Conditions of a tree to predicates that every kind of source can be given, or None.

A predicate that a source evaluates may let too many rows through, never too few: the join tests the
original condition again. So text is compared for equality alone (collations differ), and LIKE is
passed on only without a backslash (its meaning differs).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlglot import exp

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_MIRRORED = {"=": "=", "<>": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator value`; the value is canonical for the field's type (a tuple for `in`)."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts holds."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the parts hold."""

    parts: tuple["Predicate", ...]


Predicate = Comparison | AnyOf | AllOf


def conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that are joined by AND."""
    if condition is None:
        return []
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        return [*conjuncts(inner.left), *conjuncts(inner.right)]
    return [inner]


def predicate(part: exp.Expr, words: dict[str, str]) -> Predicate | None:
    """The predicate of a condition over one leaf; `words` are its pushable fields' types."""
    part = part.unnest()
    if isinstance(part, exp.Or | exp.And):
        parts = tuple(predicate(side, words) for side in (part.left, part.right))
        found = tuple(one for one in parts if one is not None)
        if isinstance(part, exp.Or):
            return AnyOf(found) if len(found) == len(parts) else None
        return AllOf(found) if found else None
    if isinstance(part, exp.Not):
        return _negated(part.this.unnest(), words)
    if isinstance(part, exp.Between):
        low = predicate(exp.GTE(this=part.this, expression=part.args["low"]), words)
        high = predicate(exp.LTE(this=part.this, expression=part.args["high"]), words)
        return AllOf((low, high)) if low is not None and high is not None else None
    return _comparison(part, words)


def _negated(inner: exp.Expr, words: dict[str, str]) -> Predicate | None:
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        return _on(inner.this, "is not null", None, words)
    if isinstance(inner, exp.EQ):
        return predicate(exp.NEQ(this=inner.this, expression=inner.expression), words)
    return None


def _comparison(part: exp.Expr, words: dict[str, str]) -> Predicate | None:
    if isinstance(part, exp.Is) and isinstance(part.expression, exp.Null):
        return _on(part.this, "is null", None, words)
    if isinstance(part, exp.In) and part.expressions:
        return _in(part, words)
    if isinstance(part, exp.Like) and isinstance(part.expression, exp.Literal):
        pattern = part.expression.name
        plain = "\\" not in pattern and _word(part.this, words) == "string"
        if part.args.get("negate"):
            return None
        return _on(part.this, "like", pattern, words) if plain else None
    operator = _OPERATORS.get(type(part))
    if operator is None or not isinstance(part, exp.Binary):
        return None
    left, right = part.left.unnest(), part.right.unnest()
    if isinstance(right, exp.Column):
        left, right, operator = right, left, _MIRRORED[operator]
    word = _word(left, words)
    if word is None or (word == "string" and operator not in {"=", "<>"}):
        return None
    value = literal(right, word)
    return None if value is None else _on(left, operator, value, words)


def _in(part: exp.In, words: dict[str, str]) -> Predicate | None:
    word = _word(part.this, words)
    values = [literal(item, word) for item in part.expressions] if word else [None]
    if any(value is None for value in values):
        return None
    return _on(part.this, "in", tuple(values), words)


def _word(column: exp.Expr, words: dict[str, str]) -> str | None:
    column = column.unnest()
    return words.get(column.name) if isinstance(column, exp.Column) else None


def _on(column: exp.Expr, operator: str, value: Any, words: dict[str, str]) -> Comparison | None:
    column = column.unnest()
    if _word(column, words) is None:
        return None
    return Comparison(column.name, operator, value)


def literal(node: exp.Expr, word: str) -> Any:
    """The Python value of a literal as a field of type `word` holds it, or None if it does not."""
    node = node.unnest()
    if isinstance(node, exp.Boolean):
        return bool(node.this) if word == "bool" else None
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        value = literal(node.this, word)
        return None if value is None or isinstance(value, str) else -value
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        to = node.to.sql("duckdb").lower()
        text = node.this.name
        if word == "date":
            return _moment(text, word) if to == "date" else None
        return _moment(text, word) if word.startswith("timestamp") else None
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        if word in {"date", "timestamptz", "timestamp"}:
            return _moment(node.name, word)
        return node.name if word == "string" else None
    return _number(node.name, word)


def _number(text: str, word: str) -> Any:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    match word.partition("(")[0]:
        case "int64":
            fits = value == value.to_integral_value() and abs(value) < 2**63
            return int(value) if fits else None
        case "decimal":
            return value
        case "float64":
            return float(value)
        case _:
            return None


def _moment(text: str, word: str) -> date | datetime | None:
    try:
        if word == "date":
            return date.fromisoformat(text)
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    if word == "timestamptz":
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None if value.tzinfo else value


def operators(condition: Predicate) -> set[str]:
    """Every operator that a predicate uses; `or` when it holds alternatives."""
    match condition:
        case Comparison(_, operator, _):
            return {operator}
        case AllOf(parts):
            return {one for part in parts for one in operators(part)}
        case AnyOf(parts):
            return {"or"} | {one for part in parts for one in operators(part)}
