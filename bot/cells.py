"""An answer's table to text cells, the same for Slack and the terminal; knows neither."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from orchestrator.answer import Answer, SourceReport
from orchestrator.events import Succeeded

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Cells:
    """The first rows of a table as text; `numeric` says which columns stand to the right."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int


def cells(answer: Answer, limit: int) -> Cells:
    """At most `limit` rows of the answer's table, each column in one format."""
    table = answer.table.slice(0, limit)
    names = [str(name) for name in table.column_names]
    values: list[list[Any]] = [column.to_pylist() for column in table.columns]
    shown = [_column(name, column) for name, column in zip(names, values, strict=True)]
    return Cells(
        columns=tuple(_heading(name, answer.units.get(name)) for name in names),
        numeric=tuple(any(_is_number(value) for value in column) for column in values),
        rows=tuple(zip(*shown, strict=True)) if shown else (),
        total_rows=answer.table.num_rows,
    )


def printable(text: str) -> str:
    """The text without control characters, which could drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def number(value: float | Decimal) -> str:
    """A number for people: thousands separated, at most two decimals (more below one)."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return NOTHING
    text = f"{value:,.2f}"
    if abs(value) < 1 and value != 0:
        text = format(Decimal(f"{value:.3g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def timing(fetch: Succeeded | SourceReport) -> str:
    """How long a fetch took, or how old its rows are when they were kept."""
    if not fetch.cached:
        return f"{fetch.seconds:.2f} s"
    if fetch.age_s < 60:
        return f"cached, {fetch.age_s:.0f} s ago"
    return f"cached, {fetch.age_s / 60:.0f} min ago"


def _heading(name: str, unit: str | None) -> str:
    return printable(f"{name} ({unit})" if unit else name)


def _column(name: str, values: list[Any]) -> list[str]:
    if name.lower() in {"id", "year"} or name.lower().endswith(("_id", "_year")):
        return [str(v) if isinstance(v, int) else _text(v) for v in values]
    days = [v for v in values if isinstance(v, datetime)]
    if days and all(v.time() == time() for v in days):
        return [v.date().isoformat() if isinstance(v, datetime) else _text(v) for v in values]
    numbers = [v for v in values if isinstance(v, Decimal)]
    if any(abs(v) >= 1 and v != v.to_integral_value() for v in numbers):
        return [f"{v:,.2f}" if isinstance(v, Decimal) else _text(v) for v in values]
    return [_text(value) for value in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


_FORMATS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, _yes_or_no),
    ((int, float, Decimal), number),
    (datetime, lambda value: value.isoformat(sep=" ", timespec="seconds")),
    (date, date.isoformat),
    ((dict, list), lambda value: json.dumps(value, ensure_ascii=False, default=str)),
)


def _text(value: Any) -> str:
    for kinds, form in _FORMATS:
        if isinstance(value, kinds):
            return printable(form(value))
    return NOTHING if value is None else printable(str(value)).strip() or NOTHING
