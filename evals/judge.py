"""Whether an answer's rows are those of a check query.

Columns may stand in any order and under any name, and an answer may show more columns than were
asked for, never fewer. Rows are compared as a bag; where an order is asked for, the check's last
column, which is what it is ordered by, must run the same way too.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

Column = tuple[Any, ...]


def same(check: pa.Table, answer: pa.Table, *, ordered: bool) -> bool:
    """Whether the answer holds what the check holds."""
    if check.num_rows != answer.num_rows:
        return False
    wanted, given = columns(check), columns(answer)
    rows = Counter(zip(*wanted, strict=True))
    for chosen in _matches(wanted, given):
        if Counter(zip(*chosen, strict=True)) == rows and (not ordered or chosen[-1] == wanted[-1]):
            return True
    return False


def columns(table: pa.Table) -> list[Column]:
    """The columns as plain values: numbers to nine digits, midnights in UTC as days."""
    return [tuple(_plain(value) for value in column.to_pylist()) for column in table.columns]


def _matches(wanted: list[Column], given: list[Column]) -> Iterator[list[Column]]:
    """Every choice of distinct given columns that hold the same values as the wanted ones."""
    if not wanted:
        yield []
        return
    bag = Counter(wanted[0])
    for at, column in enumerate(given):
        if Counter(column) == bag:
            for rest in _matches(wanted[1:], given[:at] + given[at + 1 :]):
                yield [column, *rest]


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(f"{float(value):.9g}")
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.date() if moment.time() == datetime.min.time() else moment
    return value if isinstance(value, date) else str(value)
