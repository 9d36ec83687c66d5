"""What the keys of a join did: matched, dropped, null, repeated. Counted in one pass a check.

Up to half a million rows the counts are exact. Above, one key in sixteen is counted, the same on
both sides, and what decides a warning is still counted exactly.
"""

from dataclasses import dataclass

import duckdb

from orchestrator.compile.parse import FETCHED
from orchestrator.compile.plan import KeyCheck

EXACT_ROWS = 500_000
_SAMPLED = 16


@dataclass(frozen=True, slots=True)
class KeyCount:
    """The keys of one equality: distinct values that are not null, except `null_…`, in rows.

    `dropped_…` have no match on the other side: an inner join drops their rows. `repeated_…` are
    matched and stand more than once on that side, at most `most_…` times. Where `sampled`, counts
    are estimates, except those of a side that was `counted` in full.
    """

    left: str
    right: str
    matched: int
    dropped_left: int
    dropped_right: int
    null_left: int
    null_right: int
    repeated_left: int
    repeated_right: int
    most_left: int
    most_right: int
    sampled: bool = False


def count(
    connection: duckdb.DuckDBPyConnection, check: KeyCheck, exact_left: bool, exact_right: bool
) -> KeyCount:
    """Count one check over the staged tables; `exact_…` says whose repeats must not be estimated.

    Raises duckdb.Error when a key's transform can't read a value.
    """
    (left_step, left, left_label), (right_step, right, right_label) = check.left, check.right
    rows = _numbers(
        connection,
        f"SELECT (SELECT count(*) FROM {FETCHED}{left_step}), "
        f"(SELECT count(*) FROM {FETCHED}{right_step})",
    )
    sampled = sum(rows) > EXACT_ROWS
    numbers = _numbers(
        connection,
        f"WITH l AS ({_grouped(left_step, left, sampled)}), "
        f"r AS ({_grouped(right_step, right, sampled)}) {_COUNTS}",
    )
    if sampled:
        nulls = numbers[3:5]  # all nulls are in the sample, or none: they are counted with it
        estimated = [number * _SAMPLED for number in (*numbers[:3], *numbers[5:7])]
        numbers = [*estimated[:3], *nulls, *estimated[3:], *numbers[7:]]
        if exact_left:
            numbers[5], numbers[7] = _repeats(connection, check.left, check.right)
        if exact_right:
            numbers[6], numbers[8] = _repeats(connection, check.right, check.left)
    return KeyCount(left_label, right_label, *numbers, sampled=sampled)


_COUNTS = """SELECT count(*) FILTER (l.k = r.k),
count(l.k) FILTER (r.k IS NULL), count(r.k) FILTER (l.k IS NULL),
sum(l.n) FILTER (l.k IS NULL), sum(r.n) FILTER (r.k IS NULL),
count(*) FILTER (l.k = r.k AND l.n > 1), count(*) FILTER (l.k = r.k AND r.n > 1),
max(l.n) FILTER (l.k = r.k), max(r.n) FILTER (l.k = r.k)
FROM l FULL JOIN r ON l.k = r.k"""


def _grouped(step: str, expression: str, sampled: bool) -> str:
    part = f" WHERE k IS NULL OR hash(k) % {_SAMPLED} = 0" if sampled else ""
    return (
        f"SELECT k, count(*) AS n FROM (SELECT {expression} AS k FROM {FETCHED}{step}){part} "
        "GROUP BY k"
    )


def _repeats(
    connection: duckdb.DuckDBPyConnection,
    side: tuple[str, str, str],
    other: tuple[str, str, str],
) -> list[int]:
    """How many keys of a side stand more than once and have a match, and how often at most."""
    return _numbers(
        connection,
        f"WITH repeated AS MATERIALIZED ({_grouped(side[0], side[1], False)} HAVING n > 1) "
        "SELECT count(*), max(n) FROM repeated WHERE k IN "
        f"(SELECT {other[1]} FROM {FETCHED}{other[0]})",
    )


def _numbers(connection: duckdb.DuckDBPyConnection, sql: str) -> list[int]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return [int(number or 0) for number in row]
