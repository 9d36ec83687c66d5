"""Staged rows to one table, by DuckDB, and what the keys did on the way.

Keys without a match are a note; keys that stand more than once, where that changes a number, are a
warning that names it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from adapters.coercion import schema_of
from adapters.errors import QueryError
from orchestrator.compile.degrade import degrade
from orchestrator.compile.plan import KeyCheck, Plan
from orchestrator.fanout import Sum, Sums
from orchestrator.keys import KeyCount, count
from orchestrator.staging import Staging

MAX_ANSWER_BYTES = 256 * 1024 * 1024
_BATCH_ROWS = 100_000
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """The joined rows, what the keys did (`keys`, and `notes` in words), and what is missing
    (`losses`). `possible` is False when nothing could be answered without the failed steps;
    `truncated` says that the joined rows were cut at MAX_ANSWER_BYTES.
    """

    table: pa.Table
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    possible: bool = True
    keys: tuple[KeyCount, ...] = ()
    truncated: bool = False


async def join(plan: Plan, staging: Staging) -> JoinedTable:
    """Join the steps that are staged; the others count as failed.

    What is bounded by somebody's rights is answered whole or not at all, since a bound may rest on
    the step that failed. Raises QueryError when DuckDB can't evaluate the question's SQL on the
    rows.
    """
    failed = {step.id for step in plan.steps} - staging.steps
    sql, losses = plan.join.sql, ()
    if failed:
        degraded = None if plan.access else degrade(plan.join.sql, failed, plan.optional)
        if degraded is None:
            return JoinedTable(pa.table({}), possible=False)
        sql, losses = degraded.sql, degraded.losses
    for step in plan.steps:
        if step.id in failed:
            async with staging.filling(step.id, schema_of(step.query.columns)):
                pass
    checks = [check for check in plan.join.checks if not {check.left[0], check.right[0]} & failed]

    def joined(connection: duckdb.DuckDBPyConnection) -> JoinedTable:
        table, truncated = _result(connection, sql)
        table = table.rename_columns(list(plan.columns))
        sums = Sums(sql)
        counted = [_counted(connection, plan, sums, check) for check in checks]
        return JoinedTable(
            _plain(table),
            notes=_distinct(note for _, note, _ in counted),
            warnings=_distinct(warning for _, _, warning in counted),
            losses=losses,
            keys=tuple(keys for keys, _, _ in counted),
            truncated=truncated,
        )

    try:
        return await staging.ask(joined)
    except duckdb.Error as error:
        raise QueryError(
            f"The rows came, but the join failed ({type(error).__name__}): the question's SQL "
            "does not fit their types. Ask in other words, or look at the SQL."
        ) from error


def _result(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[pa.Table, bool]:
    """The rows of the join SQL, and whether they were cut at the cap of bytes."""
    reader = connection.sql(sql).to_arrow_reader(_BATCH_ROWS)
    batches: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        if size > MAX_ANSWER_BYTES:
            break
    return pa.Table.from_batches(batches, reader.schema), size > MAX_ANSWER_BYTES


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


def _counted(
    connection: duckdb.DuckDBPyConnection, plan: Plan, sums: Sums, check: KeyCheck
) -> tuple[KeyCount, str, str]:
    """One check's counts, with a note and a warning, each empty when there is nothing to say."""
    left, right = check.left[0], check.right[0]
    by_right, by_left = sums.multiplied(left, by=right), sums.multiplied(right, by=left)
    keys = count(
        connection,
        check,
        exact_left=bool(by_left),
        exact_right=bool(by_right) or check.right_unique,
    )
    about = "about " if keys.sampled else ""
    note = ""
    if keys.dropped_left:
        note = f"{about}{keys.dropped_left:,} keys had no match in {keys.right}"
    if by_right and keys.repeated_right:
        warning = _fan_out(plan, right, keys.repeated_right, keys.most_right, by_right)
    elif by_left and keys.repeated_left:
        warning = _fan_out(plan, left, keys.repeated_left, keys.most_left, by_left)
    elif check.right_unique and keys.repeated_right:
        warning = (
            f"{keys.repeated_right:,} keys stand more than once in {keys.right}; "
            "one of each was taken, so values from it may be old."
        )
    else:
        warning = ""
    return keys, note, warning


def _fan_out(plan: Plan, step: str, repeated: int, most: int, sums: Sequence[Sum]) -> str:
    entities = {one.id: one.entity for one in plan.steps}
    named = [f"{one.words} of {entities[one.step]}.{one.column}" for one in sums]
    more = len(named) - _MOST_NAMED
    told = ", ".join([*named[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])])
    keys = "1 key stands" if repeated == 1 else f"{repeated:,} keys stand"
    return (
        f"{keys} more than once in {entities[step]}, so {told} count their rows "
        f"up to {most:,} times."
    )


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
