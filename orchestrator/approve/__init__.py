"""A validated plan becomes an approved one, by rule or by a person: all that `execute` accepts."""

from dataclasses import dataclass
from datetime import datetime

from orchestrator.approve.grant import Grant
from orchestrator.plan import Draft
from orchestrator.question import Requester
from orchestrator.validate import ValidatedPlan

BY_RULE = "rule"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who let a plan run (user ids, or BY_RULE), when and why; it is bound to the plan's digest.

    With a `grant`, no fetch may give more rows than that allows.
    """

    by: tuple[str, ...]
    reason: str
    digest: str
    at: datetime
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan that may run, under the id that the store knows it by, with its requester's rights."""

    run_id: str
    validated: ValidatedPlan
    requester: Requester
    draft: Draft
    decision: Decision


def approve_by_rule(
    run_id: str,
    validated: ValidatedPlan,
    requester: Requester,
    draft: Draft,
    at: datetime,
    grant: Grant | None = None,
) -> ApprovedPlan:
    """Let a plan run whose risk is low, or which lies within a grant."""
    reason = "reads within the policy" if grant is None else f"reads within the grant {grant.id}"
    decision = Decision((BY_RULE,), reason, validated.plan.digest, at, grant)
    return ApprovedPlan(run_id, validated, requester, draft, decision)
