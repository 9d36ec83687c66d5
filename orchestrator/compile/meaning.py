"""Where SQL means the same in a source as in DuckDB: the reason why a part does not, or None.

Each dialect has an allow-list of nodes; what is not on it stays in the join. The tree must be
typed. What differs, by the manuals of PostgreSQL 18 and DuckDB 2.0: collations order text, division
of integers and by zero, LIKE's backslash, lower() beyond ASCII, regular expressions, rounding.
"""

from sqlglot import exp

from adapters.base import Capabilities
from orchestrator.compile.casts import cast_difference
from orchestrator.compile.kinds import (
    COMPARISONS,
    MOMENTS,
    NUMBERS,
    ZONE,
    compare_alike,
    distinct_on,
    family,
)

_SHARED: tuple[type[exp.Expr], ...] = (
    exp.Column,
    exp.Identifier,
    *(exp.Literal, exp.Boolean, exp.Null),
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    *COMPARISONS,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Neg,
    exp.DataType,
    exp.DataTypeParam,
    exp.Cast,
)
_POSTGRES: tuple[type[exp.Expr], ...] = (
    *_SHARED,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Query,
    exp.From,
    exp.Join,
    exp.Where,
    exp.Group,
    exp.GroupingSets,
    exp.Cube,
    exp.Rollup,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Offset,
    exp.With,
    exp.CTE,
    exp.Distinct,
    exp.Table,
    exp.TableAlias,
    exp.Alias,
    exp.Star,
    exp.Filter,
    exp.Tuple,
    exp.Exists,
    exp.Case,
    exp.If,
    exp.Interval,
    exp.IntervalSpan,
    exp.Var,
    exp.Like,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.DPipe,
    exp.Coalesce,
    exp.Nullif,
    exp.Greatest,
    exp.Least,
    exp.Abs,
    exp.Length,
    exp.Substring,
    exp.Extract,
    *(exp.Year, exp.Quarter, exp.Month, exp.Day),
    exp.TimestampTrunc,
    exp.DateTrunc,
    exp.AtTimeZone,
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.StddevSamp,
    exp.Stddev,
    exp.StddevPop,
    exp.Variance,
    exp.VariancePop,
)
_NODES: dict[str, tuple[type[exp.Expr], ...]] = {
    "postgres": _POSTGRES,
    "sqlite": _SHARED,
}
_PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOY", "DOW", "HOUR", "MINUTE"})
_UNITS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"})
_GROUPED = (exp.Group, exp.GroupingSets, exp.Cube, exp.Rollup)


def difference(tree: exp.Expr, capabilities: Capabilities) -> str | None:
    """The first reason, in words, why a typed tree does not mean the same in a source's SQL."""
    dialect = capabilities.dialect
    if dialect == "duckdb":
        return "pseudonyms are made in the join" if tree.find(exp.Anonymous) else None
    allowed = _NODES.get(dialect or "", ())
    for node in tree.walk():
        if not isinstance(node, allowed):
            return f"{_named(node)} may differ in {dialect}"
        said = _check(node, dialect or "")
        if said is not None:
            return said
    return None


def _named(node: exp.Expr) -> str:
    return node.sql_name() if isinstance(node, exp.Func) else type(node).__name__.upper()


def _check(node: exp.Expr, dialect: str) -> str | None:
    ordered = isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Between)
    if ordered and dialect == "sqlite" and family(node.this) not in {"int", "float"}:
        return "SQLite orders only numbers as DuckDB does"
    if isinstance(node, exp.Cast):
        return cast_difference(node, dialect)
    if dialect == "sqlite" and _is_mixed(node):
        return "SQLite compares whole numbers with others exactly"
    for kinds, check in _CHECKS:
        if isinstance(node, kinds):
            return check(node)
    return None


def _is_mixed(node: exp.Expr) -> bool:
    """True where a whole number stands beside a float, as which DuckDB compares it."""
    sides = (node.this, node.args.get("expression")) if isinstance(node, exp.Binary) else ()
    return {family(one) for one in sides if one is not None} == {"int", "float"}


def _like(node: exp.Expr) -> str | None:
    pattern = node.args["expression"]
    plain = isinstance(pattern, exp.Literal) and "\\" not in pattern.name
    return None if plain else "a pattern with a backslash may differ"


def _binary(node: exp.Expr) -> str | None:
    """Arithmetic on numbers, and days or moments moved by an interval."""
    left, right = family(node.this), family(node.args["expression"])
    if {left, right} <= NUMBERS:
        return None
    if isinstance(node, exp.Mul):
        return "a product of other than numbers may differ"
    moved = node.args["expression"]
    if isinstance(moved, exp.Interval) and left in MOMENTS:
        return None if _is_whole(moved) else "an interval of other than whole units may differ"
    if isinstance(node, exp.Sub) and left == right == "date":
        return None
    return "arithmetic on these types may differ"


def _is_whole(interval: exp.Interval) -> bool:
    """True for `INTERVAL 3 DAY`: DuckDB and PostgreSQL make other things of 1.5 months."""
    amount = interval.this
    return isinstance(amount, exp.Literal) and amount.name.isdecimal() and _unit(interval) in _UNITS


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return unit.name.upper().removesuffix("S") if isinstance(unit, exp.Expr) else ""


def _division(node: exp.Expr) -> str | None:
    divisor = node.args["expression"].unnest()
    if isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.name) != 0:
        return None
    return "a division by zero differs"


