"""Inside a SELECT over several sources: what lies together is joined together, and what can be
added up before the join is added up there (eager aggregation; W. P. Yan and P.-Å. Larson, 1995).

Both are rewritings of SQL into SQL with the same rows: tables of one source become a derived table,
which `fragment` can then give to the source whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from orchestrator.compile.fragment import Fragments
from orchestrator.compile.kinds import is_aggregate
from orchestrator.compile.partial import Partials
from orchestrator.compile.predicate import conjuncts
from orchestrator.compile.resolve import Leaf

MAX_GROUP_SHARE = 1 / 20
"""Groups over rows above which a partial aggregate costs more than it saves (ADR 0008)."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One item of a FROM: the join that brought it (None for the first), and its leaf if it is one
    that its source can answer SQL over."""

    alias: str
    item: exp.Expr
    join: exp.Join | None
    leaf: Leaf | None
    source: str | None

    @property
    def optional(self) -> bool:
        """True when the join keeps rows that have no match in it."""
        return self.join is not None and (self.join.side or "").upper() == "LEFT"


@dataclass(slots=True)
class Island:
    """Relations of one source in one SELECT, and the conditions that hold among them alone."""

    source: str
    members: list[Relation]
    conditions: list[exp.Expr] = field(default_factory=list)

    @property
    def aliases(self) -> set[str]:
        """The members' aliases."""
        return {member.alias for member in self.members}

    @property
    def leaves(self) -> dict[str, tuple[Leaf, str]]:
        """The members' leaves by alias, each with the source."""
        return {m.alias: (m.leaf, self.source) for m in self.members if m.leaf is not None}


def regroup(select: exp.Select, fragments: Fragments) -> None:
    """Rewrite one SELECT in place where that moves fewer rows; else leave it as it is."""
    scope = build_scope(select)
    relations = _relations(select, scope, fragments) if scope is not None else []
    if scope is None or not relations or _shadows(select, scope):
        return
    names = Names(select)
    islands = [
        island
        for island in _islands(select, relations, fragments)
        if len(island.members) > 1 or len(relations) > 1 or _aggregates(select)
    ]
    for island in islands:
        if _aggregates(select) and _add_up(select, island, relations, fragments, names):
            return
    for island in islands:
        if len(island.members) > 1:
            _join_there(select, island, fragments, names)


class Names:
    """New aliases that no name of a SELECT has yet."""

    def __init__(self, select: exp.Select) -> None:
        self._taken = {node.name for node in select.find_all(exp.Identifier)}
        self._next = 0

    def new(self, prefix: str) -> str:
        """An alias that begins with the prefix."""
        while True:
            self._next += 1
            name = f"{prefix}{self._next}"
            if name not in self._taken:
                return name


def _aggregates(select: exp.Select) -> bool:
    if select.find(exp.Window) or isinstance(select.args.get("distinct"), exp.Distinct):
        return False
    return select.args.get("group") is not None or any(_own_aggregates(select))


def _own_aggregates(select: exp.Select) -> Iterator[exp.Expr]:
    for part in [*select.selects, select.args.get("having"), select.args.get("order")]:
        if part is not None:
            for node in part.walk(prune=lambda one: isinstance(one, exp.Query)):
                if is_aggregate(node):
                    yield node


def _relations(select: exp.Select, scope: Scope, fragments: Fragments) -> list[Relation]:
    """The items of FROM, or none when a join is of a kind that is left alone."""
    from_ = select.args.get("from_")
    joins: list[exp.Join] = select.args.get("joins") or []
    if from_ is None or select.args.get("laterals") or select.args.get("qualify"):
        return []
    found: list[Relation] = []
    for item, join in [(from_.this, None), *((join.this, join) for join in joins)]:
        if join is not None:
            side, kind = (join.side or "").upper(), (join.kind or "").upper()
            if side not in {"", "LEFT"} or kind not in {"", "INNER", "CROSS", "OUTER"}:
                return []
            if join.args.get("method") or join.args.get("using"):
                return []
        table = scope.sources.get(item.alias_or_name)
        leaf = fragments.leaves.get(id(table)) if isinstance(table, exp.Table) else None
        source = fragments.source_of(leaf) if leaf is not None else None
        found.append(Relation(item.alias_or_name, item, join, leaf, source))
    return found


