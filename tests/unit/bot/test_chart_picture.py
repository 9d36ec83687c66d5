"""Charts as pictures, with words for those who can't see them."""

import struct
from typing import Any

import pytest

from bot.chart_picture import MAX_ALT_TEXT, described, png
from orchestrator.answer import Chart, Series

LONG = tuple(f"2026-{1 + day // 28:02}-{1 + day % 28:02}" for day in range(100))


def chart(kind: Any, labels: tuple[str, ...], *names: str) -> Chart:
    """A chart with one point a label and series."""
    values = tuple(float(place + 1) for place in range(len(labels)))
    return Chart(
        kind, "Revenue by place", "place", labels, tuple(Series(n, values) for n in names), "EUR"
    )


@pytest.mark.parametrize(
    ("drawn", "most_width", "most_height"),
    [
        (chart("line", LONG, "a", "b"), 1_700, 1_100),
        (chart("area", LONG, "a"), 1_700, 1_100),
        (chart("bar", ("Nowak & Köhler Construction KG", "“x” <b>", "n" * 300), "a"), 1_900, 500),
        (chart("pie", ("all of the customers", "'", "</svg>"), "a"), 1_700, 800),
    ],
    ids=["line", "area", "bar", "pie"],
)
def test_every_kind_is_a_png_of_a_sensible_size(
    drawn: Chart, most_width: int, most_height: int
) -> None:
    """However long the labels, the picture fits a screen."""
    content = png(drawn)
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert 700 <= width <= most_width
    assert 200 <= height <= most_height


def test_bars_that_go_both_ways_are_drawn() -> None:
    """Negative values, and nothing but zeros, do not break the axis."""
    for values in ((5.0, -3.0), (0.0, 0.0)):
        drawn = Chart("bar", "t", "x", ("a", "b"), (Series("n", values),))
        assert png(drawn).startswith(b"\x89PNG")


def test_the_words_tell_a_short_chart_in_full() -> None:
    """Each point with its unit."""
    assert described(chart("bar", ("FR", "DE"), "revenue")) == (
        "Bar chart: Revenue by place. revenue: FR 1 EUR, DE 2 EUR."
    )


def test_the_words_of_a_long_chart_tell_its_ends_and_extremes() -> None:
    """A hundred points become four, and the words keep to Slack's limit."""
    told = described(chart("line", LONG, "revenue"))
    assert (
        "revenue: from 2026-01-01 1 EUR to 2026-04-16 100 EUR, highest 2026-04-16 100 EUR" in told
    )
    assert len(described(chart("line", LONG, *("n" * 300 for _ in range(6))))) == MAX_ALT_TEXT