def _text_alone(node: exp.Expr) -> str | None:
    same = family(node.this) == family(node.args["expression"]) == "text"
    return None if same else "|| of other than text may differ"


def _compared(node: exp.Expr) -> str | None:
    """All sides of a comparison known, and of types that compare the same everywhere."""
    others = [node.args.get(side) for side in ("expression", "low", "high")]
    pairs = (compare_alike(node.this, one) for one in (*others, *node.expressions) if one)
    return None if all(pairs) else "a comparison of these types may differ"


def _bounded(node: exp.Expr) -> str | None:
    start, length = node.args.get("start"), node.args.get("length")
    counted = [one for one in (start, length) if one is not None]
    good = all(isinstance(one, exp.Literal) and one.is_int for one in counted)
    positive = start is not None and good and int(start.name) >= 1
    return None if positive and family(node.this) == "text" else "SUBSTRING may differ here"


def _part(node: exp.Expr) -> str | None:
    named = node.this.name.upper() if isinstance(node, exp.Extract) else "YEAR"
    value = node.args["expression"] if isinstance(node, exp.Extract) else node.this
    moment = family(value) in MOMENTS
    if moment and named in _PARTS and not (family(value) == "date" and named in {"HOUR", "MINUTE"}):
        return None
    return f"EXTRACT of {named.lower()} may differ"


def _truncated(node: exp.Expr) -> str | None:
    same = family(node.this) in MOMENTS and _unit(node) in _UNITS
    return None if same else f"DATE_TRUNC to {_unit(node).lower()} may differ"


def _in_zone(node: exp.Expr) -> str | None:
    zone = node.args["zone"]
    named = isinstance(zone, exp.Literal) and ZONE.fullmatch(zone.name) is not None
    same = named and family(node.this) == "timestamptz"
    return None if same else "AT TIME ZONE of this may differ"


def _row_value(node: exp.Expr) -> str | None:
    """DuckDB compares rows of values as one, in which NULL equals NULL."""
    return None if isinstance(node.parent, _GROUPED) else "a row of values may differ"


def _numbers(node: exp.Expr) -> str | None:
    value = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    return None if family(value) in NUMBERS else "a sum of this may differ"


def _extreme(node: exp.Expr) -> str | None:
    known = family(node.this) not in {"", "bool"} and not node.expressions
    return None if known else "MIN and MAX of this may differ"


def _counted(node: exp.Expr) -> str | None:
    distinct = node.this
    several = isinstance(distinct, exp.Distinct) and len(distinct.expressions) > 1
    return "COUNT of several columns may differ" if several else None


def _one_type(node: exp.Expr) -> str | None:
    """COALESCE, CASE and the like give one type; a mixture would be cast differently."""
    if isinstance(node, exp.Case):
        values = [branch.args["true"] for branch in node.args["ifs"]]
        values += [node.args["default"]] if node.args.get("default") else []
        if node.this is not None:
            return "CASE with an operand may differ"
    else:
        values = [node.this, *node.expressions]
        values += [node.args["expression"]] if node.args.get("expression") else []
    kinds = {family(value) for value in values if not isinstance(value, exp.Null)}
    if "" not in kinds and (len(kinds) == 1 or kinds <= {"int", "decimal"}):
        if isinstance(node, exp.Greatest | exp.Least) and "text" in kinds:
            return "the order of text may differ"
        return None
    return f"{_named(node)} of several types may differ"


def _joined(node: exp.Expr) -> str | None:
    kind = (node.args.get("kind") or "").upper()
    plain = kind in {"", "INNER", "CROSS", "OUTER"} and not node.args.get("method")
    return None if plain else f"{kind or node.args.get('method')} JOIN may differ"


def _selected(node: exp.Expr) -> str | None:
    return "DISTINCT ON may differ" if distinct_on(node) else None


def _united(node: exp.Expr) -> str | None:
    odd = any(node.args.get(part) for part in ("by_name", "side", "kind", "on"))
    return "UNION by names may differ" if odd else None


def _ordered(node: exp.Expr) -> str | None:
    """Text is ordered by code points, which takes an expression: not after DISTINCT or UNION."""
    query = node.parent
    if isinstance(query, exp.SetOperation):
        return "the order of a UNION may differ"
    if not isinstance(query, exp.Select) or not query.args.get("distinct"):
        return None
    values = {p.alias_or_name: p.unalias() for p in query.selects}
    for ordered in node.expressions:
        key = ordered.this
        if not isinstance(key, exp.Column) or key.table or family(values[key.name]) == "text":
            return "the order of distinct values may differ"
    return None


_CHECKS = (
    (exp.Like, _like),
    (exp.Div, _division),
    ((exp.Add, exp.Sub, exp.Mul), _binary),
    (exp.DPipe, _text_alone),
    ((*COMPARISONS, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Between), _compared),
    (exp.Substring, _bounded),
    ((exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day), _part),
    ((exp.TimestampTrunc, exp.DateTrunc), _truncated),
    (exp.AtTimeZone, _in_zone),
    (exp.Tuple, _row_value),
    ((exp.Sum, exp.Avg, exp.Stddev, exp.StddevSamp, exp.StddevPop), _numbers),
    ((exp.Variance, exp.VariancePop), _numbers),
    ((exp.Min, exp.Max), _extreme),
    (exp.Count, _counted),
    ((exp.Case, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least), _one_type),
    (exp.Join, _joined),
    (exp.Select, _selected),
    (exp.Order, _ordered),
    (exp.SetOperation, _united),
)
