"""The period of a follow-up: it stands where that of the question before stood."""

from dataclasses import replace

from orchestrator.plan.request import Condition, Group, Request
from orchestrator.plan.words import Words


def take_period(words: Words, request: Request) -> None:
    """Put a new period in the place of the only old one, unless a date of its own stands before it:
    then that date's old period alone goes."""
    for at in words.roles("period"):
        if at in words.used:
            continue
        before = words.previous(at, loose=True)
        dates = words.dates(before)
        if dates:
            _forget(request, {(term.entity, term.name) for term in dates})
        elif _replace(request, Condition("", "period", period=words.chunks[at].period)):
            words.used.add(at)


def timed(group: Group, request: Request) -> Group:
    """A count by month goes by the date that its rows were chosen by: "churned last year"."""
    chosen = (
        condition.field
        for scope in request.scopes
        for condition in scope.conditions
        if condition.period and scope.entity == group.entity
    )
    return replace(group, field=next(chosen, group.field)) if group.grain else group


def _replace(request: Request, new: Condition) -> bool:
    """Whether there was exactly one place for it."""
    places = [
        (scope, at)
        for scope in request.scopes
        for at, condition in enumerate(scope.conditions)
        if condition.period
    ]
    if request.period and not places:
        request.period, request.against = new.period, None
        return True
    if len(places) == 1 and not request.period:
        scope, at = places[0]
        scope.conditions[at] = replace(scope.conditions[at], period=new.period)
        return True
    compared = [one for one in request.scopes if one.metric and one.metric.time]
    if places or len(compared) != 1 or any(one.metric for one in request.measures):
        return False
    time = compared[0].metric.time if compared[0].metric else None
    if time is None or time[0] != compared[0].entity:
        return False
    compared[0].conditions.append(replace(new, field=time[1]))
    return True


def _forget(request: Request, fields: set[tuple[str, str]]) -> None:
    for scope in request.scopes:
        scope.conditions[:] = [
            one
            for one in scope.conditions
            if one.op != "period" or (scope.entity, one.field) not in fields
        ]
