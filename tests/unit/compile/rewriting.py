"""A query split, and put together again as SQL over the entities: it has to give the same rows.

No text is looked at and no server asked. Fragments come back as subqueries, leaves are read under
the copies of conditions that their sources would try, and under the keys that would bound them.
"""

from sqlglot import exp

from adapters.base import Capabilities
from orchestrator.compile.estimate import Estimates, Statistics, Unknown
from orchestrator.compile.fragment import Fragments
from orchestrator.compile.parse import parse
from orchestrator.compile.residual import Edge, Residual, residual
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.rights import Rights
from orchestrator.compile.shapes import Shapes
from orchestrator.compile.split import Split, split
from orchestrator.semantic import SemanticModel


class Guess(Unknown):
    """Every relation has so many rows, every column so many distinct values."""

    def __init__(self, rows: int | None, distinct: int | None) -> None:
        self._rows, self._distinct = rows, distinct

    def rows(self, source: str, relation: str) -> int | None:
        """The rows of a relation."""
        return self._rows if source and relation else None

    def distinct(self, source: str, relation: str, path: str) -> int | None:
        """The distinct values of a column."""
        return self._distinct if source and relation and path else None


MANY_ROWS_FEW_GROUPS = Guess(1_000_000, 1)
NOTHING_KNOWN = Guess(None, None)


class Splitter:
    """Splits queries over one model, as the compiler does."""

    def __init__(
        self, model: SemanticModel, able: dict[str, Capabilities], shapes: Shapes | None = None
    ) -> None:
        self._resolver = Resolver(model, shapes or Shapes(model))
        self._able = able

    def split(self, sql: str, statistics: Statistics, rights: Rights | None = None) -> Split:
        """The fragments of a query, within somebody's rights, and what is left."""
        resolved = self._resolver.resolve(parse(sql), rights)
        leaves = {id(leaf.table): leaf for leaf in resolved.leaves}
        estimates = Estimates(statistics)
        return split(resolved.tree, Fragments(leaves, self._able, self._resolver.shapes, estimates))

    def rewritings(self, done: Split) -> list[str]:
        """SQL over the entities that says the same as the query did: all of it put together again,
        and then once for each edge and direction in which keys may bound what is read."""
        left = residual(done.tree, self._resolver.shapes.rejects_nulls)
        ways: list[tuple[Edge, bool] | None] = [None]
        for edge in left.edges:
            ways += [(edge, to_left) for to_left in (True, False) if _may(edge, to_left=to_left)]
        return [_together(done, left, way) for way in ways]


def _may(edge: Edge, *, to_left: bool) -> bool:
    return edge.feeds_left if to_left else edge.feeds_right


def _together(done: Split, left: Residual, way: tuple[Edge, bool] | None) -> str:
    """The tree with a subquery for each table, one of them bounded by an edge's keys."""
    tree = done.tree.copy()
    pairs = zip(list(done.tree.find_all(exp.Table)), list(tree.find_all(exp.Table)), strict=True)
    for old, new in pairs:
        if id(old) in left.fields:
            rows = _bounded(old, done, left, way)
            new.replace(rows.subquery(exp.to_identifier(new.alias_or_name, quoted=True)))
    return tree.sql("duckdb")


def _bounded(
    table: exp.Table, done: Split, left: Residual, way: tuple[Edge, bool] | None
) -> exp.Query:
    rows = _rows(table, done, left)
    if way is None:
        return rows
    edge, to_left = way
    sides = [(edge.left, edge.left_field), (edge.right, edge.right_field)]
    (taker, taken), (giver, given) = sides if to_left else reversed(sides)
    if table is not taker:
        return rows
    keys = exp.select(exp.column(given, quoted=True)).from_(
        _rows(giver, done, left).subquery("keys")
    )
    bound = exp.column(taken, quoted=True).isin(query=keys)
    return exp.select("*").from_(rows.subquery("rows")).where(bound)


def _rows(table: exp.Table, done: Split, left: Residual) -> exp.Query:
    """What a source would be asked for one table of the tree, as SQL over the entities."""
    if table.name in done.fragments:
        return done.fragments[table.name].tree.copy()
    rows = exp.select("*").from_(table.copy())
    for condition in left.conditions.get(id(table), []):
        rows = rows.where(condition.copy())
    return rows
