"""Two planners behind one port: when Claude can't be asked, the offline one answers and says so."""

from pathlib import Path
from typing import Self

from adapters.errors import PlannerError
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification, Draft, Usage
from orchestrator.plan.claude import ClaudePlanner
from orchestrator.question import Question, question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel
from sandbox.process import free_port
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON, answer_of, opened, vault_of


class Scripted:
    """A planner whose drafts are given beforehand, in order."""

    name = "scripted"

    def __init__(self, *drafts: str) -> None:
        self._drafts = list(drafts)
        self.problems: list[str] = []

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """The next draft."""
        if not self._drafts:
            raise PlannerError("There is no draft left.")
        usage = Usage(calls=1, input_tokens=900, output_tokens=60, cost_usd=0.003)
        return Draft(sql=self._drafts.pop(0), planner=self.name, usage=usage)

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """The next draft, with the problem remembered."""
        self.problems.append(problem)
        return await self.draft(question, candidates)

    def over(self, model: SemanticModel) -> Self:
        """The script is the same for every model."""
        return self

    async def close(self) -> None:
        """Nothing is open."""


async def test_the_offline_planner_stands_in(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """With Claude out of reach the question is planned offline, and a warning says so."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        nowhere = f"http://127.0.0.1:{free_port()}"
        pipeline.planner = ClaudePlanner(model, api_key="sk-ant-none", base_url=nowhere)
        answer = await answer_of(pipeline, "how many customers in Germany?")
    assert answer.rows() == [{"customers": 1106}]
    assert answer.planner == "grammar"
    assert any("offline planner was used" in one for one in answer.warnings)


async def test_a_draft_that_does_not_compile_is_repaired_once(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """The compiler's words go back to the planner, and its second draft is run."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        scripted = Scripted("SELECT nam FROM customer", "SELECT COUNT(*) AS n FROM customer")
        pipeline.planner = scripted
        answer = await answer_of(pipeline, "how many customers?")
    assert answer.rows() == [{"n": len(sandbox.company.customers)}]
    assert len(scripted.problems) == 1
    assert "name" in scripted.problems[0]


async def test_a_draft_that_writes_is_refused(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Text of a planner that is no SELECT is never run, repaired or not."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = Scripted("DROP TABLE customer", "DELETE FROM customer")
        outcome = await pipeline.propose(question("how many customers?", ADA, asked_at=NOON))
    assert isinstance(outcome, Refused)
    assert "SELECT" in outcome.message


async def test_what_a_draft_cost_is_kept(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """The audit trail holds a draft's calls, tokens and dollars beside its plan."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = Scripted("SELECT COUNT(*) AS n FROM product")
        answer = await answer_of(pipeline, "how many products?")
        approved, _, answered = await pipeline.store.trail(answer.run_id)
    assert approved["detail"]["usage"]["calls"] == 1
    assert approved["detail"]["usage"]["cost_usd"] == 0.003
    assert answered["what"] == "answered"
