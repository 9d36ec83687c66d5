"""The picture of a plan: nothing overlaps, everything is inside, and it says the same in words."""

import itertools
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import vl_convert

from adapters.errors import ConfigurationError
from bot.plan_layout import WIDTH, Line, layout
from bot.plan_picture import MAX_ALT_TEXT, described, png, save, svg
from bot.text_width import clipped, width, wrapped
from orchestrator.explain import Bound, Explained, ExplainedStep, Left
from tests.unit.test_explain import CASES, explained

SVG = "{http://www.w3.org/2000/svg}"


def large() -> Explained:
    """Twenty-four steps, with long names, keys over several steps, and words in all places."""
    givers = {2: "s1", 3: "s2", 4: "s2", 5: "s1", 6: "s5", 7: "s1", 9: "s8"}
    steps = tuple(
        ExplainedStep(
            f"s{i}",
            f"warehouse_{i % 7}" * (i % 5 + 1),
            "postgres",
            "order_line, " * i,
            10**i if i < 13 else None,
            "rows",
            "sql",
            "SELECT 1",
            (),
            ("a.name = 'ÄÖÜ & <b>'",) * (i % 4) * 3,
            (Left("m.weight > 5 AND " * 20, "not for mongo"),) * (i % 3),
            Bound(givers[i], '"x"', "a_column_" * i) if i in givers else None,
            1,
            False,
        )
        for i in range(1, 25)
    )
    keys = tuple(f"s{i}.some_long_column = s{i + 1}.another_long_column" for i in range(1, 24))
    columns = tuple(f"column_{i}" for i in range(60))
    return Explained("SELECT 1", steps, "SELECT 1", keys, columns, "it is long, " * 60, ())


PLANS = {
    "whole": explained("SELECT name FROM customer"),
    "rest": explained("SELECT name FROM customer WHERE name ILIKE 'a%'"),
    "bounded": explained(CASES),
    "several": explained("SELECT name, health, n.text FROM customer, search(memo, 'x', 3) AS n"),
    "large": large(),
}
each_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


@dataclass(frozen=True)
class Area:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Area") -> bool:
        """Whether they have a point in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Area") -> bool:
        """Whether the other one is inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


def area(line: Line) -> Area:
    """Where a text is drawn: from its ascenders to its descenders."""
    top, bottom = line.y - line.size * 0.75, line.y + line.size * 0.22
    return Area(line.left, top, line.left + line.width, bottom)


@each_plan
def test_nothing_overlaps(plan: Explained) -> None:
    """Boxes stand apart, and texts stand apart inside of their boxes and of the picture."""
    made = layout(plan)
    boxes = [Area(b.x, b.y, b.x + b.width, b.y + b.height) for b in made.boxes]
    assert not any(one.overlaps(two) for one, two in itertools.combinations(boxes, 2))
    whole = Area(0, 0, WIDTH, made.height)
    for place, box in zip(boxes, made.boxes, strict=True):
        assert whole.holds(place)
        texts = [area(line) for line in box.lines]
        assert all(place.holds(text) for text in texts)
        assert not any(one.overlaps(two) for one, two in itertools.combinations(texts, 2))
    captions = [area(line) for line in made.caption]
    assert all(whole.holds(one) for one in captions)
    assert not any(one.overlaps(two) for one in captions for two in boxes)


@each_plan
def test_arrows_run_between_the_boxes(plan: Explained) -> None:
    """An arrow begins and ends at a box's edge and crosses none; it has level and upright parts."""
    made = layout(plan)
    boxes = [Area(b.x + 1, b.y + 1, b.x + b.width - 1, b.y + b.height - 1) for b in made.boxes]
    for arrow in made.arrows:
        for (x1, y1), (x2, y2) in itertools.pairwise(arrow.points):
            assert x1 == x2 or y1 == y2
            run = Area(min(x1, x2), min(y1, y2), max(x1, x2) + 0.1, max(y1, y2) + 0.1)
            assert not any(run.overlaps(box) for box in boxes)
            assert min(x1, x2) > 0


