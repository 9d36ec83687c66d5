"""Periods against each other: "vs last quarter", "compared to the same period last year", "month
over month"."""

import re
from datetime import timedelta

from orchestrator.plan.request import Group, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.times import GRAINS, Period, floor, shift

_STEPS = {"mom": "month", "yoy": "year", "qoq": "quarter", "wow": "week"}
_COMPARING = {"compare", "comparing"}
_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
_NEAR = 3
_BEFORE = re.compile(r"\b(?:previous|prior|preceding)\b")
_YEAR = re.compile(r"\byear\b")


class Versus:
    """Reads what a period is compared with."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._words = sketch.words
        self._with: int | None = None
        self._grain = ""
        self._valued = False

    def read(self) -> None:
        """Take the words of the comparison, before other readers see its period."""
        sketch, words = self._sketch, self._words
        for at in words.roles("versus"):
            after = self._beside(at)
            if after is not None and words.role(after) in {"period", "earlier"}:
                self._with = after
                words.used |= {at, after}
            elif at not in words.used and self._of_values(at):
                self._valued = True
                words.used.add(at)
        for at in words.roles("steps"):
            text = words.chunks[at].text
            self._grain = _STEPS.get(text) or text.split()[0]
            words.used.add(at)
        stepped = not self._grain and self._with is None
        for at in words.roles("growth"):
            grain = next(iter(words.roles("grain")), None)
            if stepped and grain is None:
                raise Unclear("Growth over what? Say “by month”, or “vs last year”.")
            words.used.add(at)
            self._grain = self._grain or (_grain(words.chunks[grain].text) if grain else "")
        compared = self._with is not None or self._grain or self._valued
        if compared and not words.roles("count"):
            self._count()
        if self._grain and not words.roles("grain") and not self._short(self._grain):
            sketch.groups.append(Group(grain=self._grain))

    def _beside(self, at: int) -> int | None:
        """The period that stands behind "vs", or is compared by "compare"; one alone, or two that
        were said as one, are not."""
        words, after = self._words, self._words.next(at, loose=True)
        if words.chunks[at].text not in _COMPARING:
            return after
        later = [one for one in words.roles("period", "earlier") if one > at]
        if len(later) == 1 and after == later[0]:
            period = words.chunks[later[0]].period
            words.used |= {at} if period and period.joined else set()
            return None
        if words.roles("versus")[-1] != at:
            words.used.add(at)
            return None
        if len(later) != 2:
            return after
        told = {words.chunks[one].text for one in range(later[0], later[1])}
        return later[0] if after == later[0] and not told & {"with", "to"} else later[1]

    def _of_values(self, at: int) -> bool:
        """ "Germany vs France", "smokers vs non-smokers": side by side are groups."""
        words, sketch = self._words, self._sketch
        sides = [one for one in words.of("value") if abs(one - at) <= _NEAR]
        if len(sides) > 1:
            same = {(t.entity, t.name) for t in words.terms(sides[0])}
            shared = [t for t in words.terms(sides[1]) if (t.entity, t.name) in same]
            sketch.waiting += [(tuple(shared), False)] if shared else []
            return bool(shared)
        truths = [one for one in words.of("field") if abs(one - at) <= _NEAR]
        denied = [one for one in words.roles("not") if at < one <= at + 1]
        if len(truths) != 2 or not denied or words.terms(truths[0]) != words.terms(truths[1]):
            return False
        sketch.waiting.append((words.terms(truths[0]), False))
        words.used |= {*truths, *denied}
        return True

    def _count(self) -> None:
        """Rows alone have no period before: their number has."""
        words = self._words
        if words.of("metric") or words.roles("avg", "sum", "min", "max", "share"):
            return
        noun = next(iter(words.of("entity")), None)
        if noun is not None:
            self._sketch.count(noun)

    def _short(self, grain: str) -> bool:
        """Whether the question's one period is no longer than the grain."""
        periods = [self._words.chunks[at].period for at in self._words.roles("period")]
        return len(periods) == 1 and 0 < _length(periods[0]) <= _DAYS[grain]

    def settle(self, request: Request) -> None:
        """Say what the period of the request is compared with, now that it is known."""
        if self._with is None and not self._grain and not self._valued:
            return
        if not request.measures:
            raise Unclear("Name a measure, or a number of something, to compare.")
        if self._valued:
            return
        found = _only_period(request)
        steps = self._grain and not self._short(self._grain)
        if steps or (found is None and (self._grain or self._earlier())):
            self._stepwise(request)
            return
        if any(group.grain for group in request.groups):
            raise Unclear("Compare two periods without “by month” and the like, or by steps.")
        period = found[1] if found else None
        against = self._against(period)
        if period is None:
            period = shift_period(against, _grain_of(against), 1)
            self._sketch.assumptions.append(f"{against.text} is compared with {period}")
        if not (period.start and period.end and against.start and against.end):
            raise Unclear("Only periods with a start and an end can be compared.")
        if found and found[0].entity:
            found[0].conditions[:] = [one for one in found[0].conditions if one.period != period]
            request.dated = found[0].entity, found[2]
        request.period, request.against = period, _aligned(period, against)

    def _stepwise(self, request: Request) -> None:
        grains = [group.grain for group in request.groups if group.grain]
        said = self._words.chunks[self._with].text if self._with is not None else ""
        wanted = self._grain or next((grain for grain in GRAINS if grain in said), "")
        if len(grains) != 1 or wanted not in {"", grains[0]}:
            raise Unclear(
                "Say which two periods are compared, as in “this year vs last year”, or by what "
                "time, as in “by month, month over month”."
            )
        request.stepwise = True

    def _earlier(self) -> bool:
        return self._words.role(self._with) == "earlier"

    def _against(self, period: Period | None) -> Period:
        if self._with is not None:
            said = self._words.chunks[self._with]
            if said.period and period and _same(said.period, period):
                if _BEFORE.search(said.text) is None:
                    raise Unclear(f"“{said.text}” can't be compared with itself.")
                return shift_period(period, _grain_of(period), -1)
            if said.period:
                return said.period
        if period is None:
            raise Unclear("Say which two periods are compared, as in “this year vs last year”.")
        text = self._words.chunks[self._with].text if self._with is not None else self._grain
        years = "year" if _YEAR.search(text) else ""
        grain = years or next((one for one in GRAINS if one in text), "") or _grain_of(period)
        return shift_period(period, grain, -1)


