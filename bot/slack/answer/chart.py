"""A chart as Slack's own block, where it keeps to the block's limits."""

from typing import Any

from bot.slack.render import Block, clipped
from orchestrator.answer import Chart

MAX_SERIES, MAX_POINTS, MAX_PARTS = 6, 20, 6
MAX_LABEL, MAX_TITLE = 20, 50


def native(chart: Chart) -> Block | None:
    """The block `data_visualization` of a chart; None when it does not fit, and wants a picture."""
    if not _fits(chart):
        return None
    block = {"type": "data_visualization", "title": clipped(chart.title, MAX_TITLE)}
    if chart.kind == "pie":
        parts = zip(chart.x, chart.series[0].values, strict=True)
        segments = [{"label": label, "value": value} for label, value in parts]
        return {**block, "chart": {"type": "pie", "segments": segments}}
    series = [
        {
            "name": one.name,
            "data": [
                {"label": label, "value": value}
                for label, value in zip(chart.x, one.values, strict=True)
            ],
        }
        for one in chart.series
    ]
    axis: dict[str, Any] = {
        "categories": list(chart.x),
        "x_label": clipped(chart.x_name, MAX_TITLE),
        "y_label": clipped(chart.y_name, MAX_TITLE),
    }
    return {**block, "chart": {"type": chart.kind, "series": series, "axis_config": axis}}


def _fits(chart: Chart) -> bool:
    names = [one.name for one in chart.series]
    most = MAX_PARTS if chart.kind == "pie" else MAX_POINTS
    return (
        len(chart.x) <= most
        and len(names) <= MAX_SERIES
        and len(set(names)) == len(names)
        and all(0 < len(text) <= MAX_LABEL for text in (*chart.x, *names))
    )
