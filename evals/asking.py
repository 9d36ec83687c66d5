"""All questions of a domain to a planner; the planners stand behind the same port."""

from collections.abc import Callable
from pathlib import Path

from evals.case import cases
from evals.domain import Domain
from evals.run import Outcome, ask
from evals.score import digest
from orchestrator.plan import Planner, grammar
from orchestrator.plan.grammar import GrammarPlanner
from orchestrator.semantic import SemanticModel

Make = Callable[[SemanticModel], Planner]


def grammar_planner(model: SemanticModel) -> Planner:
    """The offline planner."""
    return GrammarPlanner(model)


def claude_planner(key: str, name: str, base_url: str | None = None) -> Make:
    """Claude, by the model of that name; at `base_url` when its API is not to be asked itself."""
    from orchestrator.plan.claude import ClaudePlanner

    return lambda model: ClaudePlanner(model, api_key=key, model_name=name, base_url=base_url)


async def run(domain: Domain, planner: Planner) -> list[Outcome]:
    """What became of each question of the domain."""
    try:
        return [await ask(domain, planner, case) for case in cases(domain.name)]
    finally:
        await planner.close()


def planner_digests(planner: str, model_name: str, domains: list[Domain]) -> dict[str, str]:
    """What the planner read the questions by: its prompt or its rules, and the models."""
    folder = Path(grammar.__file__).parent
    rules = sorted(folder.glob("*.py")) if planner == "grammar" else [folder / "claude_prompt.md"]
    read = digest(path.read_text(encoding="utf-8") for path in rules)
    prompt = {"rules": read} if planner == "grammar" else {"model": model_name, "prompt": read}
    return {**prompt, **{f"{one.name} model": one.model.digest[:12] for one in domains}}
