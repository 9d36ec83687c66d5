"""Where everything stands in the picture of a plan: boxes with their lines, and arrows, in pixels.

The fetches stand in one column, each below the one whose keys bound it; their rows flow to the
right into the join and down to the answer, and keys flow down on the left, in lanes of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.cells import printable
from bot.text_width import clipped, width, wrapped
from orchestrator.explain import Explained, ExplainedStep, about, join_heading, why

WIDTH = 1000.0
INK, QUIET, KEYS = "#1e293b", "#64748b", "#b45309"
_SOURCES = ("#2563eb", "#15803d", "#7c3aed", "#be123c", "#0e7490", "#854d0e")
_MARGIN, _GAP, _PAD, _LANE = 24.0, 16.0, 16.0, 20.0
_RIGHT = 270.0
_BETWEEN = 84.0
_LABEL = 80.0
_TITLE, _TEXT, _SMALL = 16.0, 14.0, 13.0
_ROW = 19.0
_ANSWER = "answer"
_JOIN = "join"


@dataclass(frozen=True, slots=True)
class Line:
    """A text whose baseline begins (or, `to_left`, ends) at (x, y)."""

    text: str
    x: float
    y: float
    size: float
    colour: str = INK
    bold: bool = False
    to_left: bool = False

    @property
    def left(self) -> float:
        """Where the text begins."""
        return self.x - self.width if self.to_left else self.x

    @property
    def width(self) -> float:
        """How wide the text is."""
        return width(self.text, self.size, bold=self.bold)


@dataclass(frozen=True, slots=True)
class Box:
    """A step, the join or the answer: a rectangle with a stripe of its source's colour."""

    id: str
    x: float
    y: float
    width: float
    height: float
    colour: str
    lines: tuple[Line, ...]

    @property
    def middle(self) -> float:
        """Half-way down."""
        return self.y + self.height / 2

    def moved(self, down: float) -> "Box":
        """The box with its lines, lower."""
        lines = tuple(replace(line, y=line.y + down) for line in self.lines)
        return replace(self, y=self.y + down, lines=lines)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line through points, with rounded corners; dashed when it carries keys."""

    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture of WIDTH by `height`."""

    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    caption: tuple[Line, ...]


def layout(plan: Explained) -> Layout:
    """The picture of a plan."""
    lanes = _lanes(plan.steps)
    left = _MARGIN + _LANE * (max(lanes.values()) + 1.5 if lanes else 0)
    sources = list(dict.fromkeys(step.source for step in plan.steps))
    fetches = _stacked(
        _fetch(step, left, _SOURCES[sources.index(step.source) % len(_SOURCES)])
        for step in plan.steps
    )
    ends = _stacked(_ends(plan))
    ends = [box.moved(max(0.0, (_depth(fetches) - _depth(ends)) / 2)) for box in ends]
    fetches = [box.moved(max(0.0, (_depth(ends) - _depth(fetches)) / 2)) for box in fetches]
    bottom = max(_depth(fetches), _depth(ends))
    caption = _caption(why(plan), bottom + 34)
    return Layout(
        caption[-1].y + _MARGIN,
        (*fetches, *ends),
        (*_keys(plan.steps, fetches, lanes), *_rows(fetches, ends)),
        caption,
    )


def _stacked(boxes: Iterable[Box]) -> list[Box]:
    found: list[Box] = []
    for box in boxes:
        found.append(box.moved(_depth(found) + _GAP if found else _MARGIN))
    return found


def _depth(boxes: Sequence[Box]) -> float:
    return boxes[-1].y + boxes[-1].height


def _fetch(step: ExplainedStep, left: float, colour: str) -> Box:
    """The box of a step, at the top."""
    wide = WIDTH - _MARGIN - _RIGHT - _BETWEEN - left
    x, room = left + _PAD, wide - 2 * _PAD
    rows = Line(about(step), left + wide - _PAD, 26, _SMALL, QUIET, to_left=True)
    name = Line(step.id, x, 26, _TITLE, colour, bold=True)
    source_x = x + name.width + 8
    source = clipped(step.source, room * 0.5 - name.width, _TITLE * 1.1)
    source = Line(printable(source), source_x, 26, _TITLE, bold=True)
    kind_x = source_x + source.width + 8
    kind = Line(clipped(step.kind, rows.left - kind_x - 8, _SMALL), kind_x, 26, _SMALL, QUIET)
    entity = Line(clipped(printable(step.entity), room, _TEXT), x, 48, _TEXT)
    lines = [name, source, kind, rows, entity]
    for label, words, most, ink in _details(step):
        y = lines[-1].y + _ROW + 3
        lines.append(Line(label, x, y, _SMALL, ink if ink == KEYS else QUIET))
        for text in wrapped(printable(words), room - _LABEL, _SMALL, most):
            lines.append(Line(text, x + _LABEL, y, _SMALL, ink))
            y += _ROW
    return Box(step.id, left, 0, wide, lines[-1].y + _PAD, colour, tuple(lines))


