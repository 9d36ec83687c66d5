"""Smallest groups: what may only be told of so many rows together.

A SELECT that reads such an entity or field has to aggregate it, each aggregate by itself, and its
groups get a HAVING that leaves out those that are too small. What would let one row be told from
its group is refused: conditions on the key, other aggregates, joins that repeat or pick rows. The
difference of two answers that both may be had is not seen here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from orchestrator.compile.predicate import conjuncts
from orchestrator.semantic import Entity

_SAFE = (
    exp.Sum,
    exp.Avg,
    exp.Count,
    exp.Stddev,
    exp.StddevSamp,
    exp.StddevPop,
    exp.Variance,
    exp.VariancePop,
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """One reading of an entity in a SELECT's FROM: the smallest group of any of its rows (0: single
    rows may be seen), and of each of its `fields` that has one."""

    alias: str
    name: str
    entity: Entity
    smallest: int
    fields: dict[str, int]

    @property
    def guarded(self) -> set[str]:
        """The fields by which one row can be told from others."""
        spoken = {*self.entity.key, self.entity.label or ""}
        return spoken | {name for name, spec in self.entity.fields.items() if spec.pii}


def crowded(scope: Scope, crowd: Crowd, entities: dict[str, Entity]) -> tuple[str, ...]:
    """Have a SELECT leave out groups that are too small, in place; or why that can't be done.

    `entities` are those that its FROM reads, by alias.
    """
    select = scope.expression
    assert isinstance(select, exp.Select)
    columns = [c for c in scope.columns if c.table == crowd.alias]
    used = {column.name for column in columns}
    fields = {name: size for name, size in crowd.fields.items() if name in used}
    size = max((crowd.smallest, *fields.values()))
    if not size:
        return ()
    reasons = tuple(dict.fromkeys(_reasons(select, crowd, columns, {*fields}, entities)))
    if reasons:
        what = crowd.name if crowd.smallest else ", ".join(f"{crowd.name}.{one}" for one in fields)
        head = f"{what} may be told of groups of at least {size} alone"
        return tuple(f"{head}: {reason}." for reason in reasons)
    added = {column.name for column in columns if _aggregate(column, select) is not None}
    for name in sorted({*fields} | (added if crowd.smallest else set())):
        met = exp.not_(exp.column(name, table=crowd.alias, quoted=True).is_(exp.null()))
        _require(select, _rows(crowd, met), size)
    if crowd.smallest:
        _require(select, _rows(crowd, None), size)
    return ()


def _require(select: exp.Select, counted: exp.Expr, size: int) -> None:
    enough = exp.GTE(this=counted, expression=exp.Literal.number(size))
    select.having(enough, copy=False)


def _rows(crowd: Crowd, met: exp.Expr | None) -> exp.Expr:
    """How many rows of the entity a group has that meet a condition."""
    keys = [exp.column(name, table=crowd.alias, quoted=True) for name in crowd.entity.key]
    key: exp.Expr = keys[0] if len(keys) == 1 else exp.Tuple(expressions=keys)
    value = exp.case().when(met, key) if met is not None else key
    return exp.Count(this=exp.Distinct(expressions=[value]))


def _reasons(
    select: exp.Select,
    crowd: Crowd,
    columns: list[exp.Column],
    fields: set[str],
    entities: dict[str, Entity],
) -> Iterator[str]:
    if select.find(exp.Window) or select.args.get("qualify"):
        yield "no window can stand beside it"
    if select.args.get("group") is None and not any(
        isinstance(node, exp.AggFunc) for p in select.selects for node in p.walk()
    ):
        yield "count, add up or average it"
    for column in columns:
        around = _aggregate(column, select)
        if around is not None and (crowd.smallest or column.name in fields):
            if not isinstance(around, _SAFE) or not _is_alone(column, around):
                yield "write SUM, AVG, COUNT or a deviation of the field alone, without FILTER"
        elif around is None and column.name in fields:
            yield f"{column.name} can't stand in a condition, a join, a group or an order"
        elif around is None and _could_single_out(column, select, crowd, entities):
            yield f"a condition on {column.name} could single out one row"
    for node in select.find_all(exp.Filter):
        if crowd.smallest and node.find_ancestor(exp.Select) is select:
            yield "no FILTER can stand beside it"
    yield from _joins(select, crowd, entities)


def _aggregate(column: exp.Column, select: exp.Select) -> exp.Expr | None:
    """The aggregate of the SELECT itself that a column stands in, or None."""
    found = column.find_ancestor(exp.AggFunc, exp.Query)
    is_own = found is not None and found.find_ancestor(exp.Query) is select
    return found if isinstance(found, exp.AggFunc) and is_own else None


def _is_alone(column: exp.Column, around: exp.Expr) -> bool:
    holder = column.parent
    if isinstance(holder, exp.Distinct) and isinstance(around, exp.Count):
        holder = holder.parent
    alone = holder is around
    return alone and not isinstance(around.parent, exp.Filter | exp.Window | exp.WithinGroup)


def _could_single_out(
    column: exp.Column, select: exp.Select, crowd: Crowd, entities: dict[str, Entity]
) -> bool:
    if column.name not in crowd.guarded or _is_grouped(column, select):
        return False
    return not _is_key_of_another(column, crowd, entities)


def _is_grouped(column: exp.Column, select: exp.Select) -> bool:
    """Whether a column is a group's, or shows one: what is too small goes with the HAVING."""
    if column.find_ancestor(exp.Query) is not select:
        return False
    node: exp.Expr | None = column
    while node is not None and node.parent is not select:
        node = node.parent
    return node is not None and node.arg_key in {"group", "expressions", "order"}


def _is_key_of_another(column: exp.Column, crowd: Crowd, entities: dict[str, Entity]) -> bool:
    """Whether a column only leads to another entity, as `e.team_id = t.team_id` does."""
    equality = column.parent
    if not isinstance(equality, exp.EQ):
        return False
    other = equality.right if equality.left is column else equality.left
    if not isinstance(other, exp.Column) or other.table not in entities:
        return False
    return other.table != crowd.alias and entities[other.table].key == (other.name,)


def _joins(select: exp.Select, crowd: Crowd, entities: dict[str, Entity]) -> Iterator[str]:
    """Joins that do not lead to one row of another entity: they could repeat or pick rows."""
    where, joins = select.args.get("where"), select.args.get("joins") or []
    conditions = [
        *conjuncts(where.this if where else None),
        *(part for join in joins for part in conjuncts(join.args.get("on"))),
    ]
    if any((join.side or "").upper() in {"RIGHT", "FULL"} for join in joins):
        yield "RIGHT and FULL JOIN can't stand beside it"
    met: dict[str, set[str]] = {}
    for condition in conditions:
        tables = {column.table for column in condition.find_all(exp.Column)}
        if isinstance(condition, exp.EQ) and len(tables) == 2:
            for one in (condition.left, condition.right):
                if isinstance(one, exp.Column):
                    met.setdefault(one.table, set()).add(one.name)
    from_ = select.args["from_"]
    for item in [from_.this, *(join.this for join in joins)]:
        alias = item.alias_or_name
        entity = entities.get(alias)
        if alias != crowd.alias and not (entity and {*entity.key} <= met.get(alias, set())):
            yield f"join {alias} by its whole key, or ask without it"