def _same(one: Period, other: Period) -> bool:
    return (one.start, one.end) == (other.start, other.end)


def shift_period(period: Period, grain: str, count: int) -> Period:
    """A period moved by `count` grains; by none, moved by its own length."""
    if period.start is None or period.end is None:
        raise Unclear("Only periods with a start and an end can be compared.")
    if not grain:
        length = timedelta(days=count * _length(period))
        return Period(period.start + length, period.end + length, period.text)
    start, end = shift(period.start, grain, count), shift(period.end, grain, count)
    return Period(start, end, f"{period.text} {'earlier' if count < 0 else ''}".strip())


def _aligned(period: Period, against: Period) -> Period:
    """ "Q3 compared to last year" is Q3 of last year."""
    whole_year = _grain_of(against) == "year"
    if not (whole_year and _length(period) < 365 and period.start and against.start):
        return against
    return shift_period(period, "year", against.start.year - period.start.year)


def _grain_of(period: Period) -> str:
    """The calendar grain that a period is exactly one of, or nothing."""
    if period.start is None or period.end is None:
        return ""
    return next(
        (
            grain
            for grain in GRAINS
            if floor(period.start, grain) == period.start
            and shift(period.start, grain, 1) == period.end
        ),
        "",
    )


def _length(period: Period | None) -> int:
    if period is None or period.start is None or period.end is None:
        return 0
    return (period.end - period.start).days


def _grain(text: str) -> str:
    return text.removesuffix("s")


def _only_period(request: Request) -> tuple[Scope, Period, str] | None:
    """Where the one period of a request stands: its scope and field; none when it has none."""
    found = [
        (scope, one.period, one.field)
        for scope in request.scopes
        for one in scope.conditions
        if one.period
    ]
    if request.period:
        found.append((Scope("", -1), request.period, ""))
    if len(found) > 1:
        raise Unclear("There are more than two periods in the question; ask for each apart.")
    return found[0] if found else None
