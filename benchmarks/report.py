"""Results to docs/benchmarks.md and its picture. It measures nothing."""

import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import vl_convert

from benchmarks.measure import Outcome, Run, Series, Target

RESULTS = Path(__file__).with_name("results")
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PICTURE = PAGE.with_name("benchmarks.svg")
_FIGURES = {
    "seconds": "time",
    "cpu_seconds": "CPU time",
    "memory_mb": "memory",
    "stall_ms": "longest stall",
    "rows": "rows",
    "slowest": "slowest",
    "p99": "p99",
    "recall": "recall",
    "start_s": "start",
}
Say = Callable[[float], str]
_SAID: dict[str, Say] = {
    "memory_mb": lambda value: f"{value:,.0f} MB",
    "stall_ms": lambda value: f"{value:,.0f} ms",
    "rows": lambda value: f"{value:,.0f}",
    "recall": lambda value: f"{value:.3f}",
}
_HEAD = """# Benchmarks

How fast Crosstalk is, as ratios to named rivals on the same data in the same run. `make bench` \
measures everything and writes this page; `make bench ONLY=postgres` measures one part, and \
`make bench QUICK=1` checks in a few minutes that all parts run, with sizes that say nothing of \
speed.

## How to read it

Each run is a process of its own. Variants take turns, and each round has one run of each, so that \
what else the machine does falls on all of them. A figure is the median over the rounds, with the \
least and the most in brackets. A ratio is taken within a round, and then the median.
*Memory* is by how much a run raised the peak memory of its process, *CPU time* that of its \
process alone (a database's is not in it), and the *longest stall* how long the event loop did not \
come round: for that long, the bot can't answer anything else.
What takes less than half a second is repeated within the run, up to twenty times; its time is the \
median.

"""


def write(name: str, title: str, outcome: Outcome, targets: tuple[Target, ...], **how: Any) -> None:
    """Keep the results of one benchmark as JSON; `how` says when, where and at what sizes."""
    RESULTS.mkdir(exist_ok=True)
    reached = [
        asdict(target) | {"values": values, "met": target.met(statistics.median(values))}
        for target in targets
        if (values := target.values(outcome.series)) is not None
    ]
    kept = {"name": name, "title": title, **how, **asdict(outcome), "targets": reached}
    text = json.dumps(_rounded(kept), indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")


def publish(names: list[str]) -> None:
    """The page and its picture from all results that are kept, in that order."""
    files = [RESULTS / f"{name}.json" for name in names]
    kept = [json.loads(file.read_text("utf-8")) for file in files if file.exists()]
    PICTURE.write_text(vl_convert.vegalite_to_svg(_chart(kept)), encoding="utf-8")
    PAGE.write_text(_HEAD + "\n".join(_page(kept)) + "\n", encoding="utf-8")


def _page(kept: list[dict[str, Any]]) -> Iterator[str]:
    yield "## Targets\n"
    if any(one["quick"] for one in kept):
        yield "**Some parts were measured quickly: their figures say that they run, no more.**\n"
    yield "| | measured | target | |"
    yield "|---|---:|---:|---|"
    for one in kept:
        for target in one["targets"]:
            verdict = {True: "met", False: "**not met**", None: ""}[target["met"]]
            say = _ratio if target["beside"] else _SAID.get(target["figure"], _time)
            yield (
                f"| {one['title'].split(':')[0]}: {target['what']} | "
                f"{_among(target['values'], say)} | {_bound(target, say)} | "
                f"{'quick' if one['quick'] else verdict} |"
            )
    yield f"\n![Seconds of each variant at its largest size]({PICTURE.name})\n"
    yield "## Measured\n"
    for one in kept:
        yield from _part(one)


def _part(one: dict[str, Any]) -> Iterator[str]:
    yield f"### {one['title']}\n"
    yield one["about"].strip() + "\n"
    series = [Series(**each) for each in one["series"]]
    figures = [name for name in _FIGURES if any(name in each.runs[0] for each in series)]
    yield "| variant | size | " + " | ".join(_FIGURES[name] for name in figures) + " |"
    yield "|---|---:|" + "---:|" * len(figures)
    for each in sorted(series, key=lambda each: each.size):
        cells = (_figure(name, each.runs) for name in figures)
        yield f"| {each.variant} | {each.size:,} | {' | '.join(cells)} |"
    rounds = max(len(each.runs) for each in series)
    counted = "one round" if rounds == 1 else f"{rounds} rounds"
    quick = ", **quick**" if one["quick"] else ""
    yield f"\n{counted.capitalize()}{quick}, on {one['date']}. {one['machine']}\n"


def _figure(name: str, runs: list[Run]) -> str:
    values = [run[name] for run in runs if name in run]
    if not values:
        return ""
    return _among(values, _SAID.get(name, _time))


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1_000:.3g} ms"


def _among(values: list[float], say: Say) -> str:
    middle = say(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({say(min(values))}–{say(max(values))})"


def _bound(target: dict[str, Any], say: Say) -> str:
    if target["at_least"] is not None:
        return f"≥ {say(target['at_least'])}"
    return f"≤ {say(target['at_most'])}" if target["at_most"] is not None else "–"


def _ratio(value: float) -> str:
    """Two or three digits; what is below a quarter as a fraction."""
    if 0 < value < 1 / 4:
        return f"1/{1 / value:.3g}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _chart(kept: list[dict[str, Any]]) -> dict[str, Any]:
    """A chart a benchmark, one below the other: bars of the median, a line from least to most."""
    bars = {"mark": {"type": "bar", "height": 12}, "encoding": {"x": _seconds("middle")}}
    ends = {"x": _seconds("least"), "x2": {"field": "most"}, "color": {"value": "black"}}
    span = {"mark": "rule", "encoding": ends}
    charts: list[dict[str, Any]] = []
    for one in kept:
        series = [Series(**each) for each in one["series"]]
        largest = max(each.size for each in series)
        rows = [_row(each) for each in series if each.size == largest and "seconds" in each.runs[0]]
        if rows:
            side = {"field": "variant", "type": "nominal", "sort": None, "title": None}
            colour = {
                "condition": {
                    "test": f"datum.variant === '{rows[0]['variant']}'",
                    "value": "#2a6f97",
                },
                "value": "#c3ccd4",
            }
            charts.append(
                {
                    "title": {"text": f"{one['title']} ({largest:,})"},
                    "width": 520,
                    "height": {"step": 18},
                    "data": {"values": rows},
                    "encoding": {"y": side, "color": colour},
                    "layer": [bars, span],
                }
            )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "config": {
            "view": {"stroke": None},
            "title": {"fontSize": 12, "anchor": "start", "frame": "group"},
            "axis": {"grid": False},
        },
        "vconcat": charts,
    }


def _row(series: Series) -> dict[str, Any]:
    values = [run["seconds"] for run in series.runs]
    return {
        "variant": series.variant,
        "middle": statistics.median(values),
        "least": min(values),
        "most": max(values),
    }


def _seconds(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": "seconds"}


def _rounded(value: Any) -> Any:
    """The same with its floats at five digits."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
