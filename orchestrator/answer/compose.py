"""A joined table to an Answer: the sentence with the numbers in it, and the doubts in words."""

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from adapters.query import describe
from orchestrator.answer import Answer, SourceReport
from orchestrator.compile.plan import Plan
from orchestrator.join import JoinedTable
from orchestrator.outcome import Failed, StepOutcome, Succeeded
from orchestrator.plan import Draft


def compose(
    run_id: str,
    plan: Plan,
    draft: Draft,
    outcomes: dict[str, StepOutcome],
    joined: JoinedTable,
    kinds: dict[str, str],
    seconds: float,
) -> Answer:
    """The answer of a run; `kinds` gives the kind of each source, `seconds` the run's wall time."""
    reports = tuple(_report(plan, outcomes, kinds))
    failures = [report for report in reports if report.failure]
    cut = [o.step for o in outcomes.values() if isinstance(o, Succeeded) and o.truncated]
    warnings = [*draft.warnings, *plan.warnings, *joined.warnings]
    warnings += [
        r.failure if r.source in r.failure else f"{r.source}: {r.failure}" for r in failures
    ]
    if failures and joined.losses:
        names = ", ".join(dict.fromkeys(report.source for report in failures))
        warnings += [f"Without {names}: {loss}." for loss in joined.losses]
    for report in reports:
        if report.step in cut:
            warnings.append(
                f"{report.source} was cut at {report.rows:,} {report.unit}, so the answer may be "
                "too low. Ask for a shorter period."
            )
    if joined.truncated:
        warnings.append(
            f"The answer was cut at {joined.table.num_rows:,} rows, the most that are kept. "
            "Ask for a total, or for fewer rows."
        )
    answer = Answer(
        run_id=run_id,
        text="",
        table=joined.table,
        sources=reports,
        sql=plan.sql,
        planner=draft.planner,
        warnings=tuple(dict.fromkeys(warnings)),
        assumptions=draft.assumptions,
        partial=bool(failures) and joined.possible,
        failed=not joined.possible,
        seconds=seconds,
        truncated=bool(cut) or joined.truncated,
        keys=joined.keys,
    )
    return replace(answer, text=_sentence(answer, draft.template))


def _report(
    plan: Plan, outcomes: dict[str, StepOutcome], kinds: dict[str, str]
) -> list[SourceReport]:
    found: list[SourceReport] = []
    for step in plan.steps:
        outcome = outcomes.get(step.id)
        came = outcome if isinstance(outcome, Succeeded) else None
        found.append(
            SourceReport(
                step=step.id,
                source=step.source,
                kind=kinds[step.source],
                unit=step.unit,
                relations=step.query.relations,
                rows=came.rows if came else 0,
                seconds=outcome.seconds if isinstance(outcome, Succeeded | Failed) else 0.0,
                query=describe(step.query),
                failure=outcome.reason if isinstance(outcome, Failed) else "",
                cached=came is not None and came.cached,
                age_s=came.age_s if came else 0.0,
            )
        )
    return found


def _sentence(answer: Answer, template: str) -> str:
    if answer.failed:
        missing = ", ".join(dict.fromkeys(r.source for r in answer.sources if r.failure))
        if not missing:
            return "I can't answer this: the rows came, but could not be joined."
        return (
            f"I can't answer this now: {missing} did not answer, and the answer rests on it. "
            "Ask again once that is mended."
        )
    count = answer.table.num_rows
    if count == 0:
        return "No rows match the question."
    filled = _fill(template, answer.table) if template else None
    if filled is not None and not answer.partial:
        return filled
    start = "A partial answer: " if answer.partial else ""
    if count == 1 and answer.table.num_columns == 1:
        name = answer.table.column_names[0].replace("_", " ")
        return f"{start}{name}: {shown(answer.table.column(0)[0].as_py())}."
    return f"{start}{count:,} row{'s' if count != 1 else ''}."


def _fill(template: str, table: pa.Table) -> str | None:
    """The template with the first row's values; None when it names a column that is not there."""
    first = table.slice(0, 1).to_pylist()[0]
    names = re.findall(r"\{([^{}]*)\}", template)
    if any(name not in first or first[name] is None for name in names):
        return None
    return re.sub(r"\{([^{}]*)\}", lambda match: shown(first[match[1]]), template)


def shown(value: Any) -> str:
    """A value as people write it: thousands apart, no idle zeros, ISO dates, – for nothing."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case Decimal() | float():
            number = f"{value:,.2f}"
            return number.removesuffix(".00")
        case datetime():
            midnight = value.time() == value.time().min
            return value.date().isoformat() if midnight else value.strftime("%Y-%m-%d %H:%M")
        case _:
            return str(value)
