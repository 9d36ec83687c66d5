"""The rules of risk: what the policy's `approval.rules` say of one plan at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlglot
from sqlglot import TokenType

from adapters.query import AggregationQuery, NativeQuery, SqlQuery, VectorQuery
from orchestrator.approve.risk import LEVELS, Hit, Read, Risk, weighed
from orchestrator.compile.estimate import Statistics
from orchestrator.compile.plan import AGGREGATED, SORTED, FetchStep, Plan
from orchestrator.semantic import Over, SemanticModel
from orchestrator.semantic.approval import DAYS

FREE_FORM = "sql"
_WIDTHS = {"bool": 1, "date": 4, "int64": 8, "float64": 8, "timestamp": 8, "timestamptz": 8}
_DECIMAL, _TEXT = 16, 40  # bytes of a value whose length is not known, on average


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the rules look at. `rows` and `size` (bytes) are estimates over all fetches."""

    plan: Plan
    planner: str
    model: SemanticModel
    statistics: Statistics
    at: datetime
    rows: int
    size: int

    @property
    def sources(self) -> list[str]:
        return list(dict.fromkeys(step.source for step in self.plan.steps))


def score(
    plan: Plan, planner: str, model: SemanticModel, statistics: Statistics, at: datetime
) -> Risk:
    """Every rule that the plan meets at the moment `at`; `planner` says who wrote its SQL."""
    reads = tuple(_read(step) for step in plan.steps)
    rows = sum(read.rows or 0 for read in reads)
    size = sum(
        (read.rows or 0) * _width(step) for read, step in zip(reads, plan.steps, strict=True)
    )
    scored = _Scored(plan, planner, model, statistics, at, rows, size)
    hits = [hit for rule in RULES for hit in rule(scored)]
    return weighed(hits, reads, rows, size)


def _rows(one: _Scored) -> Iterator[Hit]:
    if (over := _passed(one.rows, one.model.policies.approval.rules.rows)) is not None:
        said = f"about {one.rows:,} rows are read, more than {over.over:,}"
        yield Hit("rows", over.level, said)


def _bytes(one: _Scored) -> Iterator[Hit]:
    if (over := _passed(one.size, one.model.policies.approval.rules.bytes)) is not None:
        said = f"about {_megabytes(one.size)} are read, more than {_megabytes(over.over)}"
        yield Hit("bytes", over.level, said)


def _full_scan(one: _Scored) -> Iterator[Hit]:
    for step in one.plan.steps:
        if step.feed is not None or _is_narrowed(step):
            continue
        for relation in step.query.relations:
            rows = one.statistics.rows(step.source, relation) or 0
            if (over := _passed(rows, one.model.policies.approval.rules.full_scan)) is not None:
                said = f"all of {relation} in {step.source} is gone through, about {rows:,} rows"
                yield Hit(f"full_scan:{step.source}:{relation}", over.level, said)


def _pii(one: _Scored) -> Iterator[Hit]:
    for name in one.plan.fields:
        entity, _, field = name.partition(".")
        spec = one.model.entities[entity].fields.get(field)
        if spec is not None and spec.pii is not None:
            level = one.model.policies.approval.rules.pii.get(spec.pii, "low")
            yield Hit(f"pii:{name}", level, f"{name} is personal data (class {spec.pii})")


def _sensitive(one: _Scored) -> Iterator[Hit]:
    for name in one.sources:
        if one.model.sources[name].sensitive:
            level = one.model.policies.approval.rules.sensitive
            yield Hit(f"sensitive:{name}", level, f"the source {name} is marked as sensitive")


def _cross_border(one: _Scored) -> Iterator[Hit]:
    regions = {name: one.model.sources[name].region for name in one.sources}
    known = {name: region for name, region in regions.items() if region is not None}
    if len(set(known.values())) > 1:
        named = " and ".join(f"{name} ({region})" for name, region in sorted(known.items()))
        level = one.model.policies.approval.rules.cross_border
        rule = "cross_border:" + ",".join(sorted(set(known.values())))
        yield Hit(rule, level, f"data of several regions is joined: {named}")


def _free_form(one: _Scored) -> Iterator[Hit]:
    if one.planner == FREE_FORM:
        level = one.model.policies.approval.rules.free_form
        yield Hit("free_form", level, "the SQL was written by hand")


def _out_of_hours(one: _Scored) -> Iterator[Hit]:
    hours = one.model.policies.approval.rules.out_of_hours
    if hours is None:
        return
    here = one.at.astimezone(ZoneInfo(one.model.time_zone))
    if DAYS[here.weekday()] not in hours.days or not hours.opens <= here.hour < hours.closes:
        said = f"it is asked out of hours ({here:%A %H:%M} in {one.model.time_zone})"
        yield Hit("out_of_hours", hours.level, said)


RULES = (
    _rows,
    _bytes,
    _full_scan,
    _pii,
    _sensitive,
    _cross_border,
    _free_form,
    _out_of_hours,
)


def _passed(number: int, limits: tuple[Over, ...]) -> Over | None:
    """The limit of the highest level that a number is over."""
    passed = [limit for limit in limits if number > limit.over]
    return max(passed, key=lambda limit: (LEVELS.index(limit.level), limit.over), default=None)


def _read(step: FetchStep) -> Read:
    rows = None if step.estimate is None else max(1, round(step.estimate))
    return Read(step.source, step.entity, rows, step.unit)


def _width(step: FetchStep) -> int:
    """The bytes of a fetched row, guessed by its types."""
    kinds = [column.type.partition("(")[0] for column in step.query.columns]
    return sum(_DECIMAL if kind == "decimal" else _WIDTHS.get(kind, _TEXT) for kind in kinds)


def _is_narrowed(step: FetchStep) -> bool:
    """True when the source itself leaves out rows: by a condition, or by a limit alone."""
    does = set(step.pushed)
    if any(word.startswith("limit ") for word in does) and not does & {AGGREGATED, SORTED}:
        return True
    return _has_condition(step.query)


def _has_condition(query: NativeQuery) -> bool:
    match query:
        case SqlQuery():
            kinds = [token.token_type for token in sqlglot.tokenize(query.text)]
            pairs = zip([None, *kinds], kinds, strict=False)
            # `FILTER (WHERE …)` is of an aggregate: it leaves out no row of the scan
            return any(kind == TokenType.WHERE and b != TokenType.L_PAREN for b, kind in pairs)
        case AggregationQuery():
            return any("$match" in stage for stage in query.pipeline)
        case VectorQuery():
            return query.text is not None or bool(query.filters)


def _megabytes(size: int) -> str:
    return f"{max(1, round(size / 1_000_000)):,} MB"
