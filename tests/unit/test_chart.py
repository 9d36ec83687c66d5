"""Which tables want a chart, and which one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from orchestrator.answer import Chart
from orchestrator.answer.chart import chart
from orchestrator.plan import ChartWish

MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (3, 1, 2)]
PLACES = ["FR", "DE", "IT"]


def drawn(
    columns: dict[str, list[Any]], question: str = "", wish: ChartWish = "", **units: str
) -> Chart | None:
    """The chart of a table of these columns."""
    return chart(pa.table(columns), question, units, wish)


@pytest.mark.parametrize(
    ("columns", "wish", "kind"),
    [
        ({"month": MONTHS, "revenue": [3, 1, 2]}, "line", "line"),
        ({"month": MONTHS, "avg_price": [3, 1, 2]}, "area", "area"),
        ({"month": MONTHS, "change": [3, -1, 2]}, "area", "line"),
        ({"month": MONTHS, "revenue": [3, 1, 2]}, "pie", "area"),
        ({"country": PLACES, "part": [50, 30, 20]}, "pie", "pie"),
        ({"country": PLACES, "share": [50, 30, 20]}, "bar", "bar"),
        ({"country": PLACES, "revenue": [5, 3, 1]}, "pie", "bar"),
        ({"country": PLACES, "revenue": [5, 3, 1]}, "none", None),
        ({"country": PLACES, "city": PLACES, "revenue": [5, 3, 1]}, "bar", None),
    ],
)
def test_a_wish_is_followed_where_the_rows_can_be_drawn_so(
    columns: dict[str, list[Any]], wish: ChartWish, kind: str | None
) -> None:
    """A planner chooses among the kinds that fit the rows, or none, and can force no other."""
    found = drawn(columns, wish=wish)
    assert (found.kind if found else None) == kind


def test_an_amount_over_time_is_an_area_in_order() -> None:
    """Rows are put in the order of their time, whatever they were sorted by."""
    found = drawn(
        {"month": MONTHS, "revenue": [Decimal("3.5"), Decimal(1), Decimal(2)]}, revenue="EUR"
    )
    assert found is not None
    assert (found.kind, found.title, found.unit) == ("area", "Revenue by month", "EUR")
    assert found.x == ("2026-01", "2026-02", "2026-03")
    assert found.series[0].values == (1.0, 2.0, 3.5)


def test_several_measures_over_time_are_lines() -> None:
    """Measures of one unit and size share an axis; the words name them."""
    found = drawn({"month": MONTHS, "a_count": [1, 2, 3], "b": [10, 20, 30]})
    assert found is not None
    assert found.kind == "line"
    assert [one.name for one in found.series] == ["a count", "b"]
    assert found.title == "A count and b by month"


@pytest.mark.parametrize("other", [[1e6, 2e6, 3e6], [0.0, 0.0, 0.0]])
def test_measures_of_different_sizes_do_not_share_an_axis(other: list[float]) -> None:
    """Beside one that is fifty times as large, a measure would lie flat: the first one is drawn."""
    found = drawn({"month": MONTHS, "a": [1, 2, 3], "b": other})
    assert found is not None
    assert [one.name for one in found.series] == ["a"]


def test_measures_of_other_units_are_left_out() -> None:
    """Euros and pieces have no axis in common."""
    found = drawn({"month": MONTHS, "a": [1, 2, 3], "b": [1, 2, 3]}, a="EUR")
    assert found is not None
    assert [one.name for one in found.series] == ["a"]


@pytest.mark.parametrize("name", ["avg_price", "error_rate"])
def test_what_is_no_amount_is_a_line(name: str) -> None:
    """An area under an average would say nothing."""
    found = drawn({"year": [2024, 2025, 2026], name: [1.5, 2.5, 2.0]})
    assert found is not None
    assert (found.kind, found.x) == ("line", ("2024", "2025", "2026"))


@pytest.mark.parametrize(
    ("moments", "labels"),
    [
        ([date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)], ("2024", "2025", "2026")),
        (
            [date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19)],
            ("2026-01-05", "2026-01-12", "2026-01-19"),
        ),
    ],
)
def test_times_are_as_short_as_can_be(moments: list[date], labels: tuple[str, ...]) -> None:
    """Years for years, days for days."""
    found = drawn({"at": moments, "n": [1, 2, 3]})
    assert found is not None
    assert found.x == labels


def test_categories_are_bars_in_the_order_of_the_table() -> None:
    """One category and one measure; ids beside the category are no quantity."""
    found = drawn({"customer_id": [7, 8, 9], "country": PLACES, "revenue": [3, 2, -1]})
    assert found is not None
    assert (found.kind, found.x, found.series[0].values) == ("bar", tuple(PLACES), (3, 2, -1))


@pytest.mark.parametrize(
    ("columns", "question", "kind"),
    [
        ({"segment": PLACES, "revenue_share": [0.5, 0.3, 0.2]}, "", "pie"),
        ({"segment": PLACES, "part": [50, 30, 20]}, "revenue by segment in percent", "pie"),
        ({"segment": PLACES, "part": [50, 30, 20]}, "revenue by segment", "bar"),
        ({"segment": PLACES, "part": [50, 30, 10]}, "share of revenue by segment", "bar"),
        ({"segment": PLACES, "part": [110, 0, -10]}, "share of revenue by segment", "bar"),
    ],
)
def test_only_shares_of_a_whole_are_a_pie(
    columns: dict[str, Any], question: str, kind: str
) -> None:
    """They must be asked for, positive, and make up 1 or 100."""
    found = drawn(columns, question)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "columns",
    [
        {"country": PLACES},
        {"n": [1, 2, 3]},
        {"country": ["FR"], "n": [1]},
        {"country": ["FR", "FR"], "n": [1, 2]},
        {"country": ["FR", None], "n": [1, 2]},
        {"country": PLACES, "n": [1, None, 2]},
        {"country": PLACES, "n": [1.0, float("nan"), 2.0]},
        {"country": PLACES, "city": PLACES, "n": [1, 2, 3]},
        {"country": PLACES, "n": [1, 2, 3], "m": [1, 2, 3]},
        {"country": [str(n) for n in range(21)], "n": list(range(21))},
        {"month": [MONTHS[0]] * 3, "n": [1, 2, 3]},
        {"month": MONTHS[:2], "n": [1, 2]},
        {"month": MONTHS, "country": PLACES, "n": [1, 2, 3]},
        {"order_id": [1, 2, 3], "n": [1, 2, 3]},
        {"n": []},
    ],
)
def test_tables_that_say_it_best_themselves(columns: dict[str, list[Any]]) -> None:
    """Too few or too many rows, repeated or missing labels, several categories: no chart."""
    assert drawn(columns) is None
