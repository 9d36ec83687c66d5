"""Two tables are the same: columns by name and kind, rows as a multiset or, if ordered, a list."""

import math
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

_TOLERANCE = 1e-9
_SHOWN = 40


def difference(got: pa.Table, expected: pa.Table, *, ordered: bool) -> str:
    """What differs, in words; empty when nothing does.

    Whole numbers and decimals are equal exactly, whatever their width; floats to 1e-9; NaN is NaN.
    """
    if got.column_names != expected.column_names:
        return f"columns {got.column_names} instead of {expected.column_names}"
    kinds = [(_kind(got, i), _kind(expected, i)) for i in range(got.num_columns)]
    wrong = [
        f"{name} is {mine}, not {theirs}"
        for name, (mine, theirs) in zip(got.column_names, kinds, strict=True)
        if mine != theirs and "null" not in (mine, theirs)
    ]
    if wrong:
        return "; ".join(wrong)
    if got.num_rows != expected.num_rows:
        return f"{got.num_rows} rows instead of {expected.num_rows}"
    mine, theirs = rows_of(got), rows_of(expected)
    if ordered:
        at = next(
            (i for i, two in enumerate(zip(mine, theirs, strict=True)) if not _same(*two)), -1
        )
        return "" if at < 0 else f"row {at} is {mine[at]} instead of {theirs[at]}"
    return _unmatched(mine, theirs)


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows of values that compare by what they mean."""
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def shown(table: pa.Table) -> str:
    """The first rows of a table, as text."""
    lines = [", ".join(f"{one.name} {one.type}" for one in table.schema)]
    lines += [repr(row) for row in rows_of(table.slice(0, _SHOWN))]
    return "\n".join(lines) + ("\n…" if table.num_rows > _SHOWN else "")


def _kind(table: pa.Table, index: int) -> str:
    kind = table.schema.field(index).type
    if table.column(index).null_count == table.num_rows:
        return "null"
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return "exact number"
    return "float" if pa.types.is_floating(kind) else str(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC)
    return value


def _same(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    return all(_equal(a, b) for a, b in zip(mine, theirs, strict=True))


def _equal(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, float) and isinstance(theirs, float):
        return math.isclose(mine, theirs, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return mine == theirs


def _unmatched(mine: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> str:
    extra = list((Counter(mine) - Counter(theirs)).elements())
    missing = list((Counter(theirs) - Counter(mine)).elements())
    for row in list(extra):
        match = next((other for other in missing if _same(row, other)), None)
        if match is not None:
            extra.remove(row)
            missing.remove(match)
    return f"{extra[:5]} instead of {missing[:5]}" if extra or missing else ""
