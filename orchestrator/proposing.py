"""From a draft to a stored plan: compiled, validated, scored, and approved by rule or waiting."""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from adapters.errors import AccessDenied, QueryError
from orchestrator import audit
from orchestrator.approve import ApprovedPlan, approve_by_rule
from orchestrator.approve.request import Binding, binding_of, request_for
from orchestrator.approve.risk import Risk
from orchestrator.approve.rules import score
from orchestrator.attach import Attached
from orchestrator.compile import Compiler, Plan
from orchestrator.compile.rights import Rights, rights_of
from orchestrator.explain import explain, plan_text
from orchestrator.plan import Draft, draft_of
from orchestrator.question import People, Question, Requester
from orchestrator.registry import Drift, Registry
from orchestrator.semantic import SemanticModel
from orchestrator.store import Approvals, Grants, Store, StoredRun
from orchestrator.validate import ValidatedPlan, validate

OLD_S = 7_200.0
"""A catalog that is older is read anew before a question is planned with it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The question can't be answered as it stands; `message` says why and what to do."""

    message: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A stored plan. `approved` is None while somebody has to decide on it, for its `risk`."""

    run_id: str
    plan: Plan
    draft: Draft
    risk: Risk
    approved: ApprovedPlan | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """What makes plans of drafts; `kinds` says of each source what it is, `attached` which files
    the model has for the time being, `people` knows the groups of who asks."""

    model: SemanticModel
    compiler: Compiler
    registry: Registry
    store: Store
    approvals: Approvals
    grants: Grants
    kinds: dict[str, str]
    attached: Attached | None = None
    people: People | None = None

    async def propose(
        self, question: Question, draft: Draft, plan: Plan, edited_by: str = ""
    ) -> Proposed | Refused:
        """The stored plan, and with it the request for a decision when it needs one.

        Where a catalog lacks what the plan reads, that source alone is read anew first.
        """
        violations = validate(plan, self.model, self.registry)
        if not isinstance(violations, ValidatedPlan):
            lacking = {one.source for one in violations if one.source}
            told = await Drift(self.model, self.registry).read_anew(lacking, plan.entities)
            draft = replace(draft, warnings=(*draft.warnings, *told))
            try:
                rights = await self.rights(question.requester, question.asked_at)
                plan = self.compiler.compile(draft.sql, self.registry, rights)
            except QueryError as error:
                return refused(error)
        if self.attached is not None:
            draft = replace(draft, files=self.attached.read(plan.entities))
        weighed = self.weighed(plan, draft, question.asked_at)
        if isinstance(weighed, Refused):
            return weighed
        validated, risk = weighed
        run_id = uuid.uuid4().hex
        approved = await self.by_rule(run_id, validated, risk, question, draft)
        await self.store.propose(
            run_id,
            question,
            sql=plan.sql,
            plan_text=plan_text(explain(plan, self.kinds)),
            digest=plan.digest,
            planner=draft.planner,
            approval=audit.proposal(question, validated, risk, draft, approved),
            draft=asdict(draft),
            waits=approved is None,
        )
        if approved is None:
            binding = self.binding(validated, question.requester)
            policy, owners = self.model.policies.approval, self.model.owner_groups(plan.entities)
            await self.approvals.ask(
                request_for(run_id, question, binding, risk, policy, owners, edited_by)
            )
        return Proposed(run_id, plan, draft, risk, approved)

    def binding(self, validated: ValidatedPlan, requester: Requester) -> Binding:
        """What a decision about a plan is bound to. A file is bound by its bytes, which the name of
        its relation stands for; other files of the thread don't matter."""
        model = self.attached.owned if self.attached else self.model
        return binding_of(validated, model, requester)

    def weighed(
        self, plan: Plan, draft: Draft, at: datetime
    ) -> tuple[ValidatedPlan, Risk] | Refused:
        """A plan that fits registry and policy, with its risk at a moment."""
        validated = validate(plan, self.model, self.registry)
        if not isinstance(validated, ValidatedPlan):
            messages = tuple(violation.message for violation in validated)
            return Refused(messages[0], messages[1:])
        risk = score(plan, draft.planner, self.model, self.registry, at)
        if risk.level == "forbidden":
            return Refused("The policy forbids this. Ask for less:", risk.reasons)
        return validated, risk

    async def by_rule(
        self, run_id: str, validated: ValidatedPlan, risk: Risk, question: Question, draft: Draft
    ) -> ApprovedPlan | None:
        """The plan, when its risk is low or a grant of its channel covers it."""
        asker, at = question.requester, question.asked_at.astimezone(UTC)
        if risk.level == "low":
            return approve_by_rule(run_id, validated, asker, draft, at)
        for grant in await self.grants.list(asker.team, at, question.channel):
            if question.channel and grant.covers(validated.plan, risk):
                return approve_by_rule(run_id, validated, asker, draft, at, grant)
        return None

    async def rights(self, requester: Requester, at: datetime) -> Rights | None:
        """What a person may read at a moment, with the groups that they are in now."""
        policy = self.model.policies.access
        if policy is not None and policy.asks_of_people and self.people is not None:
            requester = await self.people.known(requester)
        own = self.attached.sources if self.attached else ()
        return rights_of(self.model, requester, at, own)

    def problem(self, sql: str) -> Plan | Refused:
        """The plan of SQL by the catalogs as last read, whoever asks it, to see what is wrong with
        it: it is not to be run. Refused with that."""
        unbounded = rights_of(self.model, own=self.model.entities)
        try:
            return self.compiler.compile(sql, self.registry, unbounded)
        except QueryError as error:
            return refused(error)

    async def compile(
        self, sql: str, asker: Requester, at: datetime, *, anew: bool = False
    ) -> Plan:
        """Compile once to know the sources, read their catalogs where they are missing or old
        (`anew`: all), and again with their estimates; within the rights of who asks.

        Raises QueryError.
        """
        rights = await self.rights(asker, at)
        plan = self.compiler.compile(sql, self.registry, rights)
        sources = {step.source for step in plan.steps}
        keep_s = 0 if anew else OLD_S
        if all(self.registry.is_fresh(name, keep_s) for name in sources):
            return plan
        await self.registry.refresh(sources, keep_s=keep_s)
        return self.compiler.compile(sql, self.registry, rights)

    async def again(
        self, run: StoredRun, at: datetime, *, anew: bool = False
    ) -> tuple[ValidatedPlan, Risk] | Refused:
        """A stored plan compiled, validated and scored as things are now."""
        try:
            plan = await self.compile(run.sql, asker_of(run), at, anew=anew)
        except QueryError as error:
            return refused(error)
        return self.weighed(plan, draft_for(run), at)

    async def repropose(
        self, run: StoredRun, draft: Draft, at: datetime, edited_by: str = ""
    ) -> Proposed | Refused:
        """Propose a stored run's question anew, with its draft or another."""
        try:
            plan = await self.compile(draft.sql, asker_of(run), at)
        except QueryError as error:
            return refused(error)
        return await self.propose(question_of(run, at), draft, plan, edited_by)


def refused(error: QueryError) -> Refused:
    """The refusal that an error is, with every reason."""
    reasons = error.reasons[1:] if isinstance(error, AccessDenied) else ()
    return Refused(str(error), reasons)


def draft_for(run: StoredRun) -> Draft:
    """The draft of a stored run."""
    return draft_of(run.draft, run.sql, run.planner)


def asker_of(run: StoredRun) -> Requester:
    """Who asked a stored run's question."""
    return Requester(run.team, run.user, run.time_zone or "UTC", run.channel)


def question_of(run: StoredRun, at: datetime) -> Question:
    """The question of a run, as if it were asked again."""
    return Question(run.question, asker_of(run), at, run.channel, run.thread)
