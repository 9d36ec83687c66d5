"""What a plan says to people: each step with its query, what its source does, what is left and why.

`explain` gives plain values for JSON, the terminal and the picture; `plan_text` is the text that is
kept with a run. Nothing here asks a source, so what is told holds no rows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from adapters.query import KEYS, NativeQuery, SqlQuery, describe, with_keys
from orchestrator.compile.parse import FETCHED
from orchestrator.compile.plan import FetchStep, KeyCheck, Plan

_DIALECTS = ("duckdb", "postgres", "sqlite")
_TIME_LITERAL = re.compile(r"CAST\(('[^']*') AS (?:DATE|TIMESTAMP|TIMESTAMPTZ)\)")
_FIRST_VALUES = 5


@dataclass(frozen=True, slots=True)
class Bound:
    """The step reads only rows whose `column` is among the values that `step` found.

    `values` is the DuckDB expression that gives them over that step's table.
    """

    step: str
    values: str
    column: str


@dataclass(frozen=True, slots=True)
class Left:
    """A condition that a source was not asked for, and why not."""

    condition: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One fetch, in words.

    `rows` is the number expected, before `bounded_by` lowers it. `query` is what is sent, bounded
    if it is, with `parameters` for its `$1…$n`, written as SQL literals. `done` is what the source
    does itself, `left` what the join does instead. The join reads the step's table `uses` times.
    An `optional` step may fail and still leave an answer.
    """

    id: str
    source: str
    kind: str
    entity: str
    rows: int | None
    unit: str
    language: str
    query: str
    parameters: tuple[str, ...]
    done: tuple[str, ...]
    left: tuple[Left, ...]
    bounded_by: Bound | None
    uses: int
    optional: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """A plan, in words; the steps stand so that each comes after the one that bounds it.

    `sql` is the semantic query, `join` the DuckDB SQL over the fetched tables, `keys` the
    equalities between sources that are counted in it, and `columns` are the answer's. `reason` says
    why no source could answer it all; None when one does.
    """

    sql: str
    steps: tuple[ExplainedStep, ...]
    join: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    reason: str | None
    warnings: tuple[str, ...]


def explain(plan: Plan, kinds: Mapping[str, str]) -> Explained:
    """The plan in words; `kinds` says for each source what it is: postgres, mongo, qdrant."""
    read = [
        table.name for table in sqlglot.parse_one(plan.join.sql, read="duckdb").find_all(exp.Table)
    ]
    steps = tuple(
        _step(
            step,
            kinds.get(step.source, ""),
            read.count(FETCHED + step.id),
            step.id in plan.optional,
        )
        for step in _givers_first(plan.steps)
    )
    return Explained(
        plan.sql,
        steps,
        pretty(plan.join.sql),
        tuple(_key(check) for check in plan.join.checks),
        plan.columns,
        plan.reason,
        plan.warnings,
    )


def pretty(sql: str) -> str:
    """The SQL over several lines; as it is where no dialect gives the very same text back."""
    for dialect in _DIALECTS:
        try:
            laid_out = sqlglot.parse_one(sql, read=dialect).sql(dialect, pretty=True, copy=False)
        except (SqlglotError, TypeError):  # the latter where there is nothing but a parameter
            continue
        if "".join(laid_out.split()) == "".join(sql.split()):
            return laid_out
    return sql


def plan_text(plan: Explained) -> str:
    """The plan as plain text: why it is not one query, each step with its query, the join."""
    steps = [
        "\n".join((heading(step), *notes(step), step.query, *values(step))) for step in plan.steps
    ]
    return "\n\n".join((why(plan), *steps, f"{join_heading(plan)}\n{plan.join}"))


def heading(step: ExplainedStep) -> str:
    """`s1 sales (postgres) customer · about 1,200 rows`."""
    kind = f" ({step.kind})" if step.kind else ""
    rows = f" · {about(step)}" if step.rows is not None else ""
    return f"{step.id} {step.source}{kind} {step.entity}{rows}"


