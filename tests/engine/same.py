"""Whether two tables hold the same rows: exact values exactly, floats to nine digits."""

import math
from decimal import Decimal
from typing import Any

import pyarrow as pa

RELATIVE = 1e-9
Row = tuple[list[Any], list[float | None]]
"""The exact values of a row, and its approximate ones."""


def differences(found: pa.Table, expected: pa.Table, order: list[str]) -> list[str]:
    """What differs, a line each: the names, the rows whatever their order, the columns of `order`
    row by row. A column is approximate where either table has floats in it."""
    if found.column_names != expected.column_names:
        return [f"columns {found.column_names}, not {expected.column_names}"]
    if found.num_rows != expected.num_rows:
        return [f"{found.num_rows} rows, not {expected.num_rows}"]
    floats = [
        name
        for name in expected.column_names
        if any(pa.types.is_floating(table.schema.field(name).type) for table in (found, expected))
    ]
    pairs = zip(_sorted(found, floats), _sorted(expected, floats), strict=True)
    lines = [f"row {left}, not {right}" for left, right in pairs if not _equal(left, right)]
    if order:
        keys = [_rows(table.select(order), floats) for table in (found, expected)]
        lines += [
            f"in place {place}: {left}, not {right}"
            for place, (left, right) in enumerate(zip(*keys, strict=True))
            if not _equal(left, right)
        ]
    return lines


def _rows(table: pa.Table, floats: list[str]) -> list[Row]:
    return [
        (
            [_exact(value) for name, value in row.items() if name not in floats],
            [None if row[name] is None else float(row[name]) for name in row if name in floats],
        )
        for row in table.to_pylist()
    ]


def _sorted(table: pa.Table, floats: list[str]) -> list[Row]:
    def key(row: Row) -> tuple[str, list[str]]:
        return repr(row[0]), [repr(value and f"{value:.6g}") for value in row[1]]

    return sorted(_rows(table, floats), key=key)


def _exact(value: Any) -> Any:
    """Numbers as Decimals without the zeros at their end, so that equal ones look alike."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize()
    return value


def _equal(left: Row, right: Row) -> bool:
    return left[0] == right[0] and all(
        a is b if a is None or b is None else math.isclose(a, b, rel_tol=RELATIVE)
        for a, b in zip(left[1], right[1], strict=True)
    )
