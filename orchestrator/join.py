"""Batches to one table, by DuckDB: no files, no network, bounded memory, configuration locked.

It also counts what the keys did: how many of one side had no match on the other, and how many
matched more than once where one was expected.
"""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from adapters.coercion import schema_of
from adapters.errors import QueryError
from orchestrator.compile.degrade import degrade
from orchestrator.compile.parse import FETCHED
from orchestrator.compile.plan import KeyCheck, Plan

_MEMORY = "1GB"


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """The joined rows, what the keys did (`notes`), and what is missing (`losses`).

    `possible` is False when nothing could be answered without the failed steps.
    """

    table: pa.Table
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    possible: bool = True


def join(plan: Plan, tables: dict[str, pa.Table]) -> JoinedTable:
    """Join the tables of the steps that came; the others count as failed. Blocking: use a thread.

    Raises QueryError when DuckDB can't evaluate the question's SQL on the rows.
    """
    failed = {step.id for step in plan.steps} - tables.keys()
    sql, losses = plan.join.sql, ()
    if failed:
        degraded = degrade(plan.join.sql, failed, plan.optional)
        if degraded is None:
            return JoinedTable(pa.table({}), possible=False)
        sql, losses = degraded.sql, degraded.losses
    empty = {
        step.id: schema_of(step.query.columns).empty_table()
        for step in plan.steps
        if step.id in failed
    }
    with _duckdb({**tables, **empty}) as connection:
        try:
            table = _plain(connection.sql(sql).to_arrow_table())
            checks = [c for c in plan.join.checks if not {c.left[0], c.right[0]} & failed]
            counted = [_count(connection, check) for check in checks]
        except duckdb.Error as error:
            raise QueryError(
                f"The rows came, but the join failed ({type(error).__name__}): the question's SQL "
                "does not fit their types. Ask in other words, or look at the SQL."
            ) from error
    notes = tuple(dict.fromkeys(note for note, _ in counted if note))
    warnings = tuple(dict.fromkeys(warning for _, warning in counted if warning))
    return JoinedTable(table, notes, warnings, losses)


def distinct_keys(table: pa.Table, expression: str, at_most: int) -> list[Any] | None:
    """The distinct values, not null, of a DuckDB expression over a table; None when too many."""
    with _duckdb({"keys": table}) as connection:
        sql = (
            f"SELECT DISTINCT {expression} AS key FROM {FETCHED}keys "
            f"WHERE ({expression}) IS NOT NULL ORDER BY key LIMIT {at_most + 1}"
        )
        keys = connection.sql(sql).to_arrow_table().column(0).to_pylist()
    return None if len(keys) > at_most else keys


@contextmanager
def _duckdb(tables: dict[str, pa.Table]) -> Generator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="crosstalk-join-") as spill:
        connection = duckdb.connect(
            ":memory:",
            config={"memory_limit": _MEMORY, "temp_directory": spill},
        )
        try:
            for name, table in tables.items():
                connection.register(f"{FETCHED}{name}", table)
            for setting in (
                "TimeZone = 'UTC'",
                "python_enable_replacements = false",
                "enable_external_access = false",
                "lock_configuration = true",
            ):
                connection.execute(f"SET {setting}")
            yield connection
        finally:
            connection.close()


def _plain(table: pa.Table) -> pa.Table:
    """DuckDB's 128-bit sums of integers as int64, where they fit."""
    for index, column in enumerate(table.schema):
        kind = column.type
        if pa.types.is_decimal(kind) and kind.scale == 0 and kind.precision == 38:
            try:
                whole = table.column(index).cast(pa.int64())
            except pa.ArrowInvalid:
                continue
            table = table.set_column(index, column.name, whole)
    return table


def _count(connection: duckdb.DuckDBPyConnection, check: KeyCheck) -> tuple[str, str]:
    """A note on keys without a match, and a warning on keys that match more than once."""
    (left_step, left, _), (right_step, right, right_source) = check.left, check.right
    unmatched = _number(
        connection,
        f"SELECT count(DISTINCT k) FROM (SELECT {left} AS k FROM {FETCHED}{left_step}) "
        f"WHERE k IS NOT NULL AND k NOT IN "
        f"(SELECT {right} FROM {FETCHED}{right_step} WHERE ({right}) IS NOT NULL)",
    )
    note = f"{unmatched:,} keys had no match in {right_source}" if unmatched else ""
    warning = ""
    if check.right_unique:
        repeated = _number(
            connection,
            f"SELECT count(*) FROM (SELECT {right} AS k FROM {FETCHED}{right_step} "
            f"WHERE ({right}) IN (SELECT {left} FROM {FETCHED}{left_step}) "
            "GROUP BY k HAVING count(*) > 1)",
        )
        if repeated:
            warning = (
                f"{repeated:,} keys stand more than once in {right_source}; "
                "one of each was taken, so values from it may be old."
            )
    return note, warning


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
