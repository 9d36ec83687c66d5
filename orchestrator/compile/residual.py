"""What the join still reads one by one: for each relation that is left, the conditions that can be
tried at its source already, and the equalities by whose keys one can bound another.

A condition here is a *copy*: the join tests the original again, so a source may answer too much,
but never too little.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from orchestrator.compile.kinds import distinct_on
from orchestrator.compile.predicate import conjuncts
from orchestrator.compile.regroup import tables_of
from orchestrator.compile.split import only_asks_whether


@dataclass(frozen=True, slots=True)
class Edge:
    """An equality between columns of two tables of the tree.

    `feeds_left` says that left rows whose key the right side lacks can't change the result, and so
    need not be read; `feeds_right` the same of right rows.
    """

    left: exp.Table
    left_field: str
    right: exp.Table
    right_field: str
    feeds_left: bool
    feeds_right: bool
    outer_first: bool = False


@dataclass(frozen=True, slots=True)
class Residual:
    """Conditions by the id of their table, the fields that are used there, the edges, and the ids
    of the tables whose equal rows count once (`sets`)."""

    conditions: dict[int, list[exp.Expr]]
    fields: dict[int, set[str]]
    edges: tuple[Edge, ...]
    sets: frozenset[int]


def residual(tree: exp.Query, rejects_nulls: Callable[[exp.Expr], bool]) -> Residual:
    """Look through every SELECT of the tree that is left.

    `rejects_nulls` says of a condition that a row of nulls does not meet it.
    """
    conditions: dict[int, list[exp.Expr]] = {}
    fields: dict[int, set[str]] = {}
    edges: list[Edge] = []
    sets: set[int] = set()
    for scope in traverse_scope(tree):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table):
                used = {column.name for column in scope.source_columns(alias)}
                fields.setdefault(id(source), set()).update(used)
                if only_asks_whether(scope.expression):
                    sets.add(id(source))
        if isinstance(scope.expression, exp.Select):
            nullable = _nullable(scope.expression)
            for part, source in _conditions(scope, nullable, rejects_nulls):
                conditions.setdefault(id(source), []).append(part)
            edges += _edges(scope, nullable)
            edges += _membership(scope)
    return Residual(conditions, fields, tuple(edges), frozenset(sets))


def _nullable(select: exp.Select) -> set[str]:
    """The aliases of a SELECT that an outer join may extend with nulls."""
    from_ = select.args.get("from_")
    seen = [from_.this.alias_or_name] if from_ is not None else []
    nullable: set[str] = set()
    for join in select.args.get("joins") or []:
        side = (join.side or "").upper()
        if side in {"LEFT", "FULL"}:
            nullable.add(join.this.alias_or_name)
        if side in {"RIGHT", "FULL"}:
            nullable.update(seen)
        seen.append(join.this.alias_or_name)
    return nullable


def _placed(scope: Scope) -> Iterator[tuple[exp.Expr, set[str] | None, bool]]:
    """Each conjunct with the aliases that it may be tried on (None: all), and if it is from ON."""
    select = scope.expression
    where = select.args.get("where")
    for part in conjuncts(where.this if where else None):
        yield part, None, False
    for join in select.args.get("joins") or []:
        side, kind = (join.side or "").upper(), (join.kind or "").upper()
        own = {join.this.alias_or_name}
        for part in conjuncts(join.args.get("on")):
            if side == "" and kind in {"", "INNER", "CROSS"}:
                yield part, None, True
            elif side == "LEFT" and kind in {"", "OUTER"}:
                yield part, own, True


def _conditions(
    scope: Scope, nullable: set[str], rejects_nulls: Callable[[exp.Expr], bool]
) -> Iterator[tuple[exp.Expr, exp.Table]]:
    for part, allowed, _ in _placed(scope):
        if part.find(exp.Query, exp.AggFunc, exp.Window):
            continue
        aliases = tables_of(part)
        if len(aliases) != 1:
            continue
        alias = aliases.pop()
        source = scope.sources.get(alias)
        if not isinstance(source, exp.Table) or (allowed is not None and alias not in allowed):
            continue
        if allowed is None and alias in nullable and not rejects_nulls(part):
            continue
        yield part, source


def _edges(scope: Scope, nullable: set[str]) -> Iterator[Edge]:
    """Equalities of this SELECT, between its own tables or with one of the SELECTs around it."""
    for part, allowed, from_join in _placed(scope):
        if not isinstance(part, exp.EQ):
            continue
        left, right = part.left.unnest(), part.right.unnest()
        if not (isinstance(left, exp.Column) and isinstance(right, exp.Column)):
            continue
        here, there = _place(left, scope), _place(right, scope)
        if here is None or there is None or here.table is there.table:
            continue
        inside = here.scope is scope, there.scope is scope
        if all(inside):
            inner, own = allowed is None, allowed or ()
            feeds_left = (inner and left.table not in nullable) or left.table in own
            feeds_right = (inner and right.table not in nullable) or right.table in own
        else:
            met = allowed is None and not (from_join and nullable)
            around = scope.parent if met and _is_required(scope) else None
            feeds_left, feeds_right = (
                (allowed is None or column.table in allowed)
                if place.scope is scope
                else place.scope is around
                for column, place in ((left, here), (right, there))
            )
        outer_first = not all(inside) and inside[0]
        yield Edge(
            here.table, here.field, there.table, there.field, feeds_left, feeds_right, outer_first
        )


def _membership(scope: Scope) -> Iterator[Edge]:
    """`x IN (SELECT y FROM …)` at the top of WHERE."""
    for part, allowed, from_join in _placed(scope):
        if from_join or allowed is not None or not isinstance(part, exp.In):
            continue
        query, column = part.args.get("query"), part.this.unnest()
        select = query.unnest() if query is not None else None
        if not isinstance(select, exp.Select) or not isinstance(column, exp.Column):
            continue
        inner = next((s for s in scope.subquery_scopes if s.expression is select), None)
        chosen = select.selects[0].unalias() if select.selects else None
        busy = ("limit", "offset", "group", "qualify")
        simple = not any(select.args.get(one) for one in busy) and not distinct_on(select)
        if inner is None or not isinstance(chosen, exp.Column):
            continue
        here, there = _place(column, scope), _place(chosen, inner)
        if here is None or there is None or here.scope is not scope or there.scope is not inner:
            continue
        yield Edge(here.table, here.field, there.table, there.field, True, simple)


@dataclass(frozen=True, slots=True)
class _Place:
    """A column of a table, and the SELECT whose FROM it comes by, which may be one around."""

    table: exp.Table
    field: str
    scope: Scope


def _place(column: exp.Column, scope: Scope | None) -> _Place | None:
    while scope is not None:
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            return _Place(source, column.name, scope)
        if isinstance(source, Scope):
            return _through(column, source, scope)
        scope = scope.parent
    return None


def _through(column: exp.Column, derived: Scope, scope: Scope) -> _Place | None:
    """The column behind a column of a derived table that passes rows on as they are."""
    select = derived.expression
    busy = ("limit", "offset", "group", "distinct", "qualify", "having")
    if not derived.is_derived_table or not isinstance(select, exp.Select):
        return None
    if any(select.args.get(part) for part in busy) or select.find(exp.AggFunc, exp.Window):
        return None
    values = {p.alias_or_name: p.unalias() for p in select.selects}
    value = values.get(column.name)
    if not isinstance(value, exp.Column) or value.table in _nullable(select):
        return None
    inner = derived.sources.get(value.table)
    return _Place(inner, value.name, scope) if isinstance(inner, exp.Table) else None


def _is_required(scope: Scope) -> bool:
    """True when each row of the SELECT around this one must have a match in it: it is that of an
    EXISTS at the top of a WHERE, and has no row of its own where nothing matches."""
    select, exists = scope.expression, scope.expression.parent
    if not isinstance(exists, exp.Exists) or scope.parent is None or _may_add_up_nothing(select):
        return False
    outer = scope.parent.expression
    where = outer.args.get("where") if isinstance(outer, exp.Select) else None
    return any(part is exists for part in conjuncts(where.this if where else None))


def _may_add_up_nothing(select: exp.Expr) -> bool:
    """True for a SELECT that may have one row over no rows, as an aggregate without groups has."""
    group = select.args.get("group")
    if group is not None and group.expressions:
        return bool(group.find(exp.GroupingSets, exp.Cube, exp.Rollup))
    return group is not None or bool(select.args.get("having") or select.find(exp.AggFunc))
