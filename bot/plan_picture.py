"""A plan as a picture: SVG by our own layout, PNG made from it by vl-convert, and its alt text."""

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from adapters.errors import ConfigurationError
from bot.cells import printable
from bot.plan_layout import KEYS, QUIET, WIDTH, Arrow, Box, Line, layout
from bot.text_width import FONTS
from orchestrator.explain import Explained, heading, why

PICTURES = (".svg", ".png")
MAX_ALT_TEXT = 2_000
"""Slack's limit."""
_SCALE = 2
_CORNER = 10.0
_FILL, _RIM = "#f8fafc", "#cbd5e1"


def save(plan: Explained, path: Path) -> None:
    """Write the picture, as the path's suffix says, one of PICTURES. Raises ConfigurationError."""
    content = png(plan) if path.suffix == ".png" else svg(plan).encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"The picture can't be written to {path} ({error.strerror}). Name another place."
        ) from error


def svg(plan: Explained) -> str:
    """The picture as an SVG document of 1,000 pixels' width; each step's group has its id."""
    made = layout(plan)
    size = {"width": f"{WIDTH:g}", "height": f"{made.height:g}"}
    root = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH:g} {made.height:g}"}
        | size
        | {"role": "img", "font-family": FONTS},
    )
    SubElement(root, "title").text = "Plan"
    SubElement(root, "desc").text = described(plan)
    SubElement(root, "rect", size | {"fill": "#ffffff"})
    defs = SubElement(root, "defs")
    _head(defs, "rows", QUIET)
    _head(defs, "keys", KEYS)
    for arrow in made.arrows:
        _draw_arrow(root, arrow)
    for box in made.boxes:
        _draw_box(root, box)
    for line in made.caption:
        _draw_line(root, line)
    return tostring(root, encoding="unicode")


def png(plan: Explained) -> bytes:
    """The picture as a PNG of 2,000 pixels' width, for screens of double density."""
    import vl_convert

    return vl_convert.svg_to_png(svg(plan), scale=_SCALE)


def described(plan: Explained) -> str:
    """The picture in words, for those who can't see it: at most as long as Slack allows."""
    fetches = [
        f"{heading(step)}"
        + (
            f", only the {step.bounded_by.column} that {step.bounded_by.step} found"
            if step.bounded_by
            else ""
        )
        for step in plan.steps
    ]
    ends = f"DuckDB joins them on {', '.join(plan.keys)}. " if plan.keys else ""
    words = printable(
        f"{why(plan)} {'. '.join(fetches)}. {ends}The answer has {', '.join(plan.columns)}."
    )
    return words if len(words) <= MAX_ALT_TEXT else words[: MAX_ALT_TEXT - 1] + "…"


def _head(defs: Element, name: str, colour: str) -> None:
    marker = {"viewBox": "0 0 8 8", "refX": "7.5", "refY": "4", "orient": "auto"}
    size = {"markerWidth": "9", "markerHeight": "9", "markerUnits": "userSpaceOnUse"}
    head = SubElement(defs, "marker", {"id": name} | marker | size)
    SubElement(head, "path", {"d": "M0 0 L8 4 L0 8 Z", "fill": colour})


def _draw_arrow(root: Element, arrow: Arrow) -> None:
    stroke = {"stroke": KEYS, "stroke-dasharray": "5 4"} if arrow.dashed else {"stroke": QUIET}
    head = f"url(#{'keys' if arrow.dashed else 'rows'})"
    shape = {"d": _path(arrow.points), "fill": "none", "stroke-width": "1.5"}
    SubElement(root, "path", shape | stroke | {"marker-end": head})


def _path(points: tuple[tuple[float, float], ...]) -> str:
    """A path through upright and level stretches, its corners rounded as far as there is room."""
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _length(before, here), _length(here, after)
        if near == 0 or far == 0:
            continue
        radius = min(_CORNER, near / 2, far / 2)
        start, end = _towards(here, before, radius / near), _towards(here, after, radius / far)
        parts.append(f"L{start[0]:g} {start[1]:g} Q{here[0]:g} {here[1]:g} {end[0]:g} {end[1]:g}")
    return " ".join([*parts, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _length(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(
    one: tuple[float, float], other: tuple[float, float], share: float
) -> tuple[float, float]:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _draw_box(root: Element, box: Box) -> None:
    group = SubElement(root, "g", {"id": box.id})
    place = {"x": f"{box.x:g}", "y": f"{box.y:g}"}
    size = {"width": f"{box.width:g}", "height": f"{box.height:g}", "rx": "6"}
    SubElement(group, "rect", place | size | {"fill": _FILL, "stroke": _RIM})
    stripe = {"width": "5", "height": f"{box.height:g}", "rx": "2.5", "fill": box.colour}
    SubElement(group, "rect", place | stripe)
    for line in box.lines:
        _draw_line(group, line)


def _draw_line(parent: Element, line: Line) -> None:
    place = {"x": f"{line.x:g}", "y": f"{line.y:g}", "font-size": f"{line.size:g}"}
    bold = {"font-weight": "bold"} if line.bold else {}
    anchor = {"text-anchor": "end"} if line.to_left else {}
    SubElement(parent, "text", place | {"fill": line.colour} | bold | anchor).text = line.text
