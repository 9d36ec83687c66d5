"""Whether any row can meet a request: conditions that deny each other were not meant so."""

from itertools import combinations

from orchestrator.plan.lexicon import plural
from orchestrator.plan.paths import Paths
from orchestrator.plan.request import ABOVE, BELOW, Condition, Request
from orchestrator.plan.request import UnclearError as Unclear


def check(request: Request, paths: Paths) -> None:
    """Raise UnclearError when no row can meet the conditions of a request."""
    found: dict[tuple[str, str, int], list[Condition]] = {}
    for scope in request.scopes:
        outer = not scope.apart and paths.to_one(request.base, scope.entity) is not None
        for one in scope.conditions:
            key = (scope.entity, one.field, 0 if outer else id(scope))
            found.setdefault(key, []).append(one)
    for (entity, field, _), conditions in found.items():
        for one, other in combinations(conditions, 2):
            if _apart(one, other):
                raise Unclear(
                    f"The {field.replace('_', ' ')} of one {entity.replace('_', ' ')} can't be "
                    f"both {_said(one)} and {_said(other)}. Ask for each apart."
                )
    _check_counts(request)


def _check_counts(request: Request) -> None:
    """What is grouped has a row at least, so that none has no row."""
    for measure, how in request.having:
        none = (how.op, how.numbers) in {("=", (0,)), ("<=", (0,)), ("<", (1,))}
        if none and measure.expression == "COUNT(*)":
            rows = plural(measure.entity).replace("_", " ")
            raise Unclear(f"Those with no {rows} have no row to count. Ask for those without any.")


def _apart(one: Condition, other: Condition) -> bool:
    """Whether no value meets both conditions."""
    match one.op, other.op:
        case "=", "=":
            return not set(one.values) & set(other.values)
        case ("=", "<>"):
            return set(one.values) <= set(other.values)
        case ("<>", "="):
            return _apart(other, one)
        case _:
            pass
    low, high = (one, other) if one.op in ABOVE else (other, one)
    if low.op not in ABOVE or high.op not in BELOW:
        return False
    at, to = float(low.values[0]), float(high.values[0])
    return at > to or (at == to and not (low.op == ">=" and high.op == "<="))


def _said(condition: Condition) -> str:
    values = " or ".join(one if isinstance(one, str) else f"{one:,g}" for one in condition.values)
    sign = {"=": "", "<>": "not "}.get(condition.op, f"{condition.op} ")
    return f"{sign}{values}"
