"""Aggregates in two parts: what a source adds up, and what the join makes of it.

SUM is a SUM of sums, COUNT a SUM of counts, AVG the two divided, MIN and MAX of themselves. A
DISTINCT aggregate stays as it is and its argument becomes a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from orchestrator.compile.kinds import NUMBERS, family, is_aggregate

_OWN = (exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max)
_SETS = (exp.GroupingSets, exp.Cube, exp.Rollup, exp.Tuple)


@dataclass(slots=True)
class Partials:
    """How one SELECT's aggregates split over the relations `aliases`.

    `keys` are the grouping expressions of the inner part by their new names; `parts` the inner
    aggregates by theirs. `optional` says that the relations are on the empty side of a LEFT JOIN.
    """

    aliases: set[str]
    optional: bool
    keys: dict[str, exp.Expr] = field(default_factory=dict)
    parts: dict[str, exp.Expr] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, select: exp.Select, aliases: set[str], *, optional: bool) -> Partials | None:
        """The split, or None when an aggregate has none."""
        partials = cls(aliases, optional)
        for key in _group_keys(select):
            partials._key(key)
        places = [*select.selects, select.args.get("having"), select.args.get("order")]
        for place in places:
            if place is not None and not partials._take(place):
                return None
        return partials

    def need(self, conditions: list[exp.Expr]) -> None:
        """Make keys of the columns that conditions outside of the inner part use."""
        for condition in conditions:
            for column in condition.find_all(exp.Column):
                if column.table in self.aliases:
                    self._key(column)

    def inner(self) -> list[tuple[exp.Expr, str]]:
        """The inner aggregates with their names."""
        return [(part, name) for name, part in self.parts.items()]

    def rewrite(self, select: exp.Select, alias: str) -> None:
        """Let a SELECT read the inner part, which now stands in its FROM as `alias`."""

        joins = select.args.get("joins") or []
        parts = [select.args.get(part) for part in ("where", "group", "having", "order")]
        for place in [*select.selects, *parts, *(join.args.get("on") for join in joins)]:
            if place is None:
                continue
            stop = place.walk(bfs=False, prune=self._ends)
            for node in [one for one in stop if self._ends(one) and not isinstance(one, exp.Query)]:
                node.replace(self._outer(node, alias))

    def _ends(self, node: exp.Expr) -> bool:
        """True where rewriting stops: at what is replaced, and before nested queries."""
        call = node.this if isinstance(node, exp.Filter) else node
        return isinstance(node, exp.Query) or is_aggregate(call) or self._name(node) is not None

    def _name(self, node: exp.Expr) -> str | None:
        name = self._names.get(node.sql()) if _columns(node, self.aliases) else None
        return name if name in self.keys else None

    def _outer(self, node: exp.Expr, alias: str) -> exp.Expr:
        call = node.this if isinstance(node, exp.Filter) else node
        if is_aggregate(call):
            return self._combined(node, call, alias)
        return exp.column(self._name(node) or "", table=alias, quoted=True)

    def _take(self, place: exp.Expr) -> bool:
        """Split every aggregate under a node; True when each has a split."""
        for node in place.walk(prune=lambda one: isinstance(one, exp.Query)):
            if isinstance(node, exp.Query) and _columns(node, self.aliases):
                return False
            if is_aggregate(node):
                call = node.parent if isinstance(node.parent, exp.Filter) else node
                if not self._split(call, node):
                    return False
        return True

    def _split(self, call: exp.Expr, aggregate: exp.Expr) -> bool:
        own = _columns(call, self.aliases)
        every = list(call.find_all(exp.Column))
        if not isinstance(aggregate, _OWN) or call.find(exp.Query):
            return False
        distinct = isinstance(aggregate.this, exp.Distinct)
        if distinct or (not own and isinstance(aggregate, exp.Min | exp.Max)):
            for column in own:
                self._key(column)
            return True
        if self.optional and own and not isinstance(aggregate.this, exp.Column):
            return False  # it may make a value of the empty columns of a row without a match
        if not own:
            if not isinstance(aggregate, exp.Count) or call is not aggregate:
                return False
            if not every and not isinstance(aggregate.this, exp.Star | exp.Literal):
                return False  # COUNT(NULL) counts nothing
            self._part(exp.Count(this=exp.Star()))
            return True
        return len(own) == len(every) and self._add_parts(call, aggregate)

    def _add_parts(self, call: exp.Expr, aggregate: exp.Expr) -> bool:
        if not isinstance(aggregate, exp.Avg):
            self._part(call)
            return True
        if family(aggregate.this) not in NUMBERS:
            return False
        for half in _halves(call, aggregate):
            self._part(half)
        return True

    def _key(self, expression: exp.Expr) -> None:
        """Group the inner part by an expression, or by its columns when others are among them."""
        own = _columns(expression, self.aliases)
        if not own:
            return
        mixed = len(own) < len(list(expression.find_all(exp.Column)))
        computed = self.optional and not isinstance(expression, exp.Column)
        if mixed or computed or expression.find(exp.Query):
            for column in own:
                self._key(column)
            return
        text = expression.sql()
        if text not in self._names:
            plain = expression.name if isinstance(expression, exp.Column) else "key"
            self._names[text] = self._unused(plain)
            self.keys[self._names[text]] = expression.copy()

    def _part(self, call: exp.Expr) -> str:
        text = f"aggregate {call.sql()}"
        if text not in self._names:
            self._names[text] = self._unused(_named(call))
            self.parts[self._names[text]] = call.copy()
        return self._names[text]

    def _unused(self, name: str) -> str:
        taken = self.keys.keys() | self.parts.keys()
        tries = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
        return next(one for one in tries if one not in taken)

    def _combined(self, call: exp.Expr, aggregate: exp.Expr, alias: str) -> exp.Expr:
        """What an aggregate becomes over the inner part."""
        own = _columns(call, self.aliases)
        if isinstance(aggregate.this, exp.Distinct) or (
            not own and isinstance(aggregate, exp.Min | exp.Max)
        ):
            return self._with_keys(call, alias)
        if isinstance(aggregate, exp.Avg):
            halves = _halves(call, aggregate)
            total, number = (exp.Sum(this=self._read(half, alias)) for half in halves)
            return exp.paren(exp.Div(this=exp.cast(total, "double"), expression=number))
        if isinstance(aggregate, exp.Count):
            return self._counted(call, aggregate, own, alias)
        return type(aggregate)(this=self._read(call, alias))

    def _counted(
        self, call: exp.Expr, aggregate: exp.Expr, own: list[exp.Column], alias: str
    ) -> exp.Expr:
        rows = call if own else exp.Count(this=exp.Star())
        number = self._read(rows, alias)
        if not own and self.optional:
            number = exp.Coalesce(this=number, expressions=[exp.Literal.number(1)])
        total: exp.Expr = exp.Sum(this=number)
        if not own and aggregate.find(exp.Column):
            present = aggregate.this.copy().is_(exp.null()).not_()
            total = exp.Filter(this=total, expression=exp.Where(this=present))
        return exp.cast(exp.Coalesce(this=total, expressions=[exp.Literal.number(0)]), "bigint")

    def _read(self, call: exp.Expr, alias: str) -> exp.Expr:
        return exp.column(self._part(call), table=alias, quoted=True)

    def _with_keys(self, call: exp.Expr, alias: str) -> exp.Expr:
        made = call.copy()
        for column in list(made.find_all(exp.Column)):
            name = self._names.get(column.sql())
            if column.table in self.aliases and name is not None:
                column.replace(exp.column(name, table=alias, quoted=True))
        return made


def _named(call: exp.Expr) -> str:
    """What an inner aggregate is called: a sum like the column that it adds up."""
    aggregate = call.this if isinstance(call, exp.Filter) else call
    column = aggregate.find(exp.Column)
    if column is None:
        return "rows"
    kind = type(aggregate).__name__.lower()
    return column.name if isinstance(aggregate, exp.Sum) else f"{kind}_{column.name}"


def _columns(node: exp.Expr, aliases: set[str]) -> list[exp.Column]:
    return [column for column in node.find_all(exp.Column) if column.table in aliases]


def _halves(call: exp.Expr, average: exp.Expr) -> Iterator[exp.Expr]:
    """The SUM and the COUNT of an AVG, under the FILTER of its call."""
    for kind in (exp.Sum, exp.Count):
        half = kind(this=average.this.copy())
        if isinstance(call, exp.Filter):
            yield exp.Filter(this=half, expression=call.args["expression"].copy())
        else:
            yield half


def _group_keys(select: exp.Select) -> list[exp.Expr]:
    """The expressions that a SELECT groups by, those of its grouping sets among them."""
    group = select.args.get("group")
    keys: list[exp.Expr] = []
    waiting = list(group.expressions) if group is not None else []
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, _SETS):
            waiting = [*one.expressions, *waiting]
        elif isinstance(one, exp.Paren):
            waiting.insert(0, one.this)
        else:
            keys.append(one)
    return keys
