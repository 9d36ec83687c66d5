"""The flow, in order: question → retrieve → plan → compile → validate → approve → execute → join →
answer. Two functions, since an approval can take a day: `propose` ends with a stored plan, `run`
starts from an approved one. Between them stand `decide`, `edit` and `approved`.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import structlog

from adapters.credentials import Vault
from adapters.errors import PlannerError, QueryError
from orchestrator import audit
from orchestrator.answer import Answer
from orchestrator.answer.compose import compose
from orchestrator.approve import ApprovedPlan, Decision
from orchestrator.approve.decide import Choice, Closed, Decided, Decider, Denied, Members, denied
from orchestrator.approve.grant import grant_for
from orchestrator.approve.request import Request, Status, binding_of
from orchestrator.approve.risk import Risk
from orchestrator.approve.rules import FREE_FORM
from orchestrator.compile import Compiler, Plan
from orchestrator.events import Event, Finished, Joined, Planned, Started, StepOutcome
from orchestrator.execute import Executor
from orchestrator.join import JoinedTable, join
from orchestrator.plan import Clarification, Draft, Planner
from orchestrator.proposing import Proposals, Proposed, Refused, asker_of, draft_for, question_of
from orchestrator.question import Question
from orchestrator.registry import Registry, Source
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.retrieve import Retriever
from orchestrator.semantic import SemanticModel
from orchestrator.staging import Staging, StagingPool
from orchestrator.store import Approvals, Grants, Store, StoredRun
from orchestrator.validate import ValidatedPlan

log = structlog.get_logger(__name__)
_ENDS: dict[Choice, Status] = {Choice.REJECT: "rejected", Choice.WITHDRAW: "withdrawn"}


@dataclass(frozen=True, slots=True)
class Stale:
    """A request has ended (its `reason` says why) for a new one: `again` is what came of that.

    `request` is None for a plan that needed none when it was proposed.
    """

    request: Request | None
    again: Proposed | Refused


@dataclass(slots=True)
class Pipeline:
    """Every stage with what it needs. Made by `wire.open_pipeline`."""

    model: SemanticModel
    store: Store
    approvals: Approvals
    grants: Grants
    retriever: Retriever
    planner: Planner
    fallback: Planner
    compiler: Compiler
    sources: dict[str, Source]
    vault: Vault | None
    registry: Registry
    executor: Executor
    staging: StagingPool

    async def propose(
        self, question: Question, sql: str | None = None
    ) -> Proposed | Clarification | Refused:
        """From a question (or its semantic SQL) to a stored plan, which may run or waits."""
        candidates = Candidates(entities=tuple(self.model.entities))
        if sql is None:
            candidates = await self.retriever.retrieve(question)
            drafted = await self._draft(question, candidates)
        else:
            drafted = Draft(sql=sql, planner=FREE_FORM)
        if isinstance(drafted, Clarification):
            return drafted
        return await self._check(question, candidates, drafted)

    async def run(self, approved: ApprovedPlan) -> AsyncGenerator[Event]:
        """Run an approved plan, telling each thing as it happens; the last event is Finished."""
        plan, draft = approved.validated.plan, approved.draft
        began = time.monotonic()
        yield Planned(approved.run_id, plan, draft.planner)
        outcomes: dict[str, StepOutcome] = {}
        async with self.staging.opened() as staging:
            async with aclosing(self.executor.execute(approved, staging)) as events:
                async for event in events:
                    if not isinstance(event, Started):
                        outcomes[event.step] = event
                    yield event
            joined, joined_s = await self._join(plan, staging)
        if isinstance(joined, JoinedTable) and joined.possible:
            yield Joined(joined.table.num_rows, joined_s, joined.notes)
        stored = await self.store.recall(approved.run_id)
        asked = stored.question if stored else ""
        answer = self._answer(approved.run_id, plan, draft, outcomes, joined, began, asked)
        status = "failed" if answer.failed else "partial" if answer.partial else "answered"
        await self.store.finish(approved.run_id, status, audit.outcome(answer))
        yield Finished(answer)

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
            ended = await self.approvals.close(
                request, _ENDS[choice], at, by=by.user, reason=reason
            )
            return Decided(ended) if ended else Closed(await self.approvals.of(run_id))
        if by.user in request.voters:
            return Denied("You have approved this already; somebody else has to as well.")
        weighed = await self._proposals.again(run, at, anew=True)
        if (why := self._changed(request, run, weighed)) is not None:
            return await self._asked_anew(request, run, why, at)
        assert not isinstance(weighed, Refused)
        digest = binding_of(weighed[0], self.model, asker_of(run)).digest
        voted = await self.approvals.approve(request, digest, by.user, at)
        if voted is None:
            return Closed(await self.approvals.of(run_id))
        if always and voted.may_be_granted and voted.status == "approved":
            days = self.model.policies.approval.grant_days
            plan, risk = weighed[0].plan, weighed[1]
            place = (run.team, run.channel)
            await self.grants.give(grant_for(run_id, *place, plan, risk, by.user, at, days))
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
        ended = await self.approvals.close(request, "edited", at, by=by.user)
        if ended is None:
            return Closed(await self.approvals.of(run_id))
        draft = Draft(sql=sql, planner=FREE_FORM)
        return Stale(ended, await self._proposals.repropose(run, draft, at, edited_by=by.user))

    def problem(self, sql: str, at: datetime) -> Refused | None:
        """What is wrong with SQL by the catalogs as last read, at once; None when nothing is."""
        try:
            plan = self.compiler.compile(sql, self.registry)
        except QueryError as error:
            return Refused(str(error))
        weighed = self._proposals.weighed(plan, Draft(sql=sql, planner=FREE_FORM), at)
        return weighed if isinstance(weighed, Refused) else None

    async def approved(self, run_id: str, at: datetime) -> ApprovedPlan | Stale | Closed:
        """A stored plan that may run, rebuilt from its SQL, in whatever process. Closed when it has
        run, waits or was turned down; Stale when what was decided on has changed since."""
        run, request = await self.store.recall(run_id), await self.approvals.of(run_id)
        if run is None or run.status not in ("proposed", "approved"):
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

    async def _open(self, run_id: str, at: datetime) -> tuple[Request, StoredRun] | Closed:
        """A request that waits; one whose time is over ends here."""
        request, run = await self.approvals.of(run_id), await self.store.recall(run_id)
        if request is None or run is None:
            return Closed(None)
        if request.status == "waiting" and at >= request.expires_at:
            ended = await self.approvals.close(request, "expired", at)
            return Closed(ended or await self.approvals.of(run_id))
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
        now = binding_of(weighed[0], self.model, asker_of(run))
        return request.binding.difference(now) or weighed[1].exceeds(request.risk)

    async def _asked_anew(
        self, request: Request, run: StoredRun, why: str, at: datetime
    ) -> Stale | Closed:
        ended = await self.approvals.close(request, "stale", at, reason=why)
        if ended is None:
            return Closed(await self.approvals.of(run.run_id))
        draft = draft_for(run)
        return Stale(
            ended, await self._proposals.repropose(run, draft, at, edited_by=request.edited_by)
        )

    @property
    def _proposals(self) -> Proposals:
        return Proposals(
            self.model,
            self.compiler,
            self.registry,
            self.store,
            self.approvals,
            self.grants,
            self._kinds,
        )

    @property
    def _kinds(self) -> dict[str, str]:
        return {name: source.spec.kind for name, source in self.sources.items()}

    async def recall(self, run_id: str) -> StoredRun | None:
        """A stored run by its id, or None."""
        return await self.store.recall(run_id)

    async def close(self) -> None:
        """End what goes on in the background and give back connections."""
        await self.retriever.close()
        await self.planner.close()
        await self.staging.close()
        if self.vault is not None:
            await self.vault.drain()
        await self.store.close()

    async def _draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        try:
            return await self.planner.draft(question, candidates)
        except PlannerError as error:
            if self.fallback is self.planner:
                raise
            log.warning("planner_failed", planner=self.planner.name, reason=type(error).__name__)
            drafted = await self.fallback.draft(question, candidates)
            if isinstance(drafted, Draft):
                said = f"{error} The offline planner was used."
                return replace(drafted, warnings=(*drafted.warnings, said))
            return drafted

    async def _check(
        self, question: Question, candidates: Candidates, draft: Draft
    ) -> Proposed | Clarification | Refused:
        try:
            plan = await self._proposals.compile(draft.sql)
        except QueryError as error:
            if draft.planner in (FREE_FORM, self.fallback.name):
                return Refused(str(error))
            try:
                repaired = await self.planner.repair(question, candidates, draft, str(error))
                if isinstance(repaired, Clarification):
                    return repaired
                draft, plan = repaired, await self._proposals.compile(repaired.sql)
            except (QueryError, PlannerError) as again:
                return Refused(f"The plan does not fit the semantic model: {again}")
        return await self._proposals.propose(question, draft, plan)

    async def _join(self, plan: Plan, staging: Staging) -> tuple[JoinedTable | QueryError, float]:
        began = time.monotonic()
        try:
            joined = await join(plan, staging)
        except QueryError as error:
            return error, time.monotonic() - began
        return joined, time.monotonic() - began

    def _answer(
        self,
        run_id: str,
        plan: Plan,
        draft: Draft,
        outcomes: dict[str, StepOutcome],
        joined: JoinedTable | QueryError,
        began: float,
        asked: str,
    ) -> Answer:
        if isinstance(joined, QueryError):
            joined = JoinedTable(pa.table({}), warnings=(str(joined),), possible=False)
        return compose(
            run_id,
            plan,
            draft,
            outcomes,
            joined,
            self._kinds,
            time.monotonic() - began,
            question=asked,
            units=self.model.units_of(plan.columns),
        )
