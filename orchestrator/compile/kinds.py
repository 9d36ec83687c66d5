"""Of what kind a typed node is, and a query."""

import re

from sqlglot import exp

from orchestrator.compile.allowed import AGGREGATES

NUMBERS = frozenset({"int", "float", "decimal"})
MOMENTS = frozenset({"date", "timestamp", "timestamptz"})
ZONE = re.compile(r"UTC|(?!Etc/)[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+){1,2}")
"""The names of time zones that mean the same everywhere."""
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
EXACT = 2**53
"""Whole numbers below it are told apart as doubles."""
_TYPES = exp.DataType.Type


def family(node: exp.Expr) -> str:
    """The kind of a typed node's values: int float decimal text bool date timestamp timestamptz,
    or "" when it is none of them or not known. Of 32 bits, a float compares in another way."""
    kind = node.type.this if node.type is not None else None
    if kind in exp.DataType.INTEGER_TYPES:
        return "int"
    if kind in exp.DataType.TEXT_TYPES:
        return "text"
    return {
        _TYPES.DOUBLE: "float",
        _TYPES.DECIMAL: "decimal",
        _TYPES.BOOLEAN: "bool",
        _TYPES.DATE: "date",
        _TYPES.TIMESTAMP: "timestamp",
        _TYPES.TIMESTAMPNTZ: "timestamp",
        _TYPES.TIMESTAMPTZ: "timestamptz",
    }.get(kind, "")  # pyright: ignore[reportArgumentType, reportCallIssue]


def compare_alike(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether both are known and of types that compare the same everywhere, or of several values,
    each of which is looked at by itself."""
    if isinstance(one, exp.Tuple) or isinstance(other, exp.Null | exp.Subquery):
        return True
    kinds = {family(one), family(other)}
    return "" not in kinds and (len(kinds) == 1 or kinds <= NUMBERS or kinds <= MOMENTS)


def gives_aggregates(select: exp.Select) -> bool:
    """True when a projection of a SELECT holds an aggregate."""
    return any(is_aggregate(node) for p in select.selects for node in p.walk())


def is_aggregate(node: exp.Expr) -> bool:
    """True for a call that makes one value of many rows."""
    return isinstance(node, AGGREGATES) and not isinstance(node.parent, exp.Window)


def distinct_on(query: exp.Expr) -> bool:
    """True for a SELECT that keeps the first row of each of its keys."""
    distinct = query.args.get("distinct")
    return isinstance(distinct, exp.Distinct) and distinct.args.get("on") is not None
