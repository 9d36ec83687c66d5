"""Random aggregates and window functions over given columns."""

from collections.abc import Sequence

from tests.property.expressions import KINDS, NUMBERS, Column, Expressions

_RARE = (
    ("bool", "BOOL_OR({p})"),
    ("bool", "BOOL_AND({bool})"),
    ("int64", "COUNT_IF({p})"),
    ("float64", "MEDIAN({float64?})"),
    ("float64", "STDDEV_SAMP({int64?})"),
    ("float64", "QUANTILE_CONT({float64?}, 0.25)"),
    ("string", "MAX({string?}) FILTER (WHERE {p})"),
    ("int64", "COUNT(DISTINCT {string?}) FILTER (WHERE {p})"),
    ("decimal", "SUM(CASE WHEN {p} THEN {decimal?} ELSE 0 END)"),
    ("int64", "COALESCE(SUM({int64?}), 0)"),
    ("float64", "AVG({decimal}) * 2"),
    ("int64", "COUNT(*) - COUNT({int64?})"),
    ("timestamp", "MAX({date}) - INTERVAL 1 DAY"),
)
"""Aggregates that are drawn now and then, with their kinds, as templates."""


def aggregate(say: Expressions, columns: Sequence[Column]) -> tuple[str, str]:
    """An aggregate over the columns, with its kind."""
    if say.chance(15):
        kind, sql = say.pick(_RARE)
        return kind, say.fill(sql, columns)
    if say.chance(2):
        text = say.value("string", columns, 0)
        return "string", f"STRING_AGG({text}, ',' ORDER BY {text})"
    name = say.pick(("COUNT", "SUM", "MIN", "MAX", "AVG", "COUNT(*)"))
    distinct = "DISTINCT " if name in ("COUNT", "SUM") and say.chance(25) else ""
    kinds = NUMBERS if name in ("SUM", "AVG") else KINDS
    present = [kind for kind in kinds if any(c.kind == kind for c in columns)] or ["int64"]
    kind = say.pick(present)
    sql = f"{name}({distinct}{say.value(kind, columns, 1)})"
    if name == "COUNT(*)":
        sql = name
    if say.chance(20):
        sql += f" FILTER (WHERE {say.condition(columns, 1)})"
    match name:
        case "AVG":
            return "float64", sql
        case "SUM" | "MIN" | "MAX":
            return kind, sql
        case _:
            return "int64", sql


def window(say: Expressions, columns: Sequence[Column]) -> tuple[str, str]:
    """A window function; those that number rows see them in a total order."""
    parted = f"PARTITION BY {say.pick(columns).sql} " if say.chance(60) else ""
    one = say.pick(columns)
    by_one = f"OVER ({parted}ORDER BY {one.sql}{say.pick(('', ' DESC NULLS LAST'))})"
    by_all = f"OVER ({parted}ORDER BY {', '.join(column.sql for column in columns)})"
    shown = say.pick(columns)
    whole = f"OVER ({parted.strip()})"
    return say.pick(
        (
            ("int64", f"ROW_NUMBER() {by_all}"),
            ("int64", f"RANK() {by_one}"),
            ("int64", f"DENSE_RANK() {by_one}"),
            ("int64", f"COUNT({shown.sql}) {by_one}"),
            (shown.kind, f"MAX({shown.sql}) {whole}"),
            (shown.kind, f"LAG({shown.sql}) {by_all}"),
            (shown.kind, f"FIRST_VALUE({shown.sql}) {by_all}"),
        )
    )
