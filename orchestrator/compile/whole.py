"""A query whose entities all lie in one source goes there whole, as one SELECT.

Only where it means the same there: functions are an allow-list, text is never ordered or compared
by a collation other than C, and every output is cast to its canonical type.
"""

from typing import Any

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from adapters.base import Capabilities
from adapters.query import OutputColumn, SqlQuery
from orchestrator.compile.native import native_column, parameter, pushable_words, relation_of
from orchestrator.compile.predicate import literal
from orchestrator.compile.resolve import Leaf, Resolved, sql_type, typed

_FUNCTIONS = (
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.Coalesce,
    exp.Nullif,
    exp.Abs,
    exp.Case,
    exp.If,
    exp.Exists,
    exp.And,
    exp.Or,
    exp.Cast,
    exp.DateTrunc,
    exp.TimestampTrunc,
)
_OTHER = (exp.Div, exp.Mod, exp.IntDiv, exp.Interval, exp.ILike, exp.DPipe, exp.SetOperation)
_WORDS = {
    "BIGINT": "int64",
    "INT": "int64",
    "HUGEINT": "int64",
    "INT128": "int64",
    "DOUBLE": "float64",
    "DECIMAL": "decimal",
    "TEXT": "string",
    "VARCHAR": "string",
    "BOOLEAN": "bool",
    "DATE": "date",
    "TIMESTAMPTZ": "timestamptz",
    "TIMESTAMP": "timestamp",
}
_ORDERED_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Min, exp.Max)


def whole(resolved: Resolved, capabilities: dict[str, Capabilities]) -> SqlQuery | None:
    """The one query of a plan that has one source, or None when it must be split."""
    sources = {leaf.entity.home for leaf in resolved.leaves}
    if len(sources) != 1 or capabilities[next(iter(sources))].dialect != "postgres":
        return None
    if not all(_plain(leaf) for leaf in resolved.leaves) or not _same_meaning(resolved.tree):
        return None
    schema: dict[str, object] = {leaf.name: typed(leaf.entity) for leaf in resolved.leaves}
    tree = annotate_types(resolved.tree.copy(), schema=schema, dialect="duckdb")
    columns = _columns(tree)
    if columns is None or not _collate(tree):
        return None
    relations: set[str] = set()
    leaves = {id(leaf.table): leaf for leaf in resolved.leaves}
    originals, copies = list(resolved.tree.find_all(exp.Table)), list(tree.find_all(exp.Table))
    for original, table in zip(originals, copies, strict=True):
        leaf = leaves.get(id(original))
        if leaf is None:
            continue
        binding = leaf.entity.bindings[leaf.entity.home]
        relations.add(binding.relation)
        inner = exp.select(
            *(
                exp.alias_(native_column(binding.fields[field].path), field, quoted=True)
                for field in leaf.fields or leaf.entity.key
            )
        ).from_(relation_of(binding.relation))
        table.replace(inner.subquery(exp.to_identifier(leaf.alias, quoted=True)))
    parameters: list[Any] = []
    _bind_literals(tree, parameters)
    _cast_outputs(tree, columns)
    return SqlQuery(
        relations=tuple(sorted(relations)),
        columns=columns,
        text=tree.sql("postgres"),
        parameters=tuple(parameters),
    )


def _plain(leaf: Leaf) -> bool:
    words = pushable_words(leaf.entity, leaf.entity.bindings[leaf.entity.home])
    return leaf.search is None and all(field in words for field in leaf.fields)


def _same_meaning(tree: exp.Query) -> bool:
    if not isinstance(tree, exp.Select) or any(tree.find_all(exp.Window, *_OTHER)):
        return False
    for node in tree.find_all(exp.Func):
        if not isinstance(node, _FUNCTIONS):
            return False
    for cast in tree.find_all(exp.Cast):
        if not isinstance(cast.this, exp.Literal):
            return False
    return all("\\" not in like.expression.name for like in tree.find_all(exp.Like))


def _columns(tree: exp.Query) -> tuple[OutputColumn, ...] | None:
    found: list[OutputColumn] = []
    for projection in tree.selects:
        kind = projection.type
        word = _WORDS.get(kind.this.name) if kind is not None else None
        if word == "decimal" and kind is not None and len(kind.expressions) == 2:
            word = "decimal(" + ",".join(part.name for part in kind.expressions) + ")"
        if word is None:
            return None
        found.append(OutputColumn(name=projection.alias_or_name, type=word))
    return tuple(found)


def _is_text(node: exp.Expr | None) -> bool:
    return node is not None and node.type is not None and node.is_type(*exp.DataType.TEXT_TYPES)


def _collate(tree: exp.Query) -> bool:
    """Order text by code point, as the join does; False where that can't be said."""
    for node in tree.find_all(*_ORDERED_COMPARISONS):
        if _is_text(node.this):
            return False
    for node in tree.find_all(exp.TimestampTrunc, exp.DateTrunc):
        if node.this.type is None or not node.this.is_type("timestamptz", "timestamp"):
            return False
    for ordered in list(tree.find_all(exp.Ordered)):
        select = ordered.find_ancestor(exp.Select)
        key = ordered.this
        if isinstance(key, exp.Column) and not key.table and select is not None:
            named = [p for p in select.selects if p.alias_or_name == key.name]
            key = named[0].unalias() if named else key
        if not _is_text(key):
            continue
        if not isinstance(key, exp.Column) or select is None or select.args.get("distinct"):
            return False
        ordered.set("this", exp.Collate(this=key.copy(), expression=exp.to_identifier("C", True)))
    return True


def _bind_literals(tree: exp.Query, parameters: list[Any]) -> None:
    casts = {"TIMESTAMPTZ": "timestamptz", "TIMESTAMP": "timestamp", "DATE": "date"}
    for cast in list(tree.find_all(exp.Cast)):
        word = casts.get(cast.to.this.name)
        value = literal(cast, word) if word else None
        if value is not None:
            cast.set("this", parameter(value, parameters))
    for node in list(tree.find_all(exp.Literal)):
        if node.is_string and not isinstance(node.parent, exp.TimestampTrunc | exp.DateTrunc):
            bound = parameter(node.name, parameters)
            node.replace(exp.cast(bound, "text"))


def _cast_outputs(tree: exp.Query, columns: tuple[OutputColumn, ...]) -> None:
    for projection, column in zip(list(tree.selects), columns, strict=True):
        inner = projection.unalias()
        if inner.find(exp.AggFunc, exp.Binary):
            kind = sql_type(column.type)
            projection.replace(exp.alias_(exp.cast(inner.copy(), kind), column.name, quoted=True))