def _shadows(select: exp.Select, scope: Scope) -> bool:
    """True when a nested query gives one of the FROM's aliases another meaning."""
    return any(
        one.alias_or_name in scope.sources
        for one in select.find_all(exp.Table, exp.Subquery)
        if one.find_ancestor(exp.Select) is not select
    )


def _inner_conditions(select: exp.Select) -> list[exp.Expr]:
    where = select.args.get("where")
    found = conjuncts(where.this if where else None)
    for join in select.args.get("joins") or []:
        if not join.side:
            found += conjuncts(join.args.get("on"))
    return found


def tables_of(node: exp.Expr) -> set[str]:
    """The aliases of the columns under a node."""
    return {column.table for column in node.find_all(exp.Column)}


def _islands(select: exp.Select, relations: list[Relation], fragments: Fragments) -> list[Island]:
    conditions = _inner_conditions(select)
    groups: dict[str, set[str]] = {}
    able = {one.alias: one for one in relations if one.source and not one.optional}
    for alias in able:
        groups[alias] = {alias}
    for condition in conditions:
        pair = tables_of(condition)
        if isinstance(condition, exp.EQ) and len(pair) == 2 and pair <= able.keys():
            left, right = pair
            same = able[left].source == able[right].source
            if same and _on_a_key(condition, able) and fragments.fits(
                condition, [one.leaf for one in (able[left], able[right]) if one.leaf],
                able[left].source or "",
            ):  # fmt: skip
                merged = groups[left] | groups[right]
                for alias in merged:
                    groups[alias] = merged
    found: list[Island] = []
    for members in {id(group): group for group in groups.values()}.values():
        ordered = [one for one in relations if one.alias in members]
        found.append(Island(ordered[0].source or "", ordered))
    found += [Island(one.source, [one]) for one in relations if one.source and one.optional]
    for island in found:
        first = island.members[0]
        pool = conjuncts(first.join.args.get("on")) if first.optional and first.join else conditions
        island.conditions = [
            condition
            for condition in pool
            if tables_of(condition) and tables_of(condition) <= island.aliases
            and not condition.find(exp.Query)
            and fragments.fits(condition, [leaf for leaf, _ in island.leaves.values()],
                               island.source)
        ]  # fmt: skip
    return found


def _on_a_key(condition: exp.EQ, able: dict[str, Relation]) -> bool:
    """True when an equality is with a part of a side's key, so that the join does not multiply."""
    for side in (condition.left.unnest(), condition.right.unnest()):
        if isinstance(side, exp.Column):
            leaf = able[side.table].leaf
            if leaf is not None and side.name in leaf.entity.key:
                return True
    return False


def _join_there(select: exp.Select, island: Island, fragments: Fragments, names: Names) -> None:
    """Make a derived table of an island's join."""
    scope = build_scope(select)
    assert scope is not None
    inside = {id(column) for one in island.conditions for column in one.find_all(exp.Column)}
    alias = names.new("part_")
    chosen: dict[tuple[str, str], str] = {}
    outside = [c for c in scope.columns if c.table in island.aliases and id(c) not in inside]
    for column in outside:
        chosen.setdefault((column.table, column.name), f"{column.table}_{column.name}")
    if not chosen or len(set(chosen.values())) < len(chosen):
        return
    derived = derive(island, fragments, [
        (exp.column(column, table=table, quoted=True), name)
        for (table, column), name in chosen.items()
    ])  # fmt: skip
    if derived is None:
        return
    for column in outside:
        new = exp.column(chosen[column.table, column.name], table=alias, quoted=True)
        new.type = column.type
        column.replace(new)
    put_in(select, island, derived, alias)