def _details(step: ExplainedStep) -> list[tuple[str, str, int, str]]:
    """What stands below the entity: a label, the words, how many lines at most, the colour."""
    found: list[tuple[str, str, int, str]] = []
    if step.bounded_by:
        words = f"only the {step.bounded_by.column} that {step.bounded_by.step} found"
        found.append(("keys", words, 1, KEYS))
    if step.done:
        found.append(("done here", "; ".join(step.done), 3, INK))
    if step.left:
        words = "; ".join(f"{one.condition} ({one.reason})" for one in step.left)
        found.append(("left to join", words, 3, QUIET))
    return found


def _ends(plan: Explained) -> list[Box]:
    """The join, where there is one, and the answer, at the top."""
    answer = _end(_ANSWER, "Answer", "", wrapped(", ".join(plan.columns), *_end_room(), 5))
    if plan.reason is None:
        return [answer]
    if len(plan.steps) == 1:
        return [_end(_JOIN, "The rest", "DuckDB", ["does what is left"]), answer.moved(_GAP)]
    most = 10
    keys = [clipped(key, *_end_room()) for key in plan.keys[:most]]
    more = [f"and {len(plan.keys) - most} more keys"] if len(plan.keys) > most else []
    more = more if keys else wrapped(join_heading(plan), *_end_room(), 3)
    return [_end(_JOIN, "Join", "DuckDB", [*keys, *more]), answer.moved(_GAP)]


def _end_room() -> tuple[float, float]:
    return _RIGHT - 2 * _PAD, _SMALL


def _end(name: str, title: str, kind: str, words: list[str]) -> Box:
    left = WIDTH - _MARGIN - _RIGHT
    x = left + _PAD
    head = Line(title, x, 26, _TITLE, bold=True)
    lines = [head, Line(kind, x + head.width + 8, 26, _SMALL, QUIET)] if kind else [head]
    lines += [
        Line(printable(text), x, 48 + place * _ROW, _SMALL) for place, text in enumerate(words)
    ]
    return Box(name, left, 0, _RIGHT, lines[-1].y + _PAD, INK, tuple(lines))


def _rows(fetches: list[Box], ends: list[Box]) -> list[Arrow]:
    """From each fetch over one bus into the first end, and from there to the next."""
    into = ends[0]
    bus = into.x - _BETWEEN / 2 - 8
    found: list[Arrow] = []
    for box in fetches:
        faces = box.y + _PAD <= into.middle <= box.y + box.height - _PAD
        x, y = box.x + box.width, into.middle if faces else box.middle
        found.append(Arrow(((x, y), (bus, y), (bus, into.middle), (into.x, into.middle))))
    x = into.x + into.width / 2
    down = [Arrow(((x, one.y + one.height), (x, other.y))) for one, other in pairwise(ends)]
    return [*found, *down]


def _lanes(steps: Sequence[ExplainedStep]) -> dict[str, int]:
    """The lane of each step that gives keys: 0 is next to the boxes, further out what is longer."""
    places = {step.id: place for place, step in enumerate(steps)}
    spans: dict[str, int] = {}
    for step in steps:
        if step.bounded_by:
            spans[step.bounded_by.step] = places[step.id]
    lanes: dict[str, int] = {}
    for giver in sorted(spans, key=lambda one: spans[one] - places[one]):
        taken = {
            lanes[other]
            for other in lanes
            if places[other] < spans[giver] and places[giver] < spans[other]
        }
        lanes[giver] = next(lane for lane in range(len(taken) + 1) if lane not in taken)
    return lanes


def _keys(steps: Sequence[ExplainedStep], fetches: list[Box], lanes: dict[str, int]) -> list[Arrow]:
    """From the foot of each giver down its lane to the line of each taker that names it."""
    boxes = {box.id: box for box in fetches}
    found: list[Arrow] = []
    for giver, lane in lanes.items():
        out = boxes[giver].y + boxes[giver].height - 7
        takers = [step.id for step in steps if step.bounded_by and step.bounded_by.step == giver]
        x = boxes[giver].x - _LANE * (lane + 1)
        ins = [
            next(line.y for line in boxes[one].lines if line.text == "keys") - 5 for one in takers
        ]
        edge = boxes[giver].x
        found += [Arrow(((x, y), (edge, y)), dashed=True) for y in ins[:-1]]
        found.append(Arrow(((edge, out), (x, out), (x, ins[-1]), (edge, ins[-1])), dashed=True))
    return found


def _caption(words: str, y: float) -> tuple[Line, ...]:
    lines = wrapped(printable(words), WIDTH - 2 * _MARGIN, _SMALL, 3)
    return tuple(
        Line(text, _MARGIN, y + place * _ROW, _SMALL, QUIET) for place, text in enumerate(lines)
    )
