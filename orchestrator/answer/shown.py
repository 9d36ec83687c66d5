"""Values as people read them: one form for the sentence, the table in Slack and the terminal.

A column has one form throughout, so that its numbers can be compared by eye, and a sentence that
takes a value from it says that value in the same form.
"""

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

NOTHING = "–"
SHOWN_ROWS = 200
"""The most rows that are shown anywhere; a column's form is read from them."""


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


def column(name: str, values: Sequence[Any]) -> list[str]:
    """The values of a column as text, all in one form; ids and years keep their digits."""
    if is_name_of_id(name):
        return [str(v) if isinstance(v, int) else shown(v) for v in values]
    times = [v for v in values if isinstance(v, datetime)]
    if times and all(v.time() == time() for v in times):
        return [v.date().isoformat() if isinstance(v, datetime) else shown(v) for v in values]
    if any(_is_broken(v) for v in values):
        return [_cents(v) if isinstance(v, Decimal | float) else shown(v) for v in values]
    return [shown(value) for value in values]


def first_row(table: pa.Table) -> dict[str, str | None]:
    """The first row of a table that has one, as `column` shows it; None where there is no value."""
    head = table.slice(0, SHOWN_ROWS)
    values: list[list[Any]] = [one.to_pylist() for one in head.columns]
    return {
        name: None if found[0] is None else column(name, found)[0]
        for name, found in zip(table.column_names, values, strict=True)
    }


def is_name_of_id(name: str) -> bool:
    """Whether a column of that name holds ids or years, which are no quantities."""
    return name.lower() in {"id", "year"} or name.lower().endswith(("_id", "_year"))


def is_number(value: Any) -> bool:
    """Whether a value is a number, which a truth is not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def printable(text: str) -> str:
    """The text without control characters, which could drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def _is_broken(value: Any) -> bool:
    """Whether a value is a number with digits behind the point that two decimals can show."""
    if not isinstance(value, Decimal | float) or not math.isfinite(value):
        return False
    return abs(value) >= 1 and value != int(value)


def _cents(value: Decimal | float) -> str:
    """A number with two decimals; as `number` shows it where they would show nothing of it."""
    is_lost = not math.isfinite(value) or (value != 0 and abs(value) < Decimal("0.005"))
    return number(value) if is_lost else f"{value:,.2f}"


def _moment(value: datetime) -> str:
    """`2026-03-01 09:05 UTC`, with seconds where there are any."""
    text = value.strftime("%Y-%m-%d %H:%M" + (":%S" if value.second else ""))
    if value.tzinfo is None:
        return text
    return f"{text} UTC" if value.utcoffset() == UTC.utcoffset(None) else f"{text} {value:%z}"


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


_FORMS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, _yes_or_no),
    ((int, float, Decimal), number),
    (datetime, _moment),
    (date, date.isoformat),
    ((dict, list), lambda value: json.dumps(value, ensure_ascii=False, default=str)),
)


def shown(value: Any) -> str:
    """One value by itself as people write it: ISO dates, – for nothing, never empty."""
    for kinds, form in _FORMS:
        if isinstance(value, kinds):
            return printable(form(value))
    return NOTHING if value is None else printable(str(value)).strip() or NOTHING
