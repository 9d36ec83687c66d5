"""How many rows a part of a query will give: guesses from the registry's statistics, as databases
make them (uniform and independent columns; P. G. Selinger and others, 1979). They choose between
plans that are all right, so a wrong guess costs time alone.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from sqlglot import exp

from orchestrator.compile.resolve import Leaf
from orchestrator.semantic import Entity

UNKNOWN_ROWS = 10_000
_PER_YEAR = {"YEAR": 1, "QUARTER": 4, "MONTH": 12, "WEEK": 53, "DAY": 366, "HOUR": 8_784}
_PARTS = {"QUARTER": 4, "MONTH": 12, "WEEK": 53, "DAY": 31, "DOW": 7, "DOY": 366, "HOUR": 24}
_YEARS = 10


class Statistics(Protocol):
    """What is known of the sources' data, None where it is not."""

    def rows(self, source: str, relation: str) -> int | None:
        """The rows of a relation."""
        ...

    def distinct(self, source: str, relation: str, path: str) -> int | None:
        """The distinct values of a column."""
        ...

    def odd(self, source: str, relation: str, words: Mapping[str, str]) -> Collection[str]:
        """The columns that a source is known to compare in another way than DuckDB compares values
        of their words."""
        ...


class Unknown:
    """No statistics at all."""

    def rows(self, source: str, relation: str) -> int | None:
        """Not known."""
        return None

    def distinct(self, source: str, relation: str, path: str) -> int | None:
        """Not known."""
        return None

    def odd(self, source: str, relation: str, words: Mapping[str, str]) -> Collection[str]:
        """None that is known."""
        return ()


class Estimates:
    """Rows and groups of leaves under conditions."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics
        self._odd: dict[tuple[int, str], frozenset[str]] = {}

    def rows(self, leaf: Leaf, source: str, conditions: Iterable[exp.Expr] = ()) -> float:
        """The rows of a leaf in one source where the conditions hold."""
        if leaf.search is not None:
            return float(leaf.search.k)
        known = self._statistics.rows(source, leaf.entity.bindings[source].relation)
        rows = float(known or UNKNOWN_ROWS)
        for condition in conditions:
            rows *= self.selectivity(condition, {leaf.alias: (leaf, source)})
        return rows

    def distinct(self, leaf: Leaf, source: str, field: str) -> float:
        """The distinct values of a field; a tenth of the rows where nothing is known."""
        rows = self.rows(leaf, source)
        spec = leaf.entity.fields.get(field)
        bound = leaf.entity.bindings[source].fields.get(field)
        if (field,) == leaf.entity.key:
            return rows
        if spec is not None and spec.values:
            return len(spec.values)
        if spec is not None and spec.type == "bool":
            return 2
        binding = leaf.entity.bindings[source]
        known = bound and self._statistics.distinct(source, binding.relation, bound.path)
        return float(known) if known else max(1.0, rows / 10)

    def odd(self, entity: Entity, source: str) -> frozenset[str]:
        """The fields of an entity that a source is known to compare in another way than DuckDB."""
        at = (id(entity), source)
        if at not in self._odd:
            binding = entity.bindings[source]
            words = {
                bound.path: entity.stored_type(name, bound)
                for name, bound in binding.fields.items()
                if bound.transform is None
            }
            odd = self._statistics.odd(source, binding.relation, words)
            self._odd[at] = frozenset(n for n, bound in binding.fields.items() if bound.path in odd)
        return self._odd[at]

    def join(self, leaves: dict[str, tuple[Leaf, str]], conditions: Iterable[exp.Expr]) -> float:
        """The rows of an inner join of leaves (by alias, each with its source)."""
        total = 1.0
        for leaf, source in leaves.values():
            total *= self.rows(leaf, source)
        for condition in conditions:
            total *= self.selectivity(condition, leaves)
        return max(total, 1.0)

    def groups(self, keys: Iterable[exp.Expr], leaves: dict[str, tuple[Leaf, str]]) -> float:
        """The distinct combinations of grouping expressions, were they independent."""
        total = 1.0
        for key in keys:
            total *= self._values(key, leaves)
        return total

    def _values(self, key: exp.Expr, leaves: dict[str, tuple[Leaf, str]]) -> float:
        total = 1.0
        for column in key.find_all(exp.Column):
            if column.table in leaves:
                total *= self.distinct(*leaves[column.table], column.name)
        if isinstance(key, exp.TimestampTrunc | exp.DateTrunc):
            return min(total, _YEARS * _PER_YEAR.get(key.args["unit"].name.upper(), 366))
        if isinstance(key, exp.Extract):
            return min(total, _PARTS.get(key.this.name.upper(), _YEARS))
        if isinstance(key, exp.Year | exp.Quarter | exp.Month | exp.Day):
            return min(total, _PARTS.get(key.sql_name(), _YEARS))
        return total

    def selectivity(self, condition: exp.Expr, leaves: dict[str, tuple[Leaf, str]]) -> float:
        """The share of rows that a condition is guessed to let through."""
        condition = condition.unnest()
        match condition:
            case exp.And():
                return self.selectivity(condition.left, leaves) * self.selectivity(
                    condition.right, leaves
                )
            case exp.Or():
                sides = (condition.left, condition.right)
                return min(1.0, sum(self.selectivity(side, leaves) for side in sides))
            case exp.Not():
                return max(0.1, 1 - self.selectivity(condition.this, leaves))
            case exp.EQ():
                sides = (condition.left, condition.right)
                return 1 / max(1.0, *(self._values(side, leaves) for side in sides))
            case exp.In() if condition.expressions:
                values = self._values(condition.this, leaves)
                return min(1.0, len(condition.expressions) / max(1.0, values))
            case exp.Between():
                return 0.2
            case exp.NEQ():
                return 0.9
            case exp.Is() | exp.Like() | exp.ILike():
                return 0.1
            case _:
                return 0.3