def test_each_bound_is_a_dashed_arrow_to_its_line() -> None:
    """As many dashed arrows as bounded steps, each ending at the step's edge, in free lanes."""
    made = layout(large())
    bounded = [step.id for step in large().steps if step.bounded_by]
    ends = sorted(arrow.points[-1] for arrow in made.arrows if arrow.dashed)
    boxes = {box.id: box for box in made.boxes}
    assert len(ends) == len(bounded)
    for name in bounded:
        box = boxes[name]
        assert any(x == box.x and box.y < y < box.y + box.height for x, y in ends)
    lanes = [
        Area(a.points[1][0] - 1, a.points[1][1], a.points[1][0] + 1, a.points[2][1])
        for a in made.arrows
        if a.dashed and len(a.points) == 4
    ]
    assert len(lanes) == 4
    assert not any(one.overlaps(two) for one, two in itertools.combinations(lanes, 2))


@each_plan
def test_the_svg_is_well_formed_and_holds_every_step(plan: Explained) -> None:
    """Each step is a group of its id; texts are data, never markup; the words are there."""
    root = fromstring(svg(plan))  # noqa: S314
    groups = {group.get("id") for group in root.iter(f"{SVG}g")}
    assert {step.id for step in plan.steps} | {"answer"} <= groups
    assert ("join" in groups) == (plan.reason is not None)
    assert root.findtext(f"{SVG}desc") == described(plan)
    assert not list(root.iter(f"{SVG}b"))


def test_characters_that_xml_refuses_are_not_drawn() -> None:
    """A control character in a literal breaks no picture."""
    step = replace(PLANS["whole"].steps[0], done=("name = '\x00\x1b\ud800'",), entity="a\x01b")
    plan = replace(PLANS["whole"], steps=(step,), reason="\x02", columns=("\x03",))
    fromstring(svg(plan))  # noqa: S314


@each_plan
def test_the_png_is_one(plan: Explained) -> None:
    """A PNG of twice the layout's size."""
    drawn = png(plan)
    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    across, down = struct.unpack(">II", drawn[16:24])
    assert across == 2 * WIDTH
    assert down == pytest.approx(2 * layout(plan).height, abs=2)
    assert len(drawn) > 10_000


def test_words_say_what_the_picture_shows() -> None:
    """The alt text names steps, bounds, keys and the answer, within Slack's limit."""
    assert described(PLANS["bounded"]) == (
        "No source answers the whole query: it needs several sources. "
        "s1 sales (postgres) customer · about 830 rows. "
        "s2 support (mongo) ticket · at most about 8,000 docs, only the customer_id that s1 found. "
        "DuckDB joins them on s2.customer_id = s1.customer_id. The answer has name, number."
    )
    assert len(described(large())) == MAX_ALT_TEXT


def test_a_picture_that_can_not_be_written(tmp_path: Path) -> None:
    """The error says where it was to go."""
    with pytest.raises(ConfigurationError, match="nowhere"):
        save(PLANS["whole"], tmp_path / "nowhere" / "plan.svg")


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "“über größe” … é · Ñandú ≈ Łódź",
        "o.ordered_at >= '2026-07-01 00:00:00+00:00'; c.segment = 'enterprise'",
    ],
)
def test_texts_are_as_wide_as_they_are_drawn(text: str, bold: bool) -> None:
    """No text is drawn wider than was reckoned, nor much narrower: the renderer measures it."""
    mark: dict[str, Any] = {
        "text": {"value": text},
        "font": {"value": "Liberation Sans"},
        "fontSize": {"value": 100},
        "fontWeight": {"value": "bold" if bold else "normal"},
    }
    spec = {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "width": 0,
        "height": 0,
        "padding": 0,
        "marks": [{"type": "text", "encode": {"enter": mark}}],
    }
    drawn = vl_convert.vega_to_scenegraph(spec)["width"]
    assert 0.98 * drawn <= width(text, 100, bold=bold) <= 1.12 * drawn


def test_wrapping_keeps_to_the_width_and_the_lines() -> None:
    """Words stay whole while they fit; what is over is cut with an ellipsis."""
    lines = wrapped("one two three four five six", 60, 13, 2)
    assert lines == ["one two", "three fo…"]
    assert all(width(line, 13) <= 60 for line in lines)
    assert wrapped("one", 60, 13, 2) == ["one"]
    assert clipped("customer", 30, 13) == "cu…"
