"""The chart block: a pie of segments, or series of points over the categories of an axis."""

import math
from typing import Any

from sandbox.slack.checks import Check, Report, array, both, number, record, text, typed
from sandbox.slack.elements import BLOCK_ID

SERIES = 6
POINTS = 20
LABEL = text(20)
TITLE = text(50)


def finite(report: Report, at: str, value: Any) -> None:
    """A number that can be drawn."""
    before = len(report.messages)
    number(report, at, value)
    if len(report.messages) == before and not math.isfinite(value):
        report.say(at, "must be a finite number")


def positive(report: Report, at: str, value: Any) -> None:
    """A number above zero, which alone has a slice."""
    if value <= 0:
        report.say(at, "must be more than 0")


def different(name: str) -> Check:
    """No two items with the same value of one field."""

    def check(report: Report, at: str, value: Any) -> None:
        values = [item[name] for item in value]
        if len(set(values)) < len(values):
            report.say(at, f"`{name}` must be unique")

    return check


def on_the_axis(report: Report, at: str, value: Any) -> None:
    """Every series has one point for each category, and none elsewhere."""
    categories = value["axis_config"]["categories"]
    if len(set(categories)) < len(categories):
        report.say(f"{at}/axis_config/categories", "categories must be unique")
    for index, series in enumerate(value["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            report.say(f"{at}/series/{index}/data", "labels must match the axis categories")


SEGMENT = record({"label": LABEL, "value": both(finite, positive)})
PIE = record({"segments": both(array(SEGMENT, SERIES), different("label"))})
POINT = record({"label": LABEL, "value": finite})
ONE_SERIES = record({"name": LABEL, "data": array(POINT, POINTS)})
AXIS = record({"categories": array(LABEL, POINTS)}, {"x_label": TITLE, "y_label": TITLE})
OVER_AN_AXIS = both(
    record({"series": both(array(ONE_SERIES, SERIES), different("name")), "axis_config": AXIS}),
    on_the_axis,
)
CHART = typed({"pie": PIE, "bar": OVER_AN_AXIS, "line": OVER_AN_AXIS, "area": OVER_AN_AXIS})
DATA_VISUALIZATION = record({"title": TITLE, "chart": CHART}, BLOCK_ID)
