"""A request for a decision, as it is stored: what it is bound to, who may decide, how it stands."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from orchestrator.approve.risk import Risk
from orchestrator.question import Question, Requester
from orchestrator.semantic import ApprovalPolicy, SemanticModel
from orchestrator.validate import ValidatedPlan

Status = Literal["waiting", "approved", "rejected", "withdrawn", "edited", "expired", "stale"]


@dataclass(frozen=True, slots=True)
class Binding:
    """All that a decision is about. When any of it changes, the decision is about something else.

    `fingerprints` are those of the catalogs of the plan's sources.
    """

    plan: str
    fingerprints: tuple[tuple[str, str], ...]
    model: str
    policy: str
    team: str
    user: str

    @property
    def digest(self) -> str:
        """sha256 of the whole."""
        return hashlib.sha256(repr(asdict(self)).encode()).hexdigest()

    def difference(self, now: "Binding") -> str | None:
        """What has changed since, in words, or None when nothing has."""
        if self.digest == now.digest:
            return None
        before, after = dict(self.fingerprints), dict(now.fingerprints)
        moved = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if moved:
            return f"the schema of {' and '.join(sorted(moved))} has changed"
        if self.policy != now.policy:
            return "the policy has changed"
        if self.model != now.model:
            return "the semantic model has changed"
        return "the plan has changed"


def binding_of(validated: ValidatedPlan, model: SemanticModel, requester: Requester) -> Binding:
    """What a decision about a plan is bound to, as things are now."""
    return Binding(
        validated.plan.digest,
        validated.fingerprints,
        model.digest,
        model.policies.digest,
        requester.team,
        requester.user,
    )


def binding_from(kept: dict[str, Any]) -> Binding:
    """A binding as the store kept it (`dataclasses.asdict`)."""
    fields = dict(kept)
    fields["fingerprints"] = tuple((name, digest) for name, digest in kept["fingerprints"])
    return Binding(**fields)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, by the id of its run. Times are aware.

    Of the risk `medium` the asker decides, else `needed` members of `group` (or of several, parted
    by blanks), which `escalation` joins once `escalated`; never the asker, nor `edited_by`, who has
    written the SQL. `voters` have approved so far. `decided_by` is who closed it ("" when nobody
    did), `reason` their words or what has changed. `card` and `notice` are (channel, message) of
    what was posted, for the surface that posted it.
    """

    run_id: str
    binding: Binding
    risk: Risk
    asked_at: datetime
    expires_at: datetime
    status: Status = "waiting"
    group: str = ""
    escalation: str = ""
    needed: int = 1
    channel: str = ""
    edited_by: str = ""
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    escalated: bool = False
    voters: tuple[str, ...] = ()
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    card: tuple[str, str] | None = None
    notice: tuple[str, str] | None = None

    @property
    def asker_decides(self) -> bool:
        """Whether a confirmation of the asker is all that is needed."""
        return self.risk.level == "medium"

    @property
    def may_be_granted(self) -> bool:
        """Whether an approver may allow the like of it for longer: where one alone decides."""
        return not self.asker_decides and self.needed == 1

    @property
    def groups(self) -> tuple[str, ...]:
        """The user groups whose members may decide now."""
        if self.asker_decides:
            return ()
        return (*self.group.split(), *([self.escalation] if self.escalated else []))


def request_for(
    run_id: str,
    question: Question,
    binding: Binding,
    risk: Risk,
    policy: ApprovalPolicy,
    owners: Iterable[str] = (),
    edited_by: str = "",
) -> Request:
    """The request that a question's plan needs under the policy, from when it was asked. `owners`
    are the user groups that own what it reads."""
    asked_at = question.asked_at.astimezone(UTC)
    lasts = timedelta(hours=policy.expires_hours)
    request = Request(
        run_id,
        binding,
        risk,
        asked_at,
        asked_at + lasts,
        channel=question.channel,
        edited_by=edited_by,
        remind_at=asked_at + lasts * policy.remind_at,
    )
    if request.asker_decides:
        return request
    assert policy.approvers is not None, "a loaded model names approvers where a rule is high"
    owned = " ".join(owners) if policy.approvers.owners else ""
    group = owned or policy.approvers.group
    request = replace(request, group=group, needed=policy.approvers.count)
    second = policy.approvers.escalation
    if second is None:
        return request
    escalate_at = asked_at + timedelta(hours=second.after_hours)
    return replace(request, escalation=second.group, escalate_at=escalate_at)
