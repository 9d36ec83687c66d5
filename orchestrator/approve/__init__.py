"""A validated plan becomes an approved one, by rule or by a person: all that `execute` accepts."""

from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.question import Requester
from orchestrator.validate import ValidatedPlan


@dataclass(frozen=True, slots=True)
class Decision:
    """Who let a plan run, when and why; it is bound to the plan's digest."""

    by: str
    reason: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan that may run, under the id that the store knows it by, with its requester's rights."""

    run_id: str
    validated: ValidatedPlan
    requester: Requester
    decision: Decision


def approve_by_rule(run_id: str, validated: ValidatedPlan, requester: Requester) -> ApprovedPlan:
    """Let a plan run that reads no personal data and stays under the policy's caps.

    Validation has refused all others, so the rule has nothing left to weigh.
    """
    decision = Decision(
        by="rule",
        reason="reads within the policy",
        digest=validated.plan.digest,
        at=datetime.now(UTC),
    )
    return ApprovedPlan(run_id, validated, requester, decision)
