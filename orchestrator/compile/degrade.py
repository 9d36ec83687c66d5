"""The join SQL when some fetches failed: what can still be said without them, and what is lost.

A condition that needs a failed fetch is left out; a joined entity that failed gives empty columns.
When a query reads FROM a failed fetch, there is nothing left to say.
"""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from orchestrator.compile.parse import FETCHED
from orchestrator.compile.predicate import conjuncts


@dataclass(frozen=True, slots=True)
class Degraded:
    """SQL that runs on what came, and the losses in words."""

    sql: str
    losses: tuple[str, ...]


def degrade(join_sql: str, failed: set[str], optional: frozenset[str]) -> Degraded | None:
    """The join without `failed` steps, whose tables must exist and be empty; None when it can't be.

    `optional` steps only add columns, so an empty table is all that they need.
    """
    tree = sqlglot.parse_one(join_sql, read="duckdb")
    tables = {FETCHED + step for step in failed - optional}
    losses: list[str] = []
    for select in list(tree.find_all(exp.Select)):
        if select.find_ancestor(exp.Query) is not None and _is_gone(select, tables):
            continue
        losses += _drop_conditions(select, tables)
        losses += _empty_joins(select, tables)
    if any(_reads_from(select, tables) for select in tree.find_all(exp.Select)):
        return None
    return Degraded(tree.sql("duckdb"), tuple(dict.fromkeys(losses)))


def _is_gone(node: exp.Expr, tables: set[str]) -> bool:
    """True when a query's own FROM rests on a failed fetch."""
    return isinstance(node, exp.Select) and _reads_from(node, tables)


def _reads_from(select: exp.Select, tables: set[str]) -> bool:
    from_ = select.args.get("from_") or select.args.get("from")
    if from_ is None or _is_left_joined(select):
        return False
    return any(table.name in tables for table in from_.find_all(exp.Table))


def _is_left_joined(select: exp.Select) -> bool:
    """True inside a left-joined relation, where no rows mean empty columns."""
    node: exp.Expr | None = select
    while node is not None:
        if isinstance(node, exp.Join):
            return (node.side or "").upper() == "LEFT"
        node = node.parent
    return False


def _mentions(node: exp.Expr, tables: set[str]) -> bool:
    return any(table.name in tables for table in node.find_all(exp.Table))


def _drop_conditions(select: exp.Select, tables: set[str]) -> list[str]:
    where = select.args.get("where")
    if where is None:
        return []
    kept = [part for part in conjuncts(where.this) if not _mentions(part, tables)]
    dropped = [part for part in conjuncts(where.this) if _mentions(part, tables)]
    if not dropped:
        return []
    select.set("where", exp.Where(this=exp.and_(*kept, copy=False)) if kept else None)
    return ["a condition of the question was left out, so rows that fail it may be among these"]


def _empty_joins(select: exp.Select, tables: set[str]) -> list[str]:
    """Inner joins on a failed relation become left joins; conditions on it are left out."""
    losses: list[str] = []
    for join in select.args.get("joins") or []:
        if not _mentions(join.this, tables) or (join.side or "").upper() in {"RIGHT", "FULL"}:
            continue
        join.set("side", "LEFT")
        join.set("kind", None)
        if not join.args.get("on"):
            join.set("on", exp.true())
        alias = join.this.alias_or_name
        where = select.args.get("where")
        parts = list(conjuncts(where.this)) if where is not None else []
        kept = [p for p in parts if all(c.table != alias for c in p.find_all(exp.Column))]
        if len(kept) < len(parts):
            select.set("where", exp.Where(this=exp.and_(*kept, copy=False)) if kept else None)
        losses.append("columns from it are empty, and conditions on it were left out")
    return losses
