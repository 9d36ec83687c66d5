"""The flow, in order: question → retrieve → plan → compile → validate → approve → execute → join →
answer. Two functions, since an approval can take a day: `propose` ends with a stored plan, `run`
starts from an approved one.
"""

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import pyarrow as pa
import structlog

from adapters.credentials import Vault
from adapters.errors import PlannerError, QueryError
from orchestrator import audit
from orchestrator.answer import Answer
from orchestrator.answer.compose import compose
from orchestrator.approve import ApprovedPlan, approve_by_rule
from orchestrator.compile import Compiler, Plan
from orchestrator.events import Event, Finished, Joined, Planned, Started, StepOutcome
from orchestrator.execute import Executor
from orchestrator.explain import explain, plan_text
from orchestrator.join import JoinedTable, join
from orchestrator.plan import Clarification, Draft, Planner
from orchestrator.question import Question
from orchestrator.registry import Registry, Source
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.retrieve import Retriever
from orchestrator.semantic import SemanticModel
from orchestrator.staging import Staging, StagingPool
from orchestrator.store import Store, StoredRun
from orchestrator.validate import ValidatedPlan, validate

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refused:
    """The question can't be answered as it stands; `message` says why and what to do."""

    message: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A stored plan that may run."""

    run_id: str
    plan: Plan
    draft: Draft
    approved: ApprovedPlan


@dataclass(slots=True)
class Pipeline:
    """Every stage with what it needs. Made by `wire.open_pipeline`."""

    model: SemanticModel
    store: Store
    retriever: Retriever
    planner: Planner
    fallback: Planner
    compiler: Compiler
    sources: dict[str, Source]
    vault: Vault | None
    registry: Registry
    executor: Executor
    staging: StagingPool
    _drafts: dict[str, Draft] = field(default_factory=dict)

    async def propose(
        self, question: Question, sql: str | None = None
    ) -> Proposed | Clarification | Refused:
        """From a question (or its semantic SQL) to a stored plan that may run."""
        candidates = Candidates(entities=tuple(self.model.entities))
        if sql is None:
            candidates = await self.retriever.retrieve(question)
            drafted = await self._draft(question, candidates)
        else:
            drafted = Draft(sql=sql, planner="sql")
        if isinstance(drafted, Clarification):
            return drafted
        return await self._check(question, candidates, drafted)

    async def run(self, approved: ApprovedPlan) -> AsyncGenerator[Event]:
        """Run an approved plan, telling each thing as it happens; the last event is Finished."""
        plan = approved.validated.plan
        draft = self._drafts.pop(approved.run_id, Draft(sql=plan.sql, planner="stored"))
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
            plan = await self._compile(draft.sql)
        except QueryError as error:
            if draft.planner in ("sql", self.fallback.name):
                return Refused(str(error))
            try:
                repaired = await self.planner.repair(question, candidates, draft, str(error))
                if isinstance(repaired, Clarification):
                    return repaired
                draft, plan = repaired, await self._compile(repaired.sql)
            except (QueryError, PlannerError) as again:
                return Refused(f"The plan does not fit the semantic model: {again}")
        validated = validate(plan, self.model, self.registry)
        if not isinstance(validated, ValidatedPlan):
            messages = tuple(violation.message for violation in validated)
            return Refused(messages[0], messages[1:])
        run_id = uuid.uuid4().hex
        approved = approve_by_rule(run_id, validated, question.requester)
        await self.store.propose(
            run_id,
            question,
            sql=plan.sql,
            plan_text=plan_text(explain(plan, self._kinds)),
            digest=plan.digest,
            planner=draft.planner,
            approval=audit.proposal(question, approved, draft),
        )
        self._drafts[run_id] = draft
        return Proposed(run_id, plan, draft, approved)

    async def _compile(self, sql: str) -> Plan:
        """Compile once to know the sources, read their catalogs, and again with their estimates."""
        plan = self.compiler.compile(sql, self.registry)
        sources = {step.source for step in plan.steps}
        if all(self.registry.catalog(name) for name in sources):
            return plan
        await self.registry.refresh(sources)
        return self.compiler.compile(sql, self.registry)

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