def derive(
    island: Island,
    fragments: Fragments,
    columns: list[tuple[exp.Expr, str]],
    group: list[exp.Expr] | None = None,
) -> exp.Select | None:
    """The SELECT of an island's columns, or None when its source can't answer it. Its tables are
    new leaves."""
    derived = exp.select(*(exp.alias_(value.copy(), name, quoted=True) for value, name in columns))
    for index, member in enumerate(island.members):
        table = member.item.copy()
        assert member.leaf is not None
        assert isinstance(table, exp.Table)
        fragments.leaves[id(table)] = replace(member.leaf, table=table)
        (derived.join if index else derived.from_)(table, copy=False)
    for condition in island.conditions:
        derived.where(condition.copy(), copy=False)
    if group:
        derived.set("group", exp.Group(expressions=[key.copy() for key in group]))
    return None if isinstance(fragments.make(derived), str) else derived


def put_in(select: exp.Select, island: Island, derived: exp.Select, alias: str) -> None:
    """Put a derived table in the place of an island's members, and take its conditions away."""
    subquery = derived.subquery(exp.to_identifier(alias, quoted=True), copy=False)
    first = island.members[0]
    dropped = {id(condition) for condition in island.conditions}
    if first.optional and first.join is not None:
        kept = [c for c in conjuncts(first.join.args.get("on")) if id(c) not in dropped]
        first.join.set("this", subquery)
        first.join.set("on", exp.and_(*kept, copy=False) if kept else exp.true())
        return
    conditions = [c for c in _inner_conditions(select) if id(c) not in dropped]
    from_ = select.args["from_"]
    inner = [from_.this, *(j.this for j in select.args.get("joins") or [] if not j.side)]
    left = [join for join in select.args.get("joins") or [] if join.side]
    items = [subquery, *(one for one in inner if one.alias_or_name not in island.aliases)]
    from_.set("this", items[0])
    select.set("joins", [*(exp.Join(this=one, kind="CROSS") for one in items[1:]), *left])
    select.set("where", exp.Where(this=exp.and_(*conditions, copy=False)) if conditions else None)


def _add_up(
    select: exp.Select,
    island: Island,
    relations: list[Relation],
    fragments: Fragments,
    names: Names,
) -> bool:
    """Aggregate an island before it is joined. False when that is not possible or does not pay."""
    whole = len(island.members) == len(relations)
    partials = Partials.of(select, island.aliases, optional=island.members[0].optional)
    if partials is None:
        return False
    if any(c.find(exp.Query) and tables_of(c) & island.aliases for c in _inner_conditions(select)):
        return False
    outside = list(_outer_conditions(select, island))
    partials.need(outside)
    if not partials.keys and (not whole or select.args.get("group")):
        return False  # groups by constants alone have no row over no rows
    if not whole:
        rows = fragments.estimates.join(island.leaves, island.conditions)
        groups = fragments.estimates.groups(partials.keys.values(), island.leaves)
        if groups > rows * MAX_GROUP_SHARE:
            return False
    alias = names.new("part_")
    columns = [(key, name) for name, key in partials.keys.items()]
    derived = derive(island, fragments, [*columns, *partials.inner()], list(partials.keys.values()))
    if derived is None:
        return False
    put_in(select, island, derived, alias)
    partials.rewrite(select, alias)
    return True


def _outer_conditions(select: exp.Select, island: Island) -> Iterator[exp.Expr]:
    """The conditions that are left to the SELECT when an island has taken its own."""
    own = {id(condition) for condition in island.conditions}
    for condition in _inner_conditions(select):
        if id(condition) not in own:
            yield condition
    for join in select.args.get("joins") or []:
        if join.side:
            for condition in conjuncts(join.args.get("on")):
                if id(condition) not in own:
                    yield condition
