"""A chart as a PNG, by Altair and vl-convert, and its alt text; knows nothing of Slack."""

import json
from typing import Any

from bot.text_width import FONTS, clipped, width
from orchestrator.answer import Chart, Series
from orchestrator.answer.shown import number, printable

MAX_ALT_TEXT = 1_000
"""Slack's limit for a file."""
_WIDTH, _HEIGHT, _BAR, _PIE = 640, 320, 26, 260
_SCALE = 2
_POINTS = 30
_TOLD = 10
_LONGEST_LABEL = 220.0
_TITLE, _TEXT = 17, 13
_INK, _QUIET, _GRID = "#1e293b", "#475569", "#e2e8f0"
_COLOURS = ("#2563eb", "#ea580c", "#15803d", "#7c3aed", "#be123c", "#0e7490")
_SHORT = "replace(format(datum.value, '~s'), 'G', 'B')"


def png(chart: Chart) -> bytes:
    """The picture, about 700 pixels wide at double density, dark on white."""
    import altair

    drawn: Any = {"bar": _bars, "pie": _pie}.get(chart.kind, _lines)(altair, chart)
    title = altair.TitleParams(printable(chart.title), anchor="start", offset=16, fontSize=_TITLE)
    spec = (
        drawn.properties(title=title, background="#ffffff", padding=20)
        .configure(font=FONTS)
        .configure_title(color=_INK, fontWeight="bold")
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=_TEXT,
            titleFontSize=_TEXT,
            labelColor=_INK,
            titleColor=_QUIET,
            titleFontWeight="normal",
            titlePadding=10,
            labelLimit=_LONGEST_LABEL + 10,
            labelPadding=6,
            gridColor=_GRID,
            domainColor=_GRID,
            tickColor=_GRID,
        )
        .configure_legend(labelFontSize=_TEXT, labelColor=_INK, labelLimit=_LONGEST_LABEL + 10)
    )
    return _rendered(spec.to_dict())


def described(chart: Chart) -> str:
    """The picture in words, for those who can't see it: at most as long as Slack allows."""
    said = [f"{chart.kind.capitalize()} chart: {chart.title}."]
    for one in chart.series:
        values = [f"{label} {_said(value, chart)}" for label, value in _pairs(chart, one)]
        if len(values) <= _TOLD:
            said.append(f"{one.name}: {', '.join(values)}.")
            continue
        most, least = max(one.values), min(one.values)
        at_most, at_least = (chart.x[one.values.index(value)] for value in (most, least))
        said.append(
            f"{one.name}: from {values[0]} to {values[-1]}, "
            f"highest {at_most} {_said(most, chart)}, lowest {at_least} {_said(least, chart)}."
        )
    words = printable(" ".join(said))
    return words if len(words) <= MAX_ALT_TEXT else words[: MAX_ALT_TEXT - 1] + "…"


def _rendered(spec: dict[str, Any]) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_png(spec, vl_version="6.4", scale=_SCALE)


def _rows(altair: Any, chart: Chart) -> Any:
    """The chart's points as rows; `place` is that of their label in the chart's `x`."""
    return altair.Data(
        values=[
            {"place": place, "y": value, "of": one.name, "text": number(value)}
            for one in chart.series
            for place, value in enumerate(one.values)
        ]
    )


def _label(chart: Chart) -> str:
    """The expression for a label on the axis of places, cut to what an axis can hold."""
    labels = [clipped(printable(label), _LONGEST_LABEL, _TEXT) for label in chart.x]
    return f"{json.dumps(labels)}[datum.value]"


def _lines(altair: Any, chart: Chart) -> Any:
    fitting = max(2, int(_WIDTH // (max(width(one, _TEXT) for one in chart.x) + 24)))
    every = max(1, -(-len(chart.x) // fitting))
    names = [one.name for one in chart.series]
    axis = altair.Axis(
        labelAngle=0,
        grid=False,
        labelFlush=False,
        labelOverlap=False,
        values=list(range(0, len(chart.x), every)),
        labelExpr=_label(chart),
    )
    legend = altair.Legend(title=None, orient="top", symbolType="stroke")
    base = altair.Chart(_rows(altair, chart)).encode(
        x=altair.X("place:Q", title=chart.x_name, axis=axis, scale=altair.Scale(nice=False)),
        y=altair.Y("y:Q", title=chart.y_name, axis=altair.Axis(labelExpr=_SHORT, tickCount=6)),
        color=altair.Color(
            "of:N",
            sort=names,
            scale=altair.Scale(domain=names, range=list(_COLOURS)),
            legend=legend if len(names) > 1 else None,
        ),
    )
    points = {"filled": True, "size": 50} if len(chart.x) <= _POINTS else False
    line = base.mark_line(strokeWidth=2.5, strokeJoin="round", point=points)
    if chart.kind == "area":
        line = base.mark_area(opacity=0.15) + line
    return line.properties(width=_WIDTH, height=_HEIGHT)


def _bars(altair: Any, chart: Chart) -> Any:
    longest = max(width(number(value), _TEXT) for value in chart.series[0].values)
    values = chart.series[0].values
    least, most = min(0.0, *values), max(0.0, *values)
    room = (most - least or 1.0) * (longest + 12) / (_WIDTH - 2 * longest)
    axis = altair.Axis(ticks=False, domain=False, labelExpr=_label(chart))
    base = altair.Chart(_rows(altair, chart)).encode(
        y=altair.Y("place:O", title=None, axis=axis),
        x=altair.X(
            "y:Q",
            title=chart.y_name,
            scale=altair.Scale(domain=[least - (room if least < 0 else 0), most + room]),
            axis=altair.Axis(labelExpr=_SHORT, tickCount=6),
        ),
    )
    bars = base.mark_bar(color=_COLOURS[0], height={"band": 0.7}, cornerRadiusEnd=3)
    style = {"fontSize": _TEXT, "color": _INK, "baseline": "middle"}
    right = base.transform_filter("datum.y >= 0").mark_text(align="left", dx=6, **style)
    left = base.transform_filter("datum.y < 0").mark_text(align="right", dx=-6, **style)
    text = altair.Text("text:N")
    return (bars + right.encode(text=text) + left.encode(text=text)).properties(
        width=_WIDTH, height=_BAR * len(chart.x)
    )


def _pie(altair: Any, chart: Chart) -> Any:
    whole = sum(chart.series[0].values)
    names = [
        f"{clipped(printable(label), _LONGEST_LABEL, _TEXT)}  {value / whole:.1%}"
        for label, value in _pairs(chart, chart.series[0])
    ]
    rows = [
        {"place": place, "name": name, "y": value}
        for place, (name, value) in enumerate(zip(names, chart.series[0].values, strict=True))
    ]
    return (
        altair.Chart(altair.Data(values=rows))
        .mark_arc(innerRadius=_PIE * 0.26, stroke="#ffffff", strokeWidth=2)
        .encode(
            theta=altair.Theta("y:Q", stack=True),
            order=altair.Order("place:Q"),
            color=altair.Color(
                "name:N",
                sort=names,
                scale=altair.Scale(domain=names, range=list(_COLOURS)),
                legend=altair.Legend(title=None, symbolType="circle", rowPadding=8),
            ),
        )
        .properties(width=_PIE, height=_PIE)
    )


def _pairs(chart: Chart, one: Series) -> list[tuple[str, float]]:
    return list(zip(chart.x, one.values, strict=True))


def _said(value: float, chart: Chart) -> str:
    return f"{number(value)} {chart.unit}".strip()
