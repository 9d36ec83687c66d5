"""What people decide about a stored plan, and the plan rebuilt once they have.

Nothing is awaited: each decision is one compare-and-set in the store, before which the plan is
compiled, validated and scored anew.
"""

from dataclasses import dataclass
from datetime import datetime

from orchestrator.approve import ApprovedPlan, Decision
from orchestrator.approve.decide import Choice, Closed, Decided, Decider, Denied, Members, denied
from orchestrator.approve.grant import grant_for
from orchestrator.approve.request import Request, Status
from orchestrator.approve.risk import Risk
from orchestrator.approve.rules import FREE_FORM
from orchestrator.plan import Draft
from orchestrator.proposing import Proposals, Proposed, Refused, asker_of, draft_for, question_of
from orchestrator.store import StoredRun
from orchestrator.validate import ValidatedPlan

_ENDS: dict[Choice, Status] = {Choice.REJECT: "rejected", Choice.WITHDRAW: "withdrawn"}


@dataclass(frozen=True, slots=True)
class Stale:
    """A request has ended (its `reason` says why) for a new one: `again` is what came of that.

    `request` is None for a plan that needed none when it was proposed.
    """

    request: Request | None
    again: Proposed | Refused


class Decisions:
    """Decides on the plans that `proposals` has stored."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals

    async def decide(
        self,
        run_id: str,
        choice: Choice,
        by: Decider,
        members: Members,
        at: datetime,
        *,
        reason: str = "",
        always: bool = False,
    ) -> Decided | Denied | Closed | Stale:
        """Decide on a waiting plan: approve (`always`: with a grant), confirm, reject or withdraw.

        Before it approves, it compiles, validates and scores anew: what has changed is asked anew.
        """
        found = await self._open(run_id, at)
        if isinstance(found, Closed):
            return found
        request, run = found
        if (refused := await denied(choice, request, by, members)) is not None:
            return refused
        if choice in _ENDS:
            ended = await self._proposals.approvals.close(
                request, _ENDS[choice], at, by=by.user, reason=reason
            )
            return Decided(ended) if ended else Closed(await self._proposals.approvals.of(run_id))
        if by.user in request.voters:
            return Denied("You have approved this already; somebody else has to as well.")
        weighed = await self._proposals.again(run, at, anew=True)
        if (why := self._changed(request, run, weighed)) is not None:
            return await self._asked_anew(request, run, why, at)
        assert not isinstance(weighed, Refused)
        digest = self._proposals.binding(weighed[0], asker_of(run)).digest
        voted = await self._proposals.approvals.approve(request, digest, by.user, at)
        if voted is None:
            return Closed(await self._proposals.approvals.of(run_id))
        if always and voted.may_be_granted and voted.status == "approved":
            days = self._proposals.model.policies.approval.grant_days
            plan, risk = weighed[0].plan, weighed[1]
            place = (run.team, run.channel)
            await self._proposals.grants.give(
                grant_for(run_id, *place, plan, risk, by.user, at, days)
            )
        return Decided(voted)

    async def edit(
        self, run_id: str, sql: str, by: Decider, members: Members, at: datetime
    ) -> Stale | Refused | Denied | Closed:
        """Put other SQL in a waiting plan's place: a new request, and the old one ends."""
        found = await self._open(run_id, at)
        if isinstance(found, Closed):
            return found
        request, run = found
        if (refused := await denied(Choice.EDIT, request, by, members)) is not None:
            return refused
        if (problem := self.problem(sql, at)) is not None:
            return problem
        ended = await self._proposals.approvals.close(request, "edited", at, by=by.user)
        if ended is None:
            return Closed(await self._proposals.approvals.of(run_id))
        draft = Draft(sql=sql, planner=FREE_FORM)
        return Stale(ended, await self._proposals.repropose(run, draft, at, edited_by=by.user))

    def problem(self, sql: str, at: datetime) -> Refused | None:
        """What is wrong with SQL by the catalogs as last read, at once; None when nothing is."""
        plan = self._proposals.problem(sql)
        if isinstance(plan, Refused):
            return plan
        weighed = self._proposals.weighed(plan, Draft(sql=sql, planner=FREE_FORM), at)
        return weighed if isinstance(weighed, Refused) else None

    async def approved(self, run_id: str, at: datetime) -> ApprovedPlan | Stale | Closed:
        """A stored plan that may run, rebuilt from its SQL, in whatever process. Closed when it has
        run, waits or was turned down; Stale when what was decided on has changed since."""
        run, request = (
            await self._proposals.store.recall(run_id),
            await self._proposals.approvals.of(run_id),
        )
        if run is None or run.status not in ("proposed", "planned", "approved"):
            return Closed(request)
        weighed = await self._proposals.again(run, at)
        draft = draft_for(run)
        if request is None:
            if not isinstance(weighed, Refused):
                asked = question_of(run, at)
                ruled = await self._proposals.by_rule(run_id, *weighed, asked, draft)
                if ruled is not None:
                    return ruled
            return Stale(None, await self._proposals.repropose(run, draft, at))
        if (why := self._changed(request, run, weighed)) is not None:
            return await self._asked_anew(request, run, why, at)
        assert not isinstance(weighed, Refused)
        validated, at = weighed[0], request.decided_at or at
        reason = "confirmed by the asker" if request.asker_decides else "approved"
        decision = Decision(request.voters, reason, validated.plan.digest, at)
        return ApprovedPlan(run_id, validated, asker_of(run), draft, decision)

    async def replayable(
        self, run_id: str, at: datetime, *, is_confirmed: bool
    ) -> ApprovedPlan | Refused:
        """A stored plan that may run once more for its receipt, compiled anew.

        What needs a decision by now has to have been approved as it stands, and an operator
        confirms that it runs again; what has changed since is asked anew, in Slack.
        """
        store, approvals = self._proposals.store, self._proposals.approvals
        run, request = await store.recall(run_id), await approvals.of(run_id)
        if run is None:
            return Refused(f"There is no run {run_id} in the store.")
        draft = draft_for(run)
        if draft.files:
            return Refused("It read files of a thread, which are not kept. Ask it there again.")
        weighed = await self._proposals.again(run, at, anew=True)
        if isinstance(weighed, Refused):
            return weighed
        ruled = await self._proposals.by_rule(run_id, *weighed, question_of(run, at), draft)
        if ruled is not None:
            return ruled
        reasons = weighed[1].reasons
        if request is None or request.status != "approved":
            return Refused("It needs a person's decision by now, and has none. Ask anew.", reasons)
        if (why := self._changed(request, run, weighed)) is not None:
            return Refused(f"What was approved is not what would run: {why}. Ask anew.", reasons)
        if not is_confirmed:
            return Refused("It was approved for one run. Confirm another with --confirm.", reasons)
        digest = weighed[0].plan.digest
        decision = Decision(request.voters, "approved, and confirmed by an operator", digest, at)
        return ApprovedPlan(run_id, weighed[0], asker_of(run), draft, decision)

    async def _open(self, run_id: str, at: datetime) -> tuple[Request, StoredRun] | Closed:
        """A request that waits; one whose time is over ends here."""
        request, run = (
            await self._proposals.approvals.of(run_id),
            await self._proposals.store.recall(run_id),
        )
        if request is None or run is None:
            return Closed(None)
        if request.status == "waiting" and at >= request.expires_at:
            ended = await self._proposals.approvals.close(request, "expired", at)
            return Closed(ended or await self._proposals.approvals.of(run_id))
        return (request, run) if request.status == "waiting" else Closed(request)

    def _changed(
        self,
        request: Request,
        run: StoredRun,
        weighed: tuple[ValidatedPlan, Risk] | Refused,
    ) -> str | None:
        """Why a request is about something else by now, or None when it is not."""
        if isinstance(weighed, Refused):
            return f"it could not run as it stands: {weighed.message}"
        now = self._proposals.binding(weighed[0], asker_of(run))
        return request.binding.difference(now) or weighed[1].exceeds(request.risk)

    async def _asked_anew(
        self, request: Request, run: StoredRun, why: str, at: datetime
    ) -> Stale | Closed:
        ended = await self._proposals.approvals.close(request, "stale", at, reason=why)
        if ended is None:
            return Closed(await self._proposals.approvals.of(run.run_id))
        draft = draft_for(run)
        return Stale(
            ended, await self._proposals.repropose(run, draft, at, edited_by=request.edited_by)
        )
