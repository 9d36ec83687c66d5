"""The transform of one column under which most of its stored keys are keys of the other side."""

import contextlib
import heapq
import itertools
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from orchestrator.compile.inputs import transformed
from orchestrator.compile.shapes import sql_type
from orchestrator.overlap.steps import Step, Texts, steps, texts

MOST_STEPS = 3
_MOST_CHAINS = 120
_SAMPLE = 10_000
_FEW = 200
_COST = 0.001
"""A step is worth it when it matches one more key in a thousand."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps in their order, from the stored value to the type `word`."""

    stored: str
    word: str
    taken: tuple[Step, ...] = ()

    @property
    def cost(self) -> int:
        """How much the chain is, in plain steps."""
        return sum(step.cost for step in self.taken)

    @property
    def text(self) -> str:
        """The DuckDB expression over `value` that gives the changed text."""
        changed = "value" if self.stored == "string" else "CAST(value AS TEXT)"
        for step in self.taken:
            changed = step.write(changed)
        return changed

    @property
    def transform(self) -> str:
        """The binding's `transform`: the changed text as the field's type."""
        if self.word == "string":
            return self.text
        changed = self.text if self.taken else "value"
        return f"TRY_CAST({changed} AS {sql_type(self.word)})"

    def followers(self, dirty: Texts, wanted: Texts) -> Iterator["Chain"]:
        """The chains with one more step, of those that the texts give reason to try."""
        last = self.taken[-1].rank if self.taken else -1
        for step in steps(dirty, wanted):
            if step.rank > last:
                yield Chain(self.stored, self.word, (*self.taken, step))


@dataclass(frozen=True, slots=True)
class Column:
    """A column's stored keys, and the values wanted of them.

    `stored` and `wanted` are SELECTs of distinct values named `value`, without nulls, of the types
    `stored_word` and `word`. `unique` says that two stored keys must not become the same.
    """

    stored: str
    stored_word: str
    wanted: str
    word: str
    unique: bool


def search(connection: duckdb.DuckDBPyConnection, column: Column) -> str | None:
    """The `transform` that matches most at the least cost; None when none matches any key.

    Of more than ten thousand stored keys a sample is looked at.
    """
    with _tables(connection, column):
        wanted = _as_texts(_column(connection, "CAST(value AS TEXT)", "wanted"))
        found: list[Chain] = []
        seen: set[tuple[str | None, ...]] = set()
        order = itertools.count()
        waiting = [(0, next(order), Chain(column.stored_word, column.word))]
        while waiting and len(found) < _MOST_CHAINS:
            _, _, chain = heapq.heappop(waiting)
            values = _column(connection, transformed(chain.text, "value", "string"), "dirty")
            if values in seen:  # a chain that costs less gives the same
                continue
            seen.add(values)
            found.append(chain)
            if len(chain.taken) < MOST_STEPS:
                for longer in chain.followers(_as_texts(values), wanted):
                    heapq.heappush(waiting, (longer.cost, next(order), longer))
        return _most_matched(connection, found, column.unique)


@contextlib.contextmanager
def _tables(connection: duckdb.DuckDBPyConnection, column: Column) -> Generator[None]:
    """Tables `dirty` (a sample) and `wanted`; `is_met` are those that match as they are."""
    plain = transformed(f"TRY_CAST(value AS {sql_type(column.word)})", "value", column.word)
    connection.execute(
        "CREATE TEMP TABLE wanted AS SELECT value, value IN "
        f"(SELECT {plain} FROM ({column.stored})) IS TRUE AS is_met FROM ({column.wanted})"
    )
    connection.execute(
        f"CREATE TEMP TABLE dirty AS SELECT value, {plain} IN (SELECT value FROM wanted) IS TRUE "
        f"AS is_met FROM ({column.stored}) ORDER BY hash(value) LIMIT {_SAMPLE}"
    )
    try:
        yield
    finally:
        connection.execute("DROP TABLE dirty")
        connection.execute("DROP TABLE wanted")


def _column(
    connection: duckdb.DuckDBPyConnection, expression: str, table: str
) -> tuple[str | None, ...]:
    """An expression's values, those without a partner first."""
    rows = connection.execute(f"SELECT {expression} FROM {table} ORDER BY is_met, hash(value)")
    return tuple(row[0] for row in rows.fetchall())


def _as_texts(values: Sequence[str | None]) -> Texts:
    known = [value for value in values if value]
    return texts(known, known[:_FEW])


def _most_matched(
    connection: duckdb.DuckDBPyConnection, chains: Sequence[Chain], unique: bool
) -> str | None:
    """The transform of the best chain: matched keys count, less those merged where that is wrong,
    less the cost; among equals the one that merges least, then the shortest."""
    transforms = [chain.transform for chain in chains]
    values = ", ".join(f"TRY({transformed(t, 'value', chains[0].word)})" for t in transforms)
    rows = connection.execute(
        "SELECT i, count(*), count(w.value), count(d.v) - count(DISTINCT d.v) FROM "
        f"(SELECT unnest([{values}]) AS v, unnest(range({len(chains)})) AS i FROM dirty) AS d "
        "LEFT JOIN wanted AS w ON w.value = d.v GROUP BY i"
    ).fetchall()

    def worth(row: tuple[int, int, int, int]) -> tuple[float, int, int]:
        index, keys, matched, merged = row
        net = matched - (merged if unique else 0) - _COST * keys * chains[index].cost
        return net, -merged, -len(transforms[index])

    best = max((row for row in rows if row[2]), key=worth, default=None)
    return transforms[best[0]] if best is not None else None
