"""Columns that are worked out from a measure: shares in percent, the period before, the change."""

import sqlglot
from sqlglot import exp

from orchestrator.plan.frame import Frame, name
from orchestrator.plan.request import Condition, Group, Measure, Request
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.times import Period
from orchestrator.plan.where import Where


def only(expression: str, test: str) -> str:
    """An aggregate expression over those of its rows for which `test` holds."""
    tree = sqlglot.parse_one(expression, read="duckdb")
    condition = sqlglot.parse_one(test, read="duckdb")
    calls = tree.find_all(exp.AggFunc)
    for call in list(calls):
        inner = call.this
        if isinstance(inner, exp.Distinct):
            inner.set("expressions", [_case(condition, one) for one in inner.expressions])
        else:
            counted = isinstance(inner, exp.Star)
            call.set("this", _case(condition, exp.Literal.number(1) if counted else inner))
    return tree.sql("duckdb")


def _case(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Case().when(condition.copy(), value.copy())


class Derived:
    """Writes the columns of a request's measures. `keys` are the columns of each group."""

    def __init__(
        self, request: Request, where: Where, frame: Frame, keys: dict[Group, list[str]]
    ) -> None:
        self._request = request
        self._where = where
        self._frame = frame
        self._keys = keys

    def columns(self, measure: Measure, expression: str) -> list[str]:
        """The measure and what is asked beside it, each with its name."""
        request, called = self._request, name(measure.name)
        if request.share == "part":
            if not self._frame.part:
                raise Unclear(f"Say which part of {measure.words} the share is of.")
            part = only(expression, " AND ".join(self._frame.part))
            part = part if part.startswith("COUNT(") else f"COALESCE({part}, 0)"
            return [f"100.0 * {part} / NULLIF({expression}, 0) AS percent"]
        if request.against:
            now, before = (
                only(expression, self._during(measure, one))
                for one in (request.period, request.against)
            )
            return [f"{now} AS {called}", *_changed(now, before, measure.name)]
        if request.stepwise:
            before = f"LAG({expression}) OVER ({self._steps()})"
            return [f"{expression} AS {called}", *_changed(expression, before, measure.name)]
        if request.share == "each":
            whole = f"SUM({expression}) OVER ({self._apart(grains=True)})"
            share = f"100.0 * {expression} / NULLIF({whole}, 0) AS percent"
            return [f"{expression} AS {called}", share]
        return [f"{expression} AS {called}"]

    def in_periods(self, measure: Measure) -> str:
        """The condition that rows lie in the period, or in the one that it is compared with."""
        periods = [self._request.period, self._request.against]
        tests = [self._during(measure, period) for period in periods if period]
        return tests[0] if len(tests) == 1 else f"({' OR '.join(f'({one})' for one in tests)})"

    def first_of_each(self, expression: str) -> str:
        """The condition that keeps the first rows of each group."""
        direction = "DESC" if self._request.descending else "ASC"
        over = f"{self._apart(each=True)} ORDER BY {expression} {direction} NULLS LAST"
        return f"QUALIFY ROW_NUMBER() OVER ({over}) <= {self._request.limit}"

    def _during(self, measure: Measure, period: Period | None) -> str:
        time = self._request.dated or measure.time
        if time is None:
            raise Unclear(f"{measure.words} has no time in the model.")
        condition = Condition(time[1], "period", period=period)
        return " AND ".join(self._where.condition(self._frame, time[0], condition))

    def _steps(self) -> str:
        grains = [key for group, keys in self._keys.items() if group.grain for key in keys]
        if len(grains) != 1:
            raise Unclear("Say by what time it is compared: by month, by quarter or by year.")
        return f"{self._apart(grains=False)} ORDER BY {grains[0]}".strip()

    def _apart(self, grains: bool | None = None, each: bool = False) -> str:
        """PARTITION BY the groups that are, or are not, of time; or those said with "each"."""
        wanted = [
            key
            for group, keys in self._keys.items()
            if (group.each if each else bool(group.grain) == grains)
            for key in keys
        ]
        return f"PARTITION BY {', '.join(wanted)}" if wanted else ""


def _changed(now: str, before: str, called: str) -> list[str]:
    change = f"100.0 * ({now} - {before}) / NULLIF(ABS({before}), 0)"
    return [f"{before} AS {called}_before", f"{change} AS {called}_change_percent"]
