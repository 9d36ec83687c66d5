"""A standing approval for one channel: narrow, for a time, and revocable."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.approve.risk import Risk
from orchestrator.compile.plan import Plan

_LEAST_ROWS, _LEEWAY = 100, 3


@dataclass(frozen=True, slots=True)
class Grant:
    """Plans that need no approval in one channel until `until`: those that read no more than these
    entities, fields and sources and at most `max_rows` a fetch, and meet no other rules of risk
    than `rules`, which were met by the plan that it was given for."""

    id: str
    team: str
    channel: str
    entities: tuple[str, ...]
    fields: tuple[str, ...]
    sources: tuple[str, ...]
    rules: tuple[str, ...]
    max_rows: int
    given_by: str
    given_at: datetime
    until: datetime

    def covers(self, plan: Plan, risk: Risk) -> bool:
        """True when a plan lies within the grant. What is forbidden never does."""
        return (
            risk.level != "forbidden"
            and set(plan.entities) <= set(self.entities)
            and set(plan.fields) <= set(self.fields)
            and {step.source for step in plan.steps} <= set(self.sources)
            and {hit.rule for hit in risk.hits} <= set(self.rules)
            and risk.rows <= self.max_rows
        )


def rows_granted(rows: int) -> int:
    """The rows that a grant for a plan of about `rows` allows, as a round number: estimates may be
    off, and what passes this is cut."""
    most = _LEAST_ROWS
    while most < _LEEWAY * rows:
        enough = (step * most for step in (2, 5, 10) if step * most >= _LEEWAY * rows)
        most = next(enough, 10 * most)
    return most


def grant_for(
    run_id: str, team: str, channel: str, plan: Plan, risk: Risk, by: str, at: datetime, days: int
) -> Grant:
    """The grant that allows what a plan reads, and no more, under the id of its run."""
    return Grant(
        run_id,
        team,
        channel,
        plan.entities,
        plan.fields,
        tuple(sorted({step.source for step in plan.steps})),
        tuple(hit.rule for hit in risk.hits),
        rows_granted(risk.rows),
        by,
        at,
        at + timedelta(days=days),
    )
