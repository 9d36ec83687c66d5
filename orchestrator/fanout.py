"""Which sums of the join SQL would count rows twice if a key stood more than once.

When two relations are joined and a key stands n times in one of them, the other's rows appear n
times, and so do those of all that is joined to it. Nothing is read here but the SQL.
"""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from orchestrator.compile.parse import FETCHED

_WORDS: dict[type[exp.Expr], str] = {exp.Sum: "sums", exp.Avg: "averages", exp.Count: "counts"}
_FOLDS = (exp.Group, exp.Distinct, exp.AggFunc, exp.Limit)


@dataclass(frozen=True, slots=True, order=True)
class Sum:
    """An aggregate of one column: `words` such as “sums”, of a column of a fetch step."""

    words: str
    step: str
    column: str


class Sums:
    """The aggregates of a join SQL, by the select that they stand in."""

    def __init__(self, join_sql: str) -> None:
        tree = sqlglot.parse_one(join_sql, read="duckdb")
        named = {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}
        self._selects = [_Joined(select, named) for select in tree.find_all(exp.Select)]

    def multiplied(self, step: str, by: str) -> tuple[Sum, ...]:
        """The aggregates that count a row of `step` as often as its key stands in step `by`."""
        return tuple(sorted({s for one in self._selects for s in one.multiplied(step, by)}))


class _Joined:
    """One select: the relations that it joins, by alias, and what it aggregates."""

    def __init__(self, select: exp.Select, named: dict[str, exp.Expr]) -> None:
        joins: list[exp.Join] = select.args.get("joins") or []
        sources = [select.args.get("from_"), *joins]
        relations = [
            source.this
            for source in sources
            if source is not None and (source.args.get("kind") or "") not in {"SEMI", "ANTI"}
        ]
        self._steps = {one.alias_or_name: _step_of(one, named) for one in relations}
        conditions = [join.args.get("on") for join in joins] + [select.args.get("where")]
        self._equal = _equalities([one for one in conditions if one is not None])
        self._sums = _sums(select)

    def multiplied(self, step: str, by: str) -> list[Sum]:
        found: list[Sum] = []
        for alias, other in self._equal:
            if (self._steps.get(alias), self._steps.get(other)) != (step, by):
                continue
            repeated = self._side(alias, other)
            for words, owner, column in self._sums:
                held = self._steps.get(owner)
                if owner in repeated and held is not None:
                    found.append(Sum(words, held, column))
        return found

    def _side(self, alias: str, other: str) -> set[str]:
        """The relations that are joined to `alias` without passing through `other`."""
        reached, ahead = {alias}, [alias]
        while ahead:
            here = ahead.pop()
            near = {b for a, b in self._equal if a == here and b != other} - reached
            reached |= near
            ahead += near
        return reached


def _step_of(relation: exp.Expr, named: dict[str, exp.Expr]) -> str | None:
    """The fetch step whose rows a relation has, one for one; None when it folds or has others."""
    node: exp.Expr | None = relation
    for _ in range(len(named) + 8):
        if isinstance(node, exp.Table):
            if node.name.startswith(FETCHED):
                return node.name.removeprefix(FETCHED)
            node = named.get(node.name)
        elif isinstance(node, exp.Subquery):
            node = node.this
        elif isinstance(node, exp.Select) and not _folds(node):
            from_ = node.args.get("from_")
            node = from_.this if from_ is not None else None
        else:
            return None
    return None


def _folds(select: exp.Select) -> bool:
    return any(
        isinstance(node, _FOLDS) and node.find_ancestor(exp.Query) is select
        for node in select.walk()
    )


def _equalities(conditions: list[exp.Expr]) -> set[tuple[str, str]]:
    """Pairs of relations, both ways, that an equality of their columns joins."""
    pairs: set[tuple[str, str]] = set()
    for condition in conditions:
        for equal in condition.find_all(exp.EQ):
            left = {column.table for column in equal.this.find_all(exp.Column)}
            right = {column.table for column in equal.expression.find_all(exp.Column)}
            pairs |= {(a, b) for a in left for b in right if a != b}
    return pairs | {(b, a) for a, b in pairs}


def _sums(select: exp.Select) -> list[tuple[str, str, str]]:
    """(words, alias, column) of each aggregate of this very select that repeated rows change."""
    return [
        (_WORDS[type(node)], column.table, column.name)
        for node in select.find_all(*_WORDS)
        if node.find_ancestor(exp.Query) is select and not isinstance(node.this, exp.Distinct)
        for column in node.find_all(exp.Column)
    ]
