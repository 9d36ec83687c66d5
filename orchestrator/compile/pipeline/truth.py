"""Conditions in three-valued logic, as two questions with a plain answer: does it hold, and is it
false? Where neither is so, it is NULL.

MongoDB orders NULL below everything, so most comparisons need only one side to be looked at.
"""

from collections.abc import Callable
from typing import Protocol

from sqlglot import exp

from orchestrator.compile.pipeline import texts
from orchestrator.compile.pipeline.values import (
    BOOL,
    Code,
    Unfaithful,
    Value,
    alike,
    bound,
    comparable,
)

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "$eq",
    exp.NEQ: "$ne",
    exp.LT: "$lt",
    exp.LTE: "$lte",
    exp.GT: "$gt",
    exp.GTE: "$gte",
}
_OPPOSITE = {
    "$eq": "$ne",
    "$ne": "$eq",
    "$lt": "$gte",
    "$gte": "$lt",
    "$gt": "$lte",
    "$lte": "$gt",
}
_FOLDS: dict[type[exp.Expr], str] = {exp.Lower: "lower", exp.Upper: "upper"}
CONDITIONS = (
    *_COMPARISONS,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.ILike,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.StartsWith,
    exp.EndsWith,
    exp.Contains,
)


class Scope(Protocol):
    """What gives the values of expressions."""

    def value(self, node: exp.Expr) -> Value:
        """The value of an expression. Raises Unfaithful."""
        ...

    def known(self, node: exp.Expr) -> Value | None:
        """The value of an expression that was computed before, such as a group's key."""
        ...


def decided(node: exp.Expr, scope: Scope, truth: bool) -> Code:
    """True where the condition is `truth`, and false where it is not or is NULL."""
    node = node.unnest()
    if isinstance(node, CONDITIONS) and scope.known(node) is None:
        return _decided(node, scope, truth)
    value = scope.value(node)
    if value.kind.name == "null":
        return False
    if value.kind != BOOL:
        raise Unfaithful(f"{value.kind} as a condition")
    return {"$eq": [value.code, truth]}


def condition(node: exp.Expr, scope: Scope) -> Value:
    """The condition as a value: true, false or null."""
    holds, fails = decided(node, scope, truth=True), decided(node, scope, truth=False)
    return Value({"$cond": [holds, True, {"$cond": [fails, False, None]}]}, BOOL)


def _decided(node: exp.Expr, scope: Scope, truth: bool) -> Code:
    match node:
        case exp.Not():
            return decided(node.this, scope, not truth)
        case exp.And() | exp.Or():
            operator = "$and" if isinstance(node, exp.And) == truth else "$or"
            return {operator: [decided(part, scope, truth) for part in node.flatten()]}
        case exp.Is():
            return _is(node, scope, truth)
        case exp.NullSafeEQ() | exp.NullSafeNEQ():
            same = isinstance(node, exp.NullSafeEQ) == truth
            _, (left, right) = alike([scope.value(node.left), scope.value(node.right)])
            return {"$eq" if same else "$ne": [comparable(left), comparable(right)]}
        case exp.In():
            return _in(node, scope, truth)
        case exp.Between():
            return _between(node, scope, truth)
        case exp.Like() | exp.ILike() | exp.StartsWith() | exp.EndsWith() | exp.Contains():
            if node.args.get("negate"):
                truth = not truth
            return _matched(*_pattern(node, scope), truth)
        case _:
            return _compared(_COMPARISONS[type(node)], node, scope, truth)


def _is(node: exp.Is, scope: Scope, truth: bool) -> Code:
    what = node.expression.unnest()
    if node.args.get("negate"):
        truth = not truth
    if isinstance(what, exp.Not):
        what, truth = what.this, not truth
    if isinstance(what, exp.Boolean):
        holds = decided(node.this, scope, bool(what.this))
        return holds if truth else {"$not": [holds]}
    if not isinstance(what, exp.Null):
        raise Unfaithful(f"IS {what.sql('duckdb')}")
    return {"$eq" if truth else "$ne": [scope.value(node.this).code, None]}


def _compared(operator: str, node: exp.Expr, scope: Scope, truth: bool) -> Code:
    folded = _folded(node, scope)
    if folded is not None and operator in {"$eq", "$ne"}:
        value, expression = folded
        return _matched(value, expression, truth == (operator == "$eq"))
    left, right = scope.value(node.this), scope.value(node.expression)
    return compare(operator if truth else _OPPOSITE[operator], left, right)


