"""Expressions of SQL as values: what a column, a literal, an operator or a function gives."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from orchestrator.compile.pipeline import numbers, texts, times
from orchestrator.compile.pipeline.collection import Collection, field_value
from orchestrator.compile.pipeline.truth import CONDITIONS, condition, decided
from orchestrator.compile.pipeline.values import (
    BOOL,
    FLOAT,
    INT,
    MOMENTS,
    NOTHING,
    NULL,
    NUMBERS,
    STRING,
    Kind,
    Unfaithful,
    Value,
    alike,
    bound,
    comparable,
    constant,
    exact_kind,
    from_comparable,
    moment,
    null_when,
    number,
)


class Rows:
    """The values of expressions over the collection's rows, or over groups of them.

    `computed` are expressions that an earlier stage has computed; with no `collection` they are all
    that there is, besides what can be made of them.
    """

    def __init__(
        self, collection: Collection | None, computed: Mapping[exp.Expr, Value] | None = None
    ) -> None:
        self._collection = collection
        self._computed = computed or {}

    def known(self, node: exp.Expr) -> Value | None:
        """The value of an expression that was computed before."""
        return self._computed.get(node)

    def value(self, node: exp.Expr) -> Value:
        """The value of an expression. Raises Unfaithful."""
        node = node.unnest()
        before = self.known(node)
        if before is not None:
            return before
        if isinstance(node, CONDITIONS):
            return condition(node, self)
        translate = _TRANSLATIONS.get(type(node))
        if translate is None:
            raise Unfaithful(f"{_name(node)}: there is no faithful translation for MongoDB")
        return translate(node, self)

    def field(self, node: exp.Column) -> Value:
        """A field of the rows."""
        if self._collection is None:
            raise Unfaithful(f"{node.name}: it is neither grouped by nor inside an aggregate")
        return field_value(self._collection, node.name)

    def holds(self, node: exp.Expr) -> Any:
        """Code that is true where the condition holds, and false where it is false or NULL."""
        return decided(node, self, truth=True)


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).upper()
    return node.sql_name() if isinstance(node, exp.Func) else type(node).__name__.upper()


def _literal(node: exp.Literal, _: Rows) -> Value:
    return constant(node.name, STRING) if node.is_string else number(node.name)


def _kind_of(to: exp.DataType) -> Kind:
    name = to.sql("duckdb").upper()
    if name.startswith("DECIMAL"):
        digits = [part.name for part in to.expressions]
        return exact_kind(f"decimal({','.join(digits)})") if len(digits) == 2 else _default()
    if name not in _KINDS:
        raise Unfaithful(f"CAST as {name}")
    return _KINDS[name]


def _default() -> Kind:
    return Kind("exact", 3, 18)


_KINDS = {
    "BIGINT": INT,
    "DOUBLE": FLOAT,
    "TEXT": STRING,
    "BOOLEAN": BOOL,
    "DATE": Kind("date"),
    "TIMESTAMP": Kind("timestamp"),
    "TIMESTAMPTZ": Kind("timestamptz"),
}


def _cast(node: exp.Cast, rows: Rows) -> Value:
    to, value = _kind_of(node.to), rows.value(node.this)
    if value.kind == to:
        return value
    if value.kind == NULL:
        return Value(None, to, nullable=True, constant=True)
    if to.name in MOMENTS and value.kind == STRING:
        return moment(texts.literal_text(value, f"CAST as {to} of TEXT"), to)
    if to.name in MOMENTS:
        return times.cast_moment(value, to)
    if to.name in NUMBERS:
        return numbers.cast_number(value, to)
    if to == STRING and value.kind == INT and not value.constant:
        return Value({"$toString": value.code}, STRING, value.nullable)
    raise Unfaithful(f"CAST of {value.kind} as {to}: DuckDB and MongoDB write it differently")


def _sum(node: exp.Binary, rows: Rows) -> Value:
    sign = "+" if isinstance(node, exp.Add) else "-"
    left, right = node.left.unnest(), node.right.unnest()
    if isinstance(right, exp.Interval):
        unit = right.args.get("unit")
        amount = right.this.name if isinstance(right.this, exp.Literal) else ""
        shift = 1 if sign == "+" else -1
        return times.shifted(rows.value(left), shift, amount, unit.name if unit else "")
    return numbers.arithmetic(sign, rows.value(left), rows.value(right))


def _coalesce(node: exp.Coalesce, rows: Rows) -> Value:
    kind, values = alike([rows.value(one) for one in (node.this, *node.expressions)])
    nullable = all(value.nullable for value in values)
    return Value({"$ifNull": [value.code for value in values] + [None]}, kind, nullable)


def _nullif(node: exp.Nullif, rows: Rows) -> Value:
    first = rows.value(node.this)
    _, (left, right) = alike([first, rows.value(node.expression)])

    def unequal(value: Any, a: Any, b: Any) -> Any:
        return null_when({"$eq": [a, b]}, value)

    code = bound([first.code, comparable(left), comparable(right)], unequal)
    return Value(code, first.kind)


def _case(node: exp.Case, rows: Rows) -> Value:
    ifs = [one for one in node.args["ifs"] if isinstance(one, exp.If)]
    tests = [
        exp.EQ(this=node.this.copy(), expression=one.this.copy()) if node.this else one.this
        for one in ifs
    ]
    return _chosen(tests, [one.args["true"] for one in ifs], node.args.get("default"), rows)


def _if(node: exp.If, rows: Rows) -> Value:
    return _chosen([node.this], [node.args["true"]], node.args.get("false"), rows)


def _chosen(
    tests: Sequence[exp.Expr],
    results: Sequence[exp.Expr],
    default: exp.Expr | None,
    rows: Rows,
) -> Value:
    last = rows.value(default) if default is not None else NOTHING
    kind, values = alike([*(rows.value(one) for one in results), last])
    *then, last = values
    branches = [
        {"case": rows.holds(test), "then": value.code}
        for test, value in zip(tests, then, strict=True)
    ]
    code = {"$switch": {"branches": branches, "default": last.code}}
    return Value(code, kind, any(value.nullable for value in values))


def _extreme(operator: str) -> Callable[[Any, Rows], Value]:
    def extreme(node: exp.Func, rows: Rows) -> Value:
        kind, values = alike([rows.value(one) for one in (node.this, *node.expressions)])
        code = {operator: [comparable(value) for value in values]}
        return Value(from_comparable(code, kind), kind, all(value.nullable for value in values))

    return extreme


def _round(node: exp.Round, rows: Rows) -> Value:
    decimals = node.args.get("decimals")
    places = rows.value(decimals) if decimals is not None else constant(0, INT)
    if not places.constant or places.kind != INT or abs(places.code) > 15:
        raise Unfaithful("ROUND to places that are no literal")
    return numbers.rounded(rows.value(node.this), places.code)


def _whole(operator: str) -> Callable[[Any, Rows], Value]:
    def whole(node: exp.Func, rows: Rows) -> Value:
        if node.args.get("decimals") is not None:
            raise Unfaithful(f"{_name(node)} with places")
        return numbers.whole(operator, rows.value(node.this))

    return whole


def _concat(node: exp.Concat, rows: Rows) -> Value:
    return texts.concatenated([rows.value(one) for one in node.expressions])


def _substring(node: exp.Substring, rows: Rows) -> Value:
    count, start = node.args.get("length"), node.args.get("start")
    return texts.substring(
        rows.value(node.this),
        rows.value(start) if start is not None else constant(1, INT),
        rows.value(count) if count is not None else None,
    )


def _trim(node: exp.Trim, rows: Rows) -> Value:
    taken = node.args.get("expression")
    characters = rows.value(taken) if taken is not None else None
    return texts.trimmed(rows.value(node.this), node.args.get("position") or "", characters)


def _replace(node: exp.Replace, rows: Rows) -> Value:
    by = node.args.get("replacement")
    replacement = rows.value(by) if by is not None else constant("", STRING)
    return texts.replaced(rows.value(node.this), rows.value(node.expression), replacement)


def _folding(node: exp.Expr, _: Rows) -> Value:
    name = "lower" if isinstance(node, exp.Lower) else "upper"
    raise Unfaithful(f"{name.upper()}: MongoDB {name}-cases ASCII letters alone")


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return unit.name if isinstance(unit, exp.Var | exp.Literal) else str(unit)


def _trunc(node: exp.Expr, rows: Rows) -> Value:
    if node.args.get("zone") is not None:
        raise Unfaithful("DATE_TRUNC with a zone")
    return times.truncated(rows.value(node.this), _unit(node))


def _zone(node: exp.AtTimeZone, rows: Rows) -> Value:
    zone = texts.literal_text(rows.value(node.args["zone"]), "AT TIME ZONE of a zone")
    return times.in_zone(rows.value(node.this), zone)


def _difference(node: exp.DateDiff, rows: Rows) -> Value:
    return times.difference(_unit(node), rows.value(node.expression), rows.value(node.this))


_TRANSLATIONS: dict[type[exp.Expr], Callable[[Any, Rows], Value]] = {
    exp.Column: lambda node, rows: rows.field(node),
    exp.Literal: _literal,
    exp.Null: lambda _node, _rows: NOTHING,
    exp.Boolean: lambda node, _: constant(bool(node.this), BOOL),
    exp.Cast: _cast,
    exp.Add: _sum,
    exp.Sub: _sum,
    exp.Mul: lambda n, rows: numbers.arithmetic("*", rows.value(n.this), rows.value(n.expression)),
    exp.Div: lambda n, rows: numbers.quotient(rows.value(n.this), rows.value(n.expression)),
    exp.Mod: lambda n, rows: numbers.remainder(rows.value(n.this), rows.value(n.expression)),
    exp.Neg: lambda node, rows: numbers.negative(rows.value(node.this)),
    exp.Abs: lambda node, rows: numbers.absolute(rows.value(node.this)),
    exp.Round: _round,
    exp.Floor: _whole("$floor"),
    exp.Ceil: _whole("$ceil"),
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.Case: _case,
    exp.If: _if,
    exp.Greatest: _extreme("$max"),
    exp.Least: _extreme("$min"),
    exp.Length: lambda node, rows: texts.length(rows.value(node.this)),
    exp.DPipe: lambda n, rows: texts.joined([rows.value(n.this), rows.value(n.expression)]),
    exp.Concat: _concat,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.Replace: _replace,
    exp.Lower: _folding,
    exp.Upper: _folding,
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.Extract: lambda node, rows: times.part(rows.value(node.expression), node.this.name),
    exp.Year: lambda node, rows: times.part(rows.value(node.this), "year"),
    exp.Quarter: lambda node, rows: times.part(rows.value(node.this), "quarter"),
    exp.Month: lambda node, rows: times.part(rows.value(node.this), "month"),
    exp.Day: lambda node, rows: times.part(rows.value(node.this), "day"),
    exp.DateDiff: _difference,
    exp.AtTimeZone: _zone,
}
