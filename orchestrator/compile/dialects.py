"""A query over entities to SQL in a source's dialect: physical names, bound literals, the same
meaning. What `meaning.difference` lets through is written here so that it is true.
"""

import uuid
from collections.abc import Collection
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from adapters.query import KEYS, OutputColumn, SqlQuery
from orchestrator.compile.kinds import COMPARISONS, family
from orchestrator.compile.predicate import literal
from orchestrator.compile.resolve import Leaf
from orchestrator.compile.shapes import sql_type

_MOMENTS = {
    "TIMESTAMPTZ": "timestamptz",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPNTZ": "timestamp",
    "DATE": "date",
}
_BOUND = (*COMPARISONS, exp.In, exp.Between)
_CONSTANT = (exp.TimestampTrunc, exp.DateTrunc, exp.Interval, exp.AtTimeZone)
_DOUBLES = (
    exp.Avg,
    exp.Stddev,
    exp.StddevSamp,
    exp.StddevPop,
    exp.Variance,
    exp.VariancePop,
)
_CHOICES = (exp.Coalesce, exp.Nullif, exp.If, exp.Case, exp.Greatest, exp.Least)
_WIDENED: dict[str, tuple[str, tuple[type[exp.Expr], ...]]] = {
    "text": ("text", (*_CHOICES, exp.Like, exp.Length, exp.Substring)),
    "float": ("double", (*_CHOICES, exp.Add, exp.Sub, exp.Mul, exp.In)),
}
"""Where a column is widened before it meets others: an enum, a char(n), a real."""
_COMPARED = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)


def write(
    query: exp.Query,
    leaves: dict[int, Leaf],
    source: str,
    columns: tuple[OutputColumn, ...],
    dialect: str,
    fed: tuple[Leaf, str] | None = None,
) -> SqlQuery:
    """The SQL that gives `columns` of a typed query whose tables are all in `leaves` (by id) and in
    one source; `fed` bounds a leaf's field by keys that are known later."""
    tree, read = _copied(query, leaves)
    relations = sorted({leaf.entity.bindings[source].relation for leaf in read.values()})
    parameters: list[Any] = []
    if fed is not None:
        _feed(tree, read, fed, dialect, parameters)
    _name_physically(tree, read, source)
    if dialect == "postgres":
        _as_in_duckdb(tree)
    _bind_literals(tree, parameters, dialect)
    tree = _cast_outputs(tree, [(column.name, _kind(column, dialect)) for column in columns])
    return SqlQuery(
        relations=tuple(relations),
        columns=columns,
        text=tree.sql(dialect, copy=False),
        parameters=tuple(parameters),
    )


def _copied(query: exp.Query, leaves: dict[int, Leaf]) -> tuple[exp.Query, dict[int, Leaf]]:
    """A copy of a query, and its leaves by the ids of the copy's tables."""
    tree = query.copy()
    pairs = zip(query.find_all(exp.Table), tree.find_all(exp.Table), strict=True)
    return tree, {id(new): leaves[id(old)] for old, new in pairs if id(old) in leaves}


def _name_physically(tree: exp.Query, leaves: dict[int, Leaf], source: str) -> None:
    for scope in traverse_scope(tree):
        for alias, table in scope.sources.items():
            leaf = leaves.get(id(table))
            if leaf is None or not isinstance(table, exp.Table):
                continue
            binding = leaf.entity.bindings[source]
            for column in scope.source_columns(alias):
                path = binding.fields[column.name].path
                column.set("this", exp.to_identifier(path, quoted=True))
            schema, _, name = binding.relation.rpartition(".")
            table.set("this", exp.to_identifier(name, quoted=True))
            table.set("db", exp.to_identifier(schema, quoted=True) if schema else None)


