"""The flow, in order: question → retrieve → plan → compile → validate → approve → execute → join →
answer. Two functions, since an approval can take a day: `propose` ends with a stored plan, `run`
starts from an approved one. Between them stand `decisions`.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import pyarrow as pa
import structlog

from adapters.credentials import Vault
from adapters.errors import AccessDenied, PlannerError, QueryError, UnknownName
from orchestrator import audit
from orchestrator.answer import Answer
from orchestrator.answer.compose import compose
from orchestrator.answer.currency import conversion_of
from orchestrator.approve import ApprovedPlan
from orchestrator.approve.rules import FREE_FORM
from orchestrator.attach import Attached, FileTable, attach
from orchestrator.compile import Compiler, Plan
from orchestrator.deciding import Decisions
from orchestrator.events import Event, Finished, Joined, Planned, Started, StepOutcome
from orchestrator.execute import Executor
from orchestrator.join import JoinedTable, join
from orchestrator.plan import Clarification, Draft, Planner, Usage
from orchestrator.plan.remembering import drafted_as_chosen
from orchestrator.plan.standing_in import stood_in
from orchestrator.plan.unmodelled import with_unmodelled
from orchestrator.proposing import Proposals, Proposed, Refused, refused
from orchestrator.question import People, Question
from orchestrator.registry import Extended, Registry, Source
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.retrieve import Retriever
from orchestrator.semantic import SemanticModel
from orchestrator.staging import Staging, StagingPool
from orchestrator.store import (
    Approvals,
    Catalogs,
    Choices,
    Grants,
    Preferences,
    ProposedQueries,
    Store,
    StoredRun,
)

MAX_REPAIRS = 2
_NOTHING = Usage()
log = structlog.get_logger(__name__)


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
    attached: Attached | None = None
    people: People | None = None

    def with_tables(self, tables: Sequence[FileTable]) -> "Pipeline":
        """The same pipeline for questions that may read these files too, which it keeps while it
        is used itself. `close` is for the first alone."""
        if not tables:
            return self
        attached = attach(self.model, tuple(tables))
        sources = self.sources | attached.sources
        capabilities = {name: source.adapter.capabilities for name, source in sources.items()}
        return replace(
            self,
            model=attached.model,
            planner=self.planner.over(attached.model),
            fallback=self.fallback.over(attached.model),
            compiler=Compiler(attached.model, capabilities),
            sources=sources,
            registry=Extended(self.registry, attached.sources),
            executor=self.executor.extended(attached.sources),
            attached=attached,
        )

    async def propose(
        self, question: Question, sql: str | None = None
    ) -> Proposed | Clarification | Refused:
        """From a question (or its semantic SQL) to a stored plan, which may run or waits."""
        candidates = Candidates(entities=tuple(self.model.entities))
        told: tuple[str, ...] = ()
        if sql is None:
            found = candidates = await self._candidates(question)
            question, drafted, told = await drafted_as_chosen(
                question,
                self.model,
                lambda one: self._drafted(one, found, self.planner.draft(one, found)),
            )
        else:
            drafted = Draft(sql=sql, planner=FREE_FORM)
        compiled = await self._compiled(question, candidates, drafted)
        if isinstance(compiled, Clarification | Refused):
            return compiled
        draft, plan = compiled
        notes = self.attached.notes(plan.entities) if self.attached is not None else ()
        draft = replace(draft, assumptions=(*told, *notes, *draft.assumptions))
        return await self.proposals.propose(question, draft, plan)

    async def run(
        self, approved: ApprovedPlan, currency: str | None = None
    ) -> AsyncGenerator[Event]:
        """Run an approved plan, telling each thing as it happens; the last event is Finished.
        Amounts are shown in `currency` where the model knows its rate."""
        plan, draft = approved.validated.plan, approved.draft
        began, begun = time.monotonic(), audit.operations(plan, self.sources)
        await self.store.note(approved.run_id, "started", audit.start(approved, begun))
        ids = audit.operation_ids(begun)
        yield Planned(approved.run_id, plan, draft.planner)
        outcomes: dict[str, StepOutcome] = {}
        async with self.staging.opened() as staging:
            async with aclosing(self.executor.execute(approved, staging, ids)) as events:
                async for event in events:
                    if not isinstance(event, Started):
                        outcomes[event.step] = event
                    yield event
            joined, joined_s = await self._join(plan, staging)
        if joined.possible:
            yield Joined(joined.table.num_rows, joined_s, joined.notes)
        stored = await self.store.recall(approved.run_id)
        asked = stored.question if stored else ""
        answer = self._answer(
            approved.run_id, plan, draft, outcomes, joined, began, asked, currency
        )
        status = "failed" if answer.failed else "partial" if answer.partial else "answered"
        receipt = await audit.receipted(approved.validated, outcomes, joined)
        ended = audit.outcome(answer, outcomes, begun, receipt)
        await self.store.finish(approved.run_id, status, ended)
        yield Finished(answer)

    @property
    def decisions(self) -> Decisions:
        """What people decide about stored plans."""
        return Decisions(self.proposals)

    @property
    def preferences(self) -> Preferences:
        """What people have set for themselves."""
        return Preferences(self.store.engine)

    @property
    def choices(self) -> Choices:
        """What people and channels have had remembered of words in doubt."""
        return Choices(self.store.engine)

    @property
    def proposed_queries(self) -> ProposedQueries:
        """Verified queries that were proposed."""
        return ProposedQueries(self.store.engine)

    @property
    def catalogs(self) -> Catalogs:
        """The catalogs of the sources as they are kept, with what has changed in them."""
        return Catalogs(self.store.engine, self._kinds)

    @property
    def proposals(self) -> Proposals:
        """What makes stored plans of drafts."""
        return Proposals(
            self.model,
            self.compiler,
            self.registry,
            self.store,
            self.approvals,
            self.grants,
            self._kinds,
            self.attached,
            self.people,
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
            await self.vault.close()
        await self.store.close()

    async def _candidates(self, question: Question) -> Candidates:
        """What is near the question, and every file that it may read."""
        self._tell_of_relations()
        found = await self.retriever.retrieve(question)
        if self.attached is None:
            return found
        entities = dict.fromkeys((*self.attached.entities, *found.entities))
        return replace(found, entities=tuple(entities))

    def _tell_of_relations(self) -> None:
        """Have the retriever know what the sources hold beside what is modelled, as last read."""
        for name in self.sources:
            catalog = self.registry.catalog(name)
            if catalog is not None:
                self.retriever.note(catalog)

    async def _drafted(
        self,
        question: Question,
        candidates: Candidates,
        call: Awaitable[Draft | Clarification],
        spent: Usage = _NOTHING,
    ) -> Draft | Clarification:
        """What a call of the planner gives; when it fails, what the offline planner gives, which
        says so. `spent` is what was paid for before."""
        try:
            drafted = await call
        except PlannerError as error:
            if self.fallback is self.planner:
                raise
            reason = type(error.__cause__ or error).__name__
            log.warning("planner_failed", planner=self.planner.name, reason=reason)
            drafted = stood_in(await self.fallback.draft(question, candidates), error, spent)
        return with_unmodelled(drafted, candidates)

    async def _compiled(
        self, question: Question, candidates: Candidates, drafted: Draft | Clarification
    ) -> tuple[Draft, Plan] | Clarification | Refused:
        """The draft with its plan. One that does not fit goes back to its planner with the reason,
        at most MAX_REPAIRS times; then the asker is told."""
        repairs = 0
        while isinstance(drafted, Draft):
            try:
                return drafted, await self._plan(question, drafted, candidates)
            except AccessDenied as error:
                return refused(error)
            except QueryError as error:
                if drafted.planner in (FREE_FORM, self.fallback.name):
                    return Refused(str(error))
                if repairs == MAX_REPAIRS:
                    return Refused(f"The plan does not fit the semantic model: {error}")
                repairs += 1
                call = self.planner.repair(question, candidates, drafted, str(error))
                drafted = await self._drafted(question, candidates, call, drafted.usage)
        return drafted

    async def _plan(self, question: Question, draft: Draft, candidates: Candidates) -> Plan:
        """Raises QueryError, also for an entity that its planner was not told of: the offline one
        knows them all."""
        plan = await self.proposals.compile(draft.sql, question.requester, question.asked_at)
        outside = (
            set(plan.entities) - set(plan.bounding) - set(draft.looked_at or candidates.entities)
        )
        if outside and draft.planner != self.fallback.name:
            raise UnknownName(
                f"The query reads {', '.join(sorted(outside))}, which nothing in the question led "
                "to. Use the entities given alone, or ask in the words of what is meant."
            )
        return plan

    async def _join(self, plan: Plan, staging: Staging) -> tuple[JoinedTable, float]:
        began = time.monotonic()
        try:
            joined = await join(plan, staging)
        except QueryError as error:
            joined = JoinedTable(pa.table({}), warnings=(str(error),), possible=False)
        return joined, time.monotonic() - began

    def _answer(
        self,
        run_id: str,
        plan: Plan,
        draft: Draft,
        outcomes: dict[str, StepOutcome],
        joined: JoinedTable,
        began: float,
        asked: str,
        currency: str | None,
    ) -> Answer:
        units = self.model.units_of(plan.columns)
        return compose(
            run_id,
            plan,
            draft,
            outcomes,
            joined,
            self._kinds,
            time.monotonic() - began,
            question=asked,
            units=units,
            conversion=conversion_of(joined.table, units, self.model.currencies, currency),
        )
