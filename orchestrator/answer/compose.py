"""A joined table to an Answer: the sentence with the numbers in it, and the doubts in words."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from adapters.query import describe
from orchestrator.answer import Answer, Conversion, SourceReport
from orchestrator.answer.chart import chart
from orchestrator.answer.check import unfounded
from orchestrator.answer.confidence import confidence
from orchestrator.answer.currency import in_currency
from orchestrator.answer.shown import (
    NOTHING,
    SHOWN_ROWS,
    column,
    first_row,
    is_name_of_id,
    is_number,
)
from orchestrator.compile.plan import Plan
from orchestrator.join import JoinedTable
from orchestrator.outcome import Failed, StepOutcome, Succeeded
from orchestrator.plan import Draft

log = structlog.get_logger(__name__)

_PLACES = re.compile(r"\{([^{}]*)\}")
MOST_IN_SENTENCE = 3
NO_ROWS = "No rows match the question."


def compose(
    run_id: str,
    plan: Plan,
    draft: Draft,
    outcomes: dict[str, StepOutcome],
    joined: JoinedTable,
    kinds: Mapping[str, str],
    seconds: float,
    *,
    question: str = "",
    units: Mapping[str, str] | None = None,
    conversion: Conversion | None = None,
) -> Answer:
    """The answer of a run.

    `kinds` gives the kind of each source, `seconds` the run's wall time, `question` the words that
    were asked, `units` the unit of each column that has one, and `conversion` how amounts are shown
    in another currency.
    """
    units, template = dict(units or {}), draft.template
    if conversion is not None:
        joined = replace(joined, table=conversion.shown)
        units |= dict.fromkeys(conversion.columns, conversion.currency)
        template = in_currency(template, conversion)
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
        units=units,
        conversion=conversion,
    )
    text, wrong = _sentence(answer, template, question)
    return replace(
        answer,
        text=text,
        chart=None if answer.failed else chart(answer.table, question, answer.units, draft.chart),
        confidence=confidence(
            answer, drafted=draft.confidence, multiplied=bool(joined.warnings), unfounded=wrong
        ),
    )


def _report(
    plan: Plan, outcomes: dict[str, StepOutcome], kinds: Mapping[str, str]
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


def _sentence(answer: Answer, template: str, question: str) -> tuple[str, tuple[str, ...]]:
    """What is said of the table, and the numbers for which the template was not taken."""
    if answer.failed:
        return _failure(answer), ()
    if answer.table.num_rows == 0:
        return NO_ROWS, ()
    filled = None if answer.partial else _filled(template, answer)
    if filled is None:
        return _plain(answer), ()
    wrong = unfounded(filled, answer.table, question, answer.sql)
    if not wrong:
        return filled, ()
    log.warning("sentence_left_out", run_id=answer.run_id, numbers=len(wrong))
    return _plain(answer), wrong


def _failure(answer: Answer) -> str:
    missing = ", ".join(dict.fromkeys(r.source for r in answer.sources if r.failure))
    if not missing:
        return "I can't answer this: the rows came, but could not be joined."
    return (
        f"I can't answer this now: {missing} did not answer, and the answer rests on it. "
        "Ask again once that is mended."
    )


def _plain(answer: Answer) -> str:
    """A sentence that says no more than the table: its one row, or how many rows it has."""
    start, count = "A partial answer: " if answer.partial else "", answer.table.num_rows
    if count == 1 and answer.table.num_columns <= MOST_IN_SENTENCE:
        said = (
            f"{name.replace('_', ' ')}: {f'{value or NOTHING} {unit}'.strip()}"
            for name, value in first_row(answer.table).items()
            for unit in [answer.units.get(name, "") if value else ""]
        )
        return f"{start}{', '.join(said)}."
    return f"{start}{count:,} row{'s' if count != 1 else ''}{_range(answer)}."


def _range(answer: Answer) -> str:
    """`: revenue from 1,200 EUR (2026-01) to 3,400 EUR (2026-03)`, for a table of one measure and
    something to name its rows by, that can be shown whole.
    """
    table = answer.table
    values: dict[str, list[Any]] = {
        name: one.to_pylist()
        for name, one in zip(table.column_names, table.slice(0, SHOWN_ROWS).columns, strict=True)
        if not is_name_of_id(name)
    }
    measures = [name for name, found in values.items() if all(map(is_number, found))]
    labels = [name for name in values if name not in measures]
    if not 1 < table.num_rows <= SHOWN_ROWS or len(measures) != 1 or len(labels) != 1:
        return ""
    (measure,), (label,) = measures, labels
    places = sorted(range(table.num_rows), key=values[measure].__getitem__)
    said, unit = column(measure, values[measure]), answer.units.get(measure, "")
    named = column(label, values[label])
    ends = [f"{f'{said[at]} {unit}'.strip()} ({named[at]})" for at in (places[0], places[-1])]
    return f": {measure.replace('_', ' ')} from {' to '.join(ends)}"


def _filled(template: str, answer: Answer) -> str | None:
    """The template with the first row's values; None when it names a column that is not there."""
    if not template:
        return None
    first = first_row(answer.table)
    if any(first.get(name) is None for name in _PLACES.findall(template)):
        return None
    return _PLACES.sub(lambda match: first[match[1]] or NOTHING, template)