def _folded(node: exp.Expr, scope: Scope) -> tuple[Value, str] | None:
    """`lower(x) = 'text'` as a match, which is the same over all of Unicode."""
    left, right = node.this.unnest(), node.expression.unnest()
    if isinstance(left, exp.Literal):
        left, right = right, left
    fold = _FOLDS.get(type(left))
    if fold is None or not isinstance(right, exp.Literal) or not right.is_string:
        return None
    return scope.value(left.this), texts.exactly(right.name, fold)


def compare(operator: str, left: Value, right: Value) -> Code:
    """True where the comparison holds; with NULL on a side it does not."""
    _, (left, right) = alike([left, right])
    if operator in {"$gt", "$gte"}:
        operator = "$lt" if operator == "$gt" else "$lte"
        left, right = right, left

    def held(a: Code, b: Code) -> Code:
        tests = [{"$ne": [a, None]}] if left.nullable else []
        if operator == "$ne" and right.nullable:
            tests.append({"$ne": [b, None]})
        if operator == "$eq" and not right.nullable:
            tests = []
        result = {operator: [a, b]}
        return {"$and": [*tests, result]} if tests else result

    return bound([comparable(left), comparable(right)], held)


def _in(node: exp.In, scope: Scope, truth: bool) -> Code:
    if node.args.get("query") is not None or not node.expressions:
        raise Unfaithful("IN of a subquery")
    if type(node.this.unnest()) in _FOLDS:
        parts = [exp.EQ(this=node.this.copy(), expression=one.copy()) for one in node.expressions]
        tests = [decided(part, scope, truth) for part in parts]
        return {"$or" if truth else "$and": tests}
    given = [scope.value(item) for item in node.expressions]
    items = [item for item in given if item.kind.name != "null"]
    if not truth and len(items) < len(given):
        return False
    _, (value, *items) = alike([scope.value(node.this), *items])
    if all(item.constant for item in items):
        return _among(value, [comparable(item) for item in items], truth)
    each = [compare("$eq" if truth else "$ne", value, item) for item in items]
    return {"$or" if truth else "$and": each}


def _among(value: Value, items: list[Code], truth: bool) -> Code:
    """Whether the value is one of literals, none of which is NULL."""
    if truth:
        return {"$in": [comparable(value), items]}

    def outside(v: Code) -> Code:
        out = {"$not": [{"$in": [v, items]}]}
        return {"$and": [{"$ne": [v, None]}, out]} if value.nullable else out

    return bound([comparable(value)], outside)


def _between(node: exp.Between, scope: Scope, truth: bool) -> Code:
    sides = [scope.value(one) for one in (node.this, node.args["low"], node.args["high"])]
    _, (value, low, high) = alike(sides)
    if truth:
        return {"$and": [compare("$gte", value, low), compare("$lte", value, high)]}
    return {"$or": [compare("$lt", value, low), compare("$gt", value, high)]}


def _pattern(node: exp.Expr, scope: Scope) -> tuple[Value, str]:
    """The text that is matched, and the regular expression."""
    literal, subject = node.expression.unnest(), node.this.unnest()
    what = f"{type(node).__name__.upper()} of a pattern"
    wanted = texts.literal_text(scope.value(literal), what)
    if isinstance(node, exp.ILike):
        return scope.value(subject), texts.pattern(_lowered(wanted), "lower")
    if isinstance(node, exp.Like):
        fold = _FOLDS.get(type(subject), "")
        return scope.value(subject.this if fold else subject), texts.pattern(wanted, fold)
    return scope.value(subject), _PIECES[type(node)](wanted)


_PIECES: dict[type[exp.Expr], Callable[[str], str]] = {
    exp.StartsWith: texts.starting,
    exp.EndsWith: texts.ending,
    exp.Contains: texts.holding,
}


def _lowered(like: str) -> str:
    if not like.isascii():
        raise Unfaithful("ILIKE beyond ASCII: MongoDB folds case otherwise than DuckDB")
    return like.lower()


def _matched(value: Value, expression: str, truth: bool) -> Code:
    matched = texts.matches(value, expression)
    if truth:
        return matched
    unmatched = {"$not": [matched]}
    return {"$and": [{"$ne": [value.code, None]}, unmatched]} if value.nullable else unmatched