def about(step: ExplainedStep) -> str:
    """How many rows are expected, at two digits, for it is a guess; "" when there is none."""
    if step.rows is None:
        return ""
    digits = max(0, len(str(step.rows)) - 2)
    most = "at most " if step.bounded_by else ""
    return f"{most}about {round(step.rows, -digits):,} {step.unit}"


def notes(step: ExplainedStep) -> list[str]:
    """What there is to say of a step, a sentence a line."""
    said: list[str] = []
    if step.bounded_by:
        said.append(f"reads only the {step.bounded_by.column} that {step.bounded_by.step} found")
    if step.done:
        said.append(f"done there: {'; '.join(step.done)}")
    said += [f"left to the join: {one.condition} ({one.reason})" for one in step.left]
    if step.uses > 1:
        said.append(f"read once, used {step.uses} times in the join")
    if step.optional:
        said.append("without it, there is still an answer")
    return said


def values(step: ExplainedStep) -> list[str]:
    """The values of the query's `$1…$n` on one line; no line when it has none."""
    named = [f"${place} = {value}" for place, value in enumerate(step.parameters, start=1)]
    return [f"with {', '.join(named)}"] if named else []


def join_heading(plan: Explained) -> str:
    """`join in DuckDB of s1, s2`, or that DuckDB reads a single table."""
    steps = ", ".join(sorted((step.id for step in plan.steps), key=lambda name: (len(name), name)))
    return f"join in DuckDB of {steps}" if len(plan.steps) > 1 else f"in DuckDB, over {steps}"


def why(plan: Explained) -> str:
    """Why the query is not one query, or that it is."""
    if plan.reason is None:
        return "One source answers the whole query."
    return f"No source answers the whole query: {plan.reason}."


def _givers_first(steps: tuple[FetchStep, ...]) -> list[FetchStep]:
    """Each step after the one that bounds it, and as near to it as can be."""
    ordered: list[FetchStep] = []

    def take(giver: str | None) -> None:
        for step in steps:
            if (step.feed.from_step if step.feed else None) == giver:
                ordered.append(step)
                take(step.id)

    take(None)
    return ordered


def _step(step: FetchStep, kind: str, uses: int, optional: bool) -> ExplainedStep:
    query, bound = step.query, None
    if step.feed is not None:
        query, bound = (
            step.feed.query,
            Bound(step.feed.from_step, step.feed.from_column, step.feed.column),
        )
    return ExplainedStep(
        id=step.id,
        source=step.source,
        kind=kind,
        entity=step.entity,
        rows=None if step.estimate is None else max(1, round(step.estimate)),
        unit=step.unit,
        language=query.kind,
        query=_text(query, bound),
        parameters=_parameters(query, bound),
        done=tuple(_TIME_LITERAL.sub(r"\1", words) for words in step.pushed),
        left=tuple(_left(*one) for one in step.kept),
        bounded_by=bound,
        uses=uses,
        optional=optional,
    )


def _text(query: NativeQuery, bound: Bound | None) -> str:
    if isinstance(query, SqlQuery):
        return pretty(query.text)
    return describe(with_keys(query, [f"keys of {bound.step}"]) if bound else query)


def _parameters(query: NativeQuery, bound: Bound | None) -> tuple[str, ...]:
    if not isinstance(query, SqlQuery):
        return ()
    keys = f"keys of {bound.step}" if bound else ""
    return tuple(keys if value == KEYS else _literal(value) for value in query.parameters)


def _literal(value: Any) -> str:
    """A parameter as it would stand in SQL."""
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return str(value)
        case list() | tuple():
            first = [_literal(one) for one in value[:_FIRST_VALUES]]
            return f"[{', '.join([*first, '…'] if len(value) > _FIRST_VALUES else first)}]"
        case _:
            return exp.Literal.string(str(value)).sql()


def _left(condition: str, reason: str) -> Left:
    return Left(_TIME_LITERAL.sub(r"\1", condition), reason)


def _key(check: KeyCheck) -> str:
    sides = (f"{step}.{_column(expression)}" for step, expression, _ in (check.left, check.right))
    return " = ".join(sides)


def _column(expression: str) -> str:
    """The fetched column of an expression over it, whatever its transform."""
    found = sqlglot.parse_one(expression, read="duckdb").find(exp.Column)
    return found.name if found else expression
