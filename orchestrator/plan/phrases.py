"""A request in a few words for people: what is measured, by what, of which rows."""

from orchestrator.plan.lexicon import plural
from orchestrator.plan.request import Comparison, Condition, Group, Measure, Request, Scope
from orchestrator.plan.times import Period


def phrases(request: Request) -> list[str]:
    """What a request asks for, part by part."""
    measured = [_measure(one) for one in request.measures] or [_spaced(plural(request.base))]
    said = [*measured, *(f"by {_group(one)}" for one in request.groups)]
    said += [_period(request.period)] if request.period else []
    for scope in request.scopes:
        said += _scope(scope)
    said += [f"{one.words} {_comparison(how)}" for one, how in request.having]
    said += ["in percent"] if request.share else []
    said += [f"against {_period(request.against)}"] if request.against else []
    said += ["each against the one before"] if request.stepwise else []
    return said + ([first(request.limit)] if request.limit else [])


def first(limit: int) -> str:
    """The rows that a limit keeps."""
    return "the first one" if limit == 1 else f"the first {limit:,}"


def condition_phrase(condition: Condition) -> str:
    """A test of one field."""
    name = _spaced(condition.field.removesuffix("_at").removesuffix("_on"))
    if condition.period:
        return _period(condition.period)
    if condition.values and all(isinstance(value, str) for value in condition.values):
        listed = " or ".join(str(value) for value in condition.values)
        return f"not {listed}" if condition.op == "<>" else listed
    numbers = tuple(value for value in condition.values if isinstance(value, float))
    if numbers:
        return f"{name} {_comparison(Comparison(condition.op, numbers))}"
    return {"null": f"no {name}", "false": f"not {name}"}.get(condition.op, name)


def periods(request: Request, measure: Measure) -> list[Period]:
    """Every period of what is measured, once, and not of those whom it is measured of."""
    found = [
        condition.period
        for scope in request.scopes
        for condition in scope.conditions
        if (scope.entity, condition.field) == measure.time
    ]
    return list(dict.fromkeys(one for one in (request.period, *found) if one))


def _scope(scope: Scope) -> list[str]:
    rows = _spaced(plural(scope.entity))
    said = [condition_phrase(one) for one in scope.conditions]
    said += [f"near “{scope.search}”"] if scope.search else []
    if scope.having:
        counted = scope.metric.words if scope.metric else f"number of {rows}"
        return [*said, f"{counted} {_comparison(scope.having)}"]
    if scope.negated:
        return [" ".join(["without", *said, rows])]
    return said if said or not scope.named else [f"with {rows}"]


def _measure(measure: Measure) -> str:
    return f"number of {measure.words}" if measure.expression == "COUNT(*)" else measure.words


def _group(group: Group) -> str:
    return group.grain or _spaced(group.entity if group.whole else group.field)


def _comparison(comparison: Comparison) -> str:
    return f"{comparison.op} {' and '.join(f'{number:,g}' for number in comparison.numbers)}"


def _period(period: Period) -> str:
    return f"{period.text.removeprefix('in ').removeprefix('the ')} ({period})"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