def _feed(
    tree: exp.Query,
    leaves: dict[int, Leaf],
    fed: tuple[Leaf, str],
    dialect: str,
    parameters: list[Any],
) -> None:
    leaf, field = fed
    table = next(t for t in tree.find_all(exp.Table) if leaves.get(id(t)) is leaf)
    select = table.find_ancestor(exp.Select)
    assert select is not None
    column = exp.column(field, table=leaf.alias, quoted=True)
    parameters.append(KEYS)
    hole: exp.Expr = exp.Parameter(this=exp.Literal.number(len(parameters)))
    if dialect == "sqlite":
        keys = f"SELECT value FROM json_each({hole.sql(dialect)})"
        bound: exp.Expr = column.isin(query=keys, dialect="sqlite")
    else:
        if dialect == "postgres" and leaf.entity.fields[field].type == "int64":
            hole = exp.cast(hole, "BIGINT[]")  # a key may not fit into the column's own type
        bound = exp.EQ(this=column, expression=exp.Any(this=exp.paren(hole)))
    select.where(bound, copy=False)


def parameter(value: Any, parameters: list[Any], others: Collection[int] = ()) -> exp.Expr:
    """The placeholder `$n` of a value; equal values of one type share one, but none of `others`."""
    same = (
        index
        for index, known in enumerate(parameters)
        if type(known) is type(value) and known == value and index not in others
    )
    index = next(same, len(parameters))
    if index == len(parameters):
        parameters.append(value)
    return exp.Parameter(this=exp.Literal.number(index + 1))


def _bind_literals(tree: exp.Query, parameters: list[Any], dialect: str) -> None:
    """Literals become parameters: moments and text. DuckDB wants the formats and patterns of its
    functions constant, so there only what is compared is bound."""
    for cast in list(tree.find_all(exp.Cast)):
        word = _MOMENTS.get(cast.to.this.name)
        value = literal(cast, word) if word else None
        if value is not None:
            cast.set("this", parameter(value, parameters))
    texts = [
        node
        for node in tree.find_all(exp.Literal)
        if node.is_string
        and not isinstance(node.parent, _CONSTANT)
        and (dialect != "duckdb" or isinstance(node.parent, _BOUND))
    ]
    beside = [node for node in texts if _beside_column(node)]
    apart = [node for node in texts if not _beside_column(node)]
    known = len(parameters)
    for node in beside:
        node.replace(parameter(node.name, parameters))
    columns_own = range(known, len(parameters))  # their types are those of the columns
    for node in apart:
        node.replace(exp.cast(parameter(node.name, parameters, columns_own), "text"))


def _beside_column(node: exp.Expr) -> bool:
    """True where a column says of what type a parameter is, which may be an enum or a uuid."""
    if isinstance(node.parent, exp.In):
        return isinstance(node.parent.this, exp.Column)
    sides = (
        (node.parent.this, node.parent.expression) if isinstance(node.parent, exp.Binary) else ()
    )
    return isinstance(node.parent, exp.EQ | exp.NEQ | exp.Like) and any(
        isinstance(side, exp.Column) for side in sides
    )


def _as_in_duckdb(tree: exp.Query) -> None:
    """PostgreSQL's SQL with DuckDB's meaning: text by code points, numbers of DuckDB's types."""
    for select in list(tree.find_all(exp.Select)):
        _order_by_code_points(select)
    _compare_as_text(tree)
    for column in list(tree.find_all(exp.Column)):
        wide, places = _WIDENED.get(family(column), ("", ()))
        if isinstance(column.parent, places):
            _cast(column, wide)
    for node in reversed(list(tree.walk(bfs=False))):
        _adapt(node)


def _compare_as_text(tree: exp.Query) -> None:
    """Beside texts that a uuid or a char(n) would take for others: in capitals, with blanks."""
    for node in list(tree.find_all(exp.Literal)):
        if _beside_column(node) and node.is_string and not _is_itself(node.name):
            sides = (node.parent.this, node.parent.args.get("expression")) if node.parent else ()
            for side in sides:
                if isinstance(side, exp.Column):
                    _cast(side, "text")


