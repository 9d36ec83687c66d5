"""A run's events to JSON, one object a line; the last one is the answer.

Exact numbers (decimals) are strings, times are ISO 8601, and what is not a number is null.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

from orchestrator.answer import Answer
from orchestrator.compile.plan import Plan
from orchestrator.events import Event, Finished, Planned
from orchestrator.explain import explain
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification


def event_line(event: Event, plan: Plan, kinds: Mapping[str, str]) -> str:
    """One event as a line; `plan` is the plan that runs."""
    match event:
        case Planned():
            return planned_line(event.run_id, event.plan, event.planner, kinds)
        case Finished():
            return _line("answer", _answer(event.answer, plan, kinds))
        case _:
            return _line(type(event).__name__.lower(), dataclasses.asdict(event))


def planned_line(run_id: str, plan: Plan, planner: str, kinds: Mapping[str, str]) -> str:
    """A plan, as it is before it runs."""
    fields = {"run_id": run_id, "planner": planner, "digest": plan.digest}
    return _line("planned", {**fields, **dataclasses.asdict(explain(plan, kinds))})


def problem_line(problem: Clarification | Refused) -> str:
    """Why there is no answer."""
    return _line(type(problem).__name__.lower(), dataclasses.asdict(problem))


def _line(event: str, fields: Mapping[str, Any]) -> str:
    return json.dumps({"event": event, **_plain(fields)}, ensure_ascii=False, allow_nan=False)


def _answer(answer: Answer, plan: Plan, kinds: Mapping[str, str]) -> dict[str, Any]:
    columns = [column.to_pylist() for column in answer.table.columns]
    return {
        "run_id": answer.run_id,
        "text": answer.text,
        "columns": answer.table.column_names,
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "sources": [dataclasses.asdict(source) for source in answer.sources],
        "units": answer.units,
        "chart": dataclasses.asdict(answer.chart) if answer.chart else None,
        "confidence": dataclasses.asdict(answer.confidence),
        "warnings": answer.warnings,
        "assumptions": answer.assumptions,
        "sql": answer.sql,
        "planner": answer.planner,
        "plan": dataclasses.asdict(explain(plan, kinds)),
        "partial": answer.partial,
        "failed": answer.failed,
        "truncated": answer.truncated,
        "keys": [dataclasses.asdict(one) for one in answer.keys],
        "seconds": answer.seconds,
    }


def _plain(value: Any) -> Any:
    """The value in JSON's own types."""
    match value:
        case dict():
            return {str(k): _plain(v) for k, v in cast("dict[Any, Any]", value).items()}
        case list() | tuple():
            return [_plain(item) for item in cast("list[Any]", value)]
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int() | str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
