"""Whether a chart says a table better, and which: read from the table alone, the same each time.

One column of times and some measures become a line or an area, one category and one measure become
bars, and shares that make up a whole a pie, when a share was asked for.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from orchestrator.answer import Chart, Series
from orchestrator.answer.shown import is_name_of_id, shown
from orchestrator.plan import ChartWish

MIN_TIMES, MAX_TIMES = 3, 500
MIN_BARS, MAX_BARS = 2, 20
MAX_PARTS, MAX_SERIES = 6, 6
_TOO_SMALL = 1 / 50
"""A measure below this share of the largest would lie flat on the axis."""
_SHARE = re.compile(r"\b(shares?|proportions?|percent(age)?s?|split|breakdown)\b|%", re.IGNORECASE)
_NO_AREA = re.compile(r"avg|average|mean|median|rate|ratio|share|score|price")


def chart(
    table: pa.Table, question: str, units: Mapping[str, str], wish: ChartWish = ""
) -> Chart | None:
    """The chart of a table, or None. `question` are the words asked, `units` those of columns. A
    planner's wish for another kind is followed where the rows can be drawn so."""
    if wish == "none" or not MIN_BARS <= table.num_rows <= MAX_TIMES:
        return None
    names = [str(name) for name in table.column_names]
    columns: dict[str, list[Any]] = {
        name: one.to_pylist() for name, one in zip(names, table.columns, strict=True)
    }
    times = [name for name in names if _is_time(name, table.schema.field(name).type)]
    measures = [name for name in names if _is_measure(name, columns[name])]
    others = [name for name in names if name not in (*times, *measures) and not is_name_of_id(name)]
    if len(times) == 1 and not others and measures:
        return _over_time(times[0], columns, measures, units, wish)
    if not times and len(others) == 1 and len(measures) == 1:
        return _by_category(others[0], columns, measures[0], question, units, wish)
    return None


def _over_time(
    name: str,
    columns: Mapping[str, list[Any]],
    measures: Sequence[str],
    units: Mapping[str, str],
    wish: ChartWish,
) -> Chart | None:
    moments = columns[name]
    if None in moments or len(set(moments)) < max(MIN_TIMES, len(moments)):
        return None
    drawn = _comparable(columns, measures, units)
    order = sorted(range(len(moments)), key=moments.__getitem__)
    labels = _time_labels([moments[at] for at in order])
    series = tuple(
        Series(_words(one), tuple(float(columns[one][at]) for at in order)) for one in drawn
    )
    can_be_area = len(series) == 1 and min(series[0].values) >= 0
    is_amount = can_be_area and not _NO_AREA.search(drawn[0])
    is_area = can_be_area and wish == "area" if wish in ("line", "area") else is_amount
    title = f"{_listed([one.name for one in series])} by {_words(name)}"
    kind = "area" if is_area else "line"
    return Chart(kind, _title(title), _words(name), labels, series, units.get(drawn[0], ""))


def _by_category(
    name: str,
    columns: Mapping[str, list[Any]],
    measure: str,
    question: str,
    units: Mapping[str, str],
    wish: ChartWish,
) -> Chart | None:
    labels = tuple(shown(value) for value in columns[name])
    if len(labels) > MAX_BARS or len(set(labels)) < len(labels) or None in columns[name]:
        return None
    values = tuple(float(value) for value in columns[measure])
    is_whole = any(math.isclose(sum(values), whole, rel_tol=0.01) for whole in (1, 100))
    is_pie = len(values) <= MAX_PARTS and min(values) > 0 and is_whole
    is_said = _SHARE.search(question) is not None or _SHARE.search(_words(measure)) is not None
    is_asked = wish == "pie" if wish in ("bar", "pie") else is_said
    title = _title(f"{_words(measure)} by {_words(name)}")
    return Chart(
        "pie" if is_pie and is_asked else "bar",
        title,
        _words(name),
        labels,
        (Series(_words(measure), values),),
        units.get(measure, ""),
    )


def _comparable(
    columns: Mapping[str, list[Any]], measures: Sequence[str], units: Mapping[str, str]
) -> list[str]:
    """The measures that one axis can hold: those with the first one's unit, and of its size."""
    same = [one for one in measures if units.get(one) == units.get(measures[0])][:MAX_SERIES]
    sizes = [max(abs(float(value)) for value in columns[one]) for one in same]
    if min(sizes) < max(sizes) * _TOO_SMALL:
        return list(measures[:1])
    return same


def _is_time(name: str, kind: pa.DataType) -> bool:
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return True
    return pa.types.is_integer(kind) and (name.lower() == "year" or name.lower().endswith("_year"))


def _is_measure(name: str, values: Sequence[Any]) -> bool:
    """Whether a column is a quantity, known and finite in every row."""
    return not is_name_of_id(name) and all(
        isinstance(value, int | float | Decimal)
        and not isinstance(value, bool)
        and math.isfinite(value)
        for value in values
    )


def _time_labels(moments: Sequence[Any]) -> tuple[str, ...]:
    """Each moment to the length that tells them apart: years, months, days or minutes."""
    days = [one for one in moments if isinstance(one, date)]
    if len(days) < len(moments):
        return tuple(str(one) for one in moments)
    if any(isinstance(one, datetime) and one.time() != time() for one in days):
        return tuple(shown(one) for one in days)
    if any(one.day != 1 for one in days):
        return tuple(one.strftime("%Y-%m-%d") for one in days)
    form = "%Y" if all(one.month == 1 for one in days) else "%Y-%m"
    return tuple(one.strftime(form) for one in days)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