def _is_itself(text: str) -> bool:
    """Whether a text is the only one of its value, were it a UUID or filled up with blanks."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return not text.endswith(" ")


def _order_by_code_points(select: exp.Select) -> None:
    order = select.args.get("order")
    for ordered in order.expressions if order is not None else []:
        key = ordered.this
        named: list[exp.Expr] = []
        if isinstance(key, exp.Column) and not key.table:
            named = [p.unalias() for p in select.selects if p.alias_or_name == key.name]
        value = named[0] if named else key
        if family(value) == "text":
            ordered.set("this", value.copy())
            _by_code_points(ordered.this)


def _by_code_points(node: exp.Expr) -> None:
    if isinstance(node, exp.Column):
        _cast(node, "text")
        node = node.parent or node
    elif isinstance(node, exp.Binary):
        _wrap(node, exp.Paren(this=exp.null()))
        node = node.parent or node
    collated = exp.Collate(this=exp.null(), expression=exp.to_identifier("C", quoted=True))
    _wrap(node, collated)


def _cast(node: exp.Expr, kind: str) -> None:
    _wrap(node, exp.Cast(this=exp.null(), to=exp.DataType.build(kind)))


def _wrap(node: exp.Expr, around: exp.Expr) -> None:
    around.type = around.args.get("to") or node.type
    node.replace(around)
    around.set("this", node)


def _whole_call(node: exp.Expr) -> exp.Expr:
    """An aggregate with its FILTER."""
    return node.parent if isinstance(node.parent, exp.Filter) else node


def _summed(aggregate: exp.Expr) -> exp.Expr:
    """An aggregate's argument, with or without DISTINCT before it."""
    argument = aggregate.this
    return argument.expressions[0] if isinstance(argument, exp.Distinct) else argument


def _is_whole(node: exp.Extract | exp.Sub) -> bool:
    """A part of a moment, or the days between two dates."""
    return isinstance(node, exp.Extract) or family(node.this) == family(node.expression) == "date"


def _adapt(node: exp.Expr) -> None:
    match node:
        case exp.Min() | exp.Max() if family(_summed(node)) == "text":
            _by_code_points(_summed(node))
        case _ if isinstance(node, _COMPARED) and family(node.this) == "text":
            _by_code_points(node.this)
        case exp.Sum() if family(_summed(node)) == "float":
            _cast(_summed(node), "double")
        case _ if isinstance(node, _DOUBLES):
            _cast(_whole_call(node), "double")
        case exp.Add() | exp.Sub() | exp.Mul() if (
            family(node.this) == family(node.expression) == "int"
        ):
            _cast(node.this, "bigint")
        case exp.Literal() if not node.is_string and "e" in node.name.lower():
            _cast(node, "double")
        case exp.Div():
            _cast(node.this, "double")
            _cast(node.expression, "double")
        case exp.Year() | exp.Quarter() | exp.Month() | exp.Day():
            part = exp.Extract(this=exp.var(node.sql_name()), expression=node.this.copy())
            node.replace(part)
            _cast(part, "bigint")
        case exp.Extract() | exp.Sub() if _is_whole(node):
            _cast(node, "bigint")
        case exp.TimestampTrunc() | exp.DateTrunc() if family(node.this) == "date":
            _cast(node.this, "timestamp")
        case _:
            pass


def _cast_outputs(tree: exp.Query, columns: list[tuple[str, str]]) -> exp.Query:
    """Every computed output as its canonical type."""
    if not isinstance(tree, exp.Select):
        chosen = [
            exp.alias_(exp.cast(exp.column(name, "q", quoted=True), kind), name, quoted=True)
            for name, kind in columns
        ]
        return exp.select(*chosen).from_(tree.subquery("q", copy=False), copy=False)
    for projection, (name, kind) in zip(list(tree.selects), columns, strict=True):
        inner = projection.unalias()
        if not isinstance(inner, exp.Column):
            projection.replace(exp.alias_(exp.cast(inner.copy(), kind), name, quoted=True))
    return tree


def _kind(column: OutputColumn, dialect: str) -> str:
    """The type that a source gives a column: PostgreSQL's decimals have the digits that they have,
    so that too many are refused as they are read, and not cut off."""
    exact = column.type.startswith("decimal") and dialect == "postgres"
    return "DECIMAL" if exact or column.type == "decimal" else sql_type(column.type)
