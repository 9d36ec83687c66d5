"""New conditions of a scope against its old ones: which of them hold from now on."""

from functools import reduce

from orchestrator.plan.request import ABOVE, BELOW, Condition, Scope
from orchestrator.plan.request import UnclearError as Unclear


def merge(scope: Scope, old: list[Condition], adds: bool) -> None:
    """`scope` holds `old` and, behind them, new conditions. A new one replaces those of its field;
    when it `adds` its values join theirs, and "without" takes values away."""
    settled = list(old)
    for new in scope.conditions[len(old) :]:
        rivals = [one for one in settled if one.field == new.field and not _bounds(one, new)]
        settled = [one for one in settled if one not in rivals]
        settled.append(reduce(lambda now, rival: _joined(rival, now, adds), rivals, new))
    scope.conditions[:] = settled


def _bounds(one: Condition, other: Condition) -> bool:
    """Whether two comparisons are the two ends of a range."""
    return any(one.op in low and other.op in high for low, high in ((ABOVE, BELOW), (BELOW, ABOVE)))


def _joined(old: Condition, new: Condition, adds: bool) -> Condition:
    match old.op, new.op:
        case "=", "<>":
            left = tuple(value for value in old.values if value not in new.values)
            if not left:
                without = " or ".join(map(str, new.values))
                raise Unclear(f"Without {without} nothing is left of what was asked before.")
            if left == old.values:
                return old
            return Condition(old.field, "=", left)
        case ("<>", "<>"):
            return Condition(old.field, "<>", tuple(dict.fromkeys(old.values + new.values)))
        case ("=", "=") if adds:
            return Condition(old.field, "=", tuple(dict.fromkeys(old.values + new.values)))
        case _:
            return new
