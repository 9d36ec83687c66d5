"""Aggregates as accumulators of one `$group`, and what is made of them afterwards."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlglot import exp

from orchestrator.compile.pipeline.numbers import too_long
from orchestrator.compile.pipeline.scalars import Rows
from orchestrator.compile.pipeline.values import (
    DIGITS,
    FLOAT,
    INT,
    Code,
    Kind,
    Unfaithful,
    Value,
    comparable,
    from_comparable,
    null_when,
)

_MOST_ROWS = 10
"""The digits of the number of rows that a sum is thought to have at most."""
AGGREGATES = (exp.AggFunc, exp.Filter)


@dataclass(slots=True)
class Accumulators:
    """The accumulators of a `$group`, each once, with what each gives over no rows."""

    codes: dict[str, Code] = field(default_factory=dict[str, Code])
    empty: dict[str, Any] = field(default_factory=dict[str, Any])

    def add(self, operator: str, code: Code, empty: Any) -> Code:
        """The path of an accumulator in the group's result."""
        wanted = {operator: code}
        # by their text, since 1, 1.0 and true are equal in Python
        name = next((n for n, known in self.codes.items() if repr(known) == repr(wanted)), None)
        if name is None:
            name = f"a{len(self.codes)}"
            self.codes[name], self.empty[name] = wanted, empty
        return f"${name}"


def aggregate(node: exp.Expr, rows: Rows, into: Accumulators) -> Value:
    """The value, after the group, of `f(x)` or `f(x) FILTER (WHERE …)`. Raises Unfaithful."""
    kept = None
    if isinstance(node, exp.Filter):
        kept = rows.holds(node.expression.this)
        node = node.this
    if not isinstance(node, exp.Count | exp.Sum | exp.Avg | exp.Min | exp.Max) or (
        node.args.get("expressions")
    ):
        raise Unfaithful(f"{node.sql('duckdb')}: there is no faithful aggregate in MongoDB")
    inner, distinct = node.this, False
    if isinstance(inner, exp.Distinct):
        if len(inner.expressions) != 1 or inner.args.get("on"):
            raise Unfaithful("DISTINCT of several expressions in an aggregate")
        inner, distinct = inner.expressions[0], not isinstance(node, exp.Min | exp.Max)
    if isinstance(inner, exp.Order | exp.Limit):
        raise Unfaithful("ORDER BY in an aggregate")
    if isinstance(inner, exp.Star):
        return Value(into.add("$sum", _one_where(kept), 0), INT, nullable=False)
    value = rows.value(inner)
    if kept is not None:
        value = Value({"$cond": [kept, value.code, None]}, value.kind)
    if isinstance(node, exp.Count):
        return _count(value, distinct, into)
    if isinstance(node, exp.Min | exp.Max):
        return _extreme("$min" if isinstance(node, exp.Min) else "$max", value, into)
    return _total(value, distinct, isinstance(node, exp.Avg), into)


def _one_where(kept: Code) -> Code:
    return 1 if kept is None else {"$cond": [kept, 1, 0]}


def _count(value: Value, distinct: bool, into: Accumulators) -> Value:
    if distinct:
        if value.kind.name == "json":
            raise Unfaithful("DISTINCT of JSON")
        return Value({"$toLong": {"$size": _set(value, value.code, into)}}, INT, nullable=False)
    return Value(_present(value, into), INT, nullable=False)


def _set(value: Value, code: Code, into: Accumulators) -> Code:
    kept = {"$cond": [{"$eq": [value.code, None]}, "$$REMOVE", code]} if value.nullable else code
    return into.add("$addToSet", kept, [])


def _present(value: Value, into: Accumulators) -> Code:
    """How many of the values are not NULL."""
    if not value.nullable:
        return into.add("$sum", 1, 0)
    return into.add("$sum", {"$cond": [{"$eq": [value.code, None]}, 0, 1]}, 0)


def _extreme(operator: str, value: Value, into: Accumulators) -> Value:
    if value.kind.name in {"json", "null"}:
        raise Unfaithful(f"MIN and MAX of {value.kind}")
    code = into.add(operator, comparable(value), None)
    return Value(from_comparable(code, value.kind), value.kind)


def _total(value: Value, distinct: bool, mean: bool, into: Accumulators) -> Value:
    """SUM or AVG. Whole numbers and decimals are added exactly, as decimals of 34 digits."""
    kind = value.kind
    if kind.name not in {"int", "exact", "float"}:
        raise Unfaithful(f"SUM and AVG of {kind}")
    exact = kind.name != "float"
    code = {"$toDecimal": value.code} if kind.name == "int" else value.code
    if distinct:
        if _may_overflow(kind):
            raise Unfaithful(f"DISTINCT {kind} that may sum up to over {DIGITS} digits")
        every = _set(value, code, into)
        total, count = {"$sum": every}, {"$size": every}
    else:
        count = _present(value, into)
        total = into.add("$sum", code, 0)
        if exact and _may_overflow(kind):
            most = Decimal(1).scaleb(DIGITS - kind.scale)
            size = into.add("$sum", {"$abs": code}, 0)
            total = {"$cond": [{"$lt": [size, most]}, total, too_long()]}
    if mean:
        total = {"$divide": [total, count]}
        total = {"$toDouble": total} if exact else total
    result = FLOAT if mean or not exact else Kind("exact", kind.scale, 38)
    return Value(null_when({"$eq": [count, 0]}, total), result)


def _may_overflow(kind: Kind) -> bool:
    return kind.name == "exact" and kind.digits + _MOST_ROWS > DIGITS


def no_rows(empty: dict[str, Any]) -> list[dict[str, Any]]:
    """Stages after a group over everything: where there was no row, the group is there too."""
    row = {
        name: {"$ifNull": [{"$arrayElemAt": [f"$rows.{name}", 0]}, {"$literal": value}]}
        for name, value in empty.items()
    }
    return [{"$facet": {"rows": [{"$limit": 1}]}}, {"$project": row}]
