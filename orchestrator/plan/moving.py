"""A request carried over to other rows: the filters that hold there too, and those that do not."""

from dataclasses import dataclass, field, replace

from orchestrator.plan.phrases import condition_phrase
from orchestrator.plan.request import Condition, Measure, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch

_LONG_AGO = 10_000  # so that every word of the question before stands before those of this one


@dataclass(slots=True)
class Moved:
    """The old request about a new base, and in words the filters that it lost. `apart` tells that
    rows which it was about are asked for no more."""

    request: Request
    left_out: list[str] = field(default_factory=list[str])
    apart: bool = False


def moved(sketch: Sketch, before: Request, base: str, measures: list[Measure]) -> Moved:
    """`before` with `measures` of `base`, or with rows of `base` when there are none."""
    request = replace(
        before,
        base=base,
        measures=measures,
        groups=list(before.groups),
        columns=list(before.columns) if base == before.base else [],
        scopes=[
            replace(one, at=one.at - _LONG_AGO, conditions=list(one.conditions))
            for one in before.scopes
        ],
        having=[one for one in before.having if one[0].name in {m.name for m in measures}],
    )
    done = Moved(request)
    if base != before.base:
        _rebase(sketch, before, done)
    if not measures and request.period:
        _list_period(sketch, before, request)
    return done


def still_theirs(sketch: Sketch, before: Request, done: Moved, whose: str) -> None:
    """Raise UnclearError unless "their" can mean all the rows of `before`, and only those."""
    request = done.request
    led = not before.head or sketch.paths.to_one(request.base, before.head) is not None
    if not led or done.apart or before.limit or len(request.having) < len(before.having):
        raise Unclear(
            f"I can't tell which rows of the question before “{whose}” is about. Say it in full."
        )


def long_ago(measure: Measure) -> Measure:
    """A measure of the question before."""
    return replace(measure, at=measure.at - _LONG_AGO)


def _rebase(sketch: Sketch, before: Request, done: Moved) -> None:
    request = done.request
    kept: list[Scope] = []
    for scope in request.scopes:
        find = sketch.paths.to_one if scope.entity == before.base else sketch.paths.any
        if find(request.base, scope.entity) is None:
            _dissolve(sketch, scope, done)
        else:
            kept.append(scope)
    request.scopes = kept
    request.groups = [
        replace(one, entity="", field="") if one.grain else one for one in request.groups
    ]
    request.dated = None
    if isinstance(request.order, tuple):
        request.order = None


def _dissolve(sketch: Sketch, scope: Scope, done: Moved) -> None:
    """Rows that are asked for no more: their period stays, the rest is left out."""
    done.apart |= scope.named or bool(scope.conditions or scope.having or scope.search)
    time = sketch.model.entities[scope.entity].time
    for condition in scope.conditions:
        if condition.op == "period" and condition.field == time and not done.request.period:
            done.request.period = condition.period
        else:
            done.left_out.append(condition_phrase(condition))


def _list_period(sketch: Sketch, before: Request, request: Request) -> None:
    """A list has no measure whose time a period could be about: it is about that of its rows."""
    told = before.measures[0].time if request.base == before.base else None
    entity, name = told or sketch.time_of(request.base)
    scope = next((one for one in request.scopes if one.entity == entity), None)
    if scope is None:
        scope = Scope(entity, -_LONG_AGO)
        request.scopes.append(scope)
    scope.conditions.append(Condition(name, "period", period=request.period))
    request.period = None
