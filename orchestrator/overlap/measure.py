"""Two sides' keys counted against each other, in DuckDB: the judge is the one that joins them."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb


@dataclass(frozen=True, slots=True)
class Keyed:
    """A staged table of distinct stored keys, columns `k1…` and `n`, and how each is compared.

    `values` are DuckDB expressions over `k1…`, of the types `kinds`, the same for both sides.
    """

    table: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """One side: distinct stored keys, of which `matched` have a partner.

    `null` counts rows without a key. `lost` are keys that the transform turns into nothing, and
    `merged` those that it makes equal to another. `repeated` are compared values that stand in
    more than one row. `fails` when a value breaks the transform, and with it each query.
    """

    keys: int
    matched: int
    null: int
    lost: int
    merged: int
    repeated: int
    fails: bool

    @property
    def only(self) -> int:
        """Keys with no partner on the other side."""
        return self.keys - self.matched


@dataclass(frozen=True, slots=True)
class Counts:
    """Both sides of a pair."""

    left: Count
    right: Count

    @property
    def share(self) -> float | None:
        """The part (0–1) of the left side's keys that match; None when it has none."""
        return self.left.matched / self.left.keys if self.left.keys else None


def measure(connection: duckdb.DuckDBPyConnection, left: Keyed, right: Keyed) -> Counts:
    """Count both sides."""
    return Counts(_count(connection, left, right), _count(connection, right, left))


def unmatched(
    connection: duckdb.DuckDBPyConnection, side: Keyed, other: Keyed, at_most: int
) -> list[str]:
    """Stored keys that have no partner, as text, the first in order."""
    shown = " || ', ' || ".join(f"CAST({column} AS TEXT)" for column in side.columns)
    rows = connection.execute(
        f"SELECT {shown} FROM ({compared(side)}) AS a WHERE NOT {_met(side, other)} "
        f"ORDER BY 1 LIMIT {at_most}"
    ).fetchall()
    return [str(row[0]) for row in rows]


def compared(side: Keyed) -> str:
    """A SELECT of the stored keys without a null, `k1…` and `n`, with compared values `x1…`."""
    values = ", ".join(
        f"TRY_CAST(TRY({value}) AS {kind}) AS x{i}"
        for i, (value, kind) in enumerate(zip(side.values, side.kinds, strict=True), start=1)
    )
    whole = " AND ".join(f"{column} IS NOT NULL" for column in side.columns)
    return f"SELECT *, {values} FROM {side.table} WHERE {whole}"


def _met(side: Keyed, other: Keyed) -> str:
    """SQL, over `a` of `side`, that is true for keys with a partner and else false or null."""
    names = [f"x{i}" for i in range(1, len(side.columns) + 1)]
    same = " AND ".join(f"b.{name} = a.{name}" for name in names)
    return f"EXISTS (SELECT 1 FROM ({compared(other)}) AS b WHERE {same})"


def _count(connection: duckdb.DuckDBPyConnection, side: Keyed, other: Keyed) -> Count:
    names = [f"x{i}" for i in range(1, len(side.columns) + 1)]
    there = " AND ".join(f"{name} IS NOT NULL" for name in names)
    null = " OR ".join(f"{column} IS NULL" for column in side.columns)
    keys, matched, readable, values, repeated = _numbers(
        connection,
        f"WITH a AS MATERIALIZED ({compared(side)}), "
        f"v AS (SELECT sum(n) AS n FROM a WHERE {there} GROUP BY {', '.join(names)}) "
        f"SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM a WHERE {_met(side, other)}), "
        f"(SELECT count(*) FROM a WHERE {there}), (SELECT count(*) FROM v), "
        "(SELECT count(*) FROM v WHERE n > 1)",
    )
    (nulls,) = _numbers(connection, f"SELECT sum(n) FROM {side.table} WHERE {null}")
    lost = keys - readable
    fails = lost > 0 and _fails(connection, side)
    return Count(keys, matched, nulls, lost, readable - values, repeated, fails)


def _fails(connection: duckdb.DuckDBPyConnection, side: Keyed) -> bool:
    plain = ", ".join(
        f"count(CAST({value} AS {kind}))"
        for value, kind in zip(side.values, side.kinds, strict=True)
    )
    try:
        connection.execute(f"SELECT {plain} FROM {side.table}").fetchone()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return True
    return False


def _numbers(connection: duckdb.DuckDBPyConnection, sql: str) -> Sequence[int]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return [int(number or 0) for number in row]
