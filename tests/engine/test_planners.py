"""Two planners behind one port: when Claude can't be asked, the offline one answers and says so."""

from pathlib import Path
from typing import Any, Self

import pytest

from adapters.errors import ConfigurationError, PlannerError
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification, Draft, Usage
from orchestrator.plan.budget import Budget, Cost, Limit
from orchestrator.plan.claude import MAX_OUTPUT_TOKENS, ClaudePlanner
from orchestrator.question import Question, question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel
from orchestrator.store import Spending
from sandbox.process import free_port
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON, answer_of, opened, vault_of
from tests.messages_api import ScriptedMessagesApi, asked

DRAFT = {"kind": "draft", "template": "", "assumptions": [], "confidence": 0.9}


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
    assert any("offline planner read this question instead" in one for one in answer.warnings)


async def test_what_the_offline_planner_asks_back_says_so_too(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A clarification that stands in for the model's answer names the reason."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = Scripted()
        asked = question("how many flurbs does each customer have?", ADA, asked_at=NOON)
        outcome = await pipeline.propose(asked)
    assert isinstance(outcome, Clarification)
    assert "There is no draft left. The offline planner read this question" in outcome.message


@pytest.mark.parametrize("wrong", [1, 2])
async def test_a_draft_that_does_not_compile_is_repaired(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, wrong: int
) -> None:
    """The compiler's words go back to the planner, up to twice, and what then fits is run."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        misfits = ["SELECT nam FROM customer", "SELECT c.nome FROM customer AS c"][:wrong]
        scripted = Scripted(*misfits, "SELECT COUNT(*) AS n FROM customer")
        pipeline.planner = scripted
        answer = await answer_of(pipeline, "how many customers?")
    assert answer.rows() == [{"n": len(sandbox.company.customers)}]
    assert len(scripted.problems) == wrong
    assert all("name" in problem for problem in scripted.problems)


async def test_after_two_repairs_the_asker_is_told(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, api: ScriptedMessagesApi
) -> None:
    """Three misfits in a row are refused with the last reason; a fourth call is not made."""
    for name in ("nam", "nome", "nomen", "namn"):
        api.says(DRAFT | {"sql": f"SELECT c.{name} FROM customer AS c"})
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = ClaudePlanner(model, api_key="key", base_url=api.url)
        outcome = await pipeline.propose(question("names of customers", ADA, asked_at=NOON))
    assert isinstance(outcome, Refused)
    assert "nomen" in outcome.message
    assert [asked(one).get("draft_before") for one in api.received] == [
        None, "SELECT c.nam FROM customer AS c", "SELECT c.nome FROM customer AS c",
    ]  # fmt: skip


async def test_an_entity_outside_the_candidates_is_repaired_or_told(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A query over what the planner was not told of goes back by name, and is never run."""
    outside, inside = "SELECT COUNT(*) AS n FROM product", "SELECT COUNT(*) AS n FROM note"
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        repaired, stubborn = Scripted(outside, inside), Scripted(outside, outside, outside)
        pipeline.planner = repaired
        answer = await answer_of(pipeline, "@notes how many notes?")
        pipeline.planner = stubborn
        outcome = await pipeline.propose(question("@notes how many notes?", ADA, asked_at=NOON))
    assert answer.rows() == [{"n": len(sandbox.company.notes)}]
    assert len(repaired.problems) == 1
    assert "reads product" in repaired.problems[0]
    assert isinstance(outcome, Refused)
    assert "reads product" in outcome.message
    assert len(stubborn.problems) == 2


async def test_a_repair_that_cannot_be_had_is_planned_offline(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """With the model gone after its first draft, the offline planner answers, says so, and what
    the first draft cost stays on the bill."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = Scripted("SELECT nam FROM customer")
        answer = await answer_of(pipeline, "how many customers in Germany?")
        approved, _ = await pipeline.store.trail(answer.run_id)
    assert answer.rows() == [{"customers": 1106}]
    assert any("The offline planner read this question" in one for one in answer.warnings)
    assert approved["detail"]["usage"]["calls"] == 1


async def test_a_draft_that_writes_is_refused(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Text of a planner that is no SELECT is never run, repaired or not."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = Scripted("DROP TABLE customer", *["DELETE FROM customer"] * 2)
        outcome = await pipeline.propose(question("how many customers?", ADA, asked_at=NOON))
    assert isinstance(outcome, Refused)
    assert "SELECT" in outcome.message


async def test_with_the_budget_used_up_the_question_is_planned_offline(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, api: ScriptedMessagesApi
) -> None:
    """A person's second question is one too many for the day's tokens: no call is made, and the
    answer says so in plain words."""
    api.says(DRAFT | {"sql": "SELECT COUNT(*) AS n FROM customer AS c"})
    options: dict[str, Any] = {
        "anthropic_api_key": "key",
        "anthropic_base_url": api.url,
        "budget": Budget(person=Limit(tokens=MAX_OUTPUT_TOKENS * 2)),
    }
    async with opened(model, vault_of(sandbox), tmp_path, **options) as pipeline:
        first = await answer_of(pipeline, "how many customers?")
        spent = await Spending(pipeline.store.engine, Budget()).spent(NOON.date())
        async with Spending(pipeline.store.engine, Budget()).paying(
            question("another", ADA, asked_at=NOON), Cost(MAX_OUTPUT_TOKENS)
        ):
            second = await answer_of(pipeline, "how many customers in Germany?")
    assert (first.planner, second.planner) == ("claude", "grammar")
    assert spent.tokens == 1_350
    assert len(api.received) == 1
    assert (
        "The budget for the planning model is used up for you until midnight UTC. "
        "The offline planner read this question instead."
    ) in second.warnings


async def test_a_budget_in_dollars_needs_a_price(model: SemanticModel, tmp_path: Path) -> None:
    """With a model of unknown price, a budget in dollars stops the start."""
    options: dict[str, Any] = {
        "anthropic_model": "claude-new-9",
        "budget": Budget(day=Limit(usd=1.0)),
    }
    with pytest.raises(ConfigurationError, match="price of claude-new-9 is not known"):
        async with opened(model, None, tmp_path, anthropic_api_key="key", **options):
            pytest.fail("a bot started")


async def test_what_a_draft_cost_is_kept(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """The audit trail holds a draft's calls, tokens and dollars beside its plan."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        pipeline.planner = Scripted("SELECT COUNT(*) AS n FROM product")
        answer = await answer_of(pipeline, "how many products?")
        approved, answered = await pipeline.store.trail(answer.run_id)
    assert approved["detail"]["usage"]["calls"] == 1
    assert approved["detail"]["usage"]["cost_usd"] == 0.003
    assert answered["what"] == "answered"
