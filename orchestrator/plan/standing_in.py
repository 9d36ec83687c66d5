"""What the offline planner made of a question that the planning model was not there for."""

from dataclasses import replace

from adapters.errors import PlannerError
from orchestrator.plan import Clarification, Draft, Usage


def stood_in(
    drafted: Draft | Clarification, error: PlannerError, spent: Usage
) -> Draft | Clarification:
    """The same, saying why it is the offline planner's; `spent` is what was paid for before."""
    said = f"{error} The offline planner read this question instead."
    if isinstance(drafted, Clarification):
        return replace(drafted, message=f"{drafted.message} {said}")
    return replace(drafted, warnings=(*drafted.warnings, said), usage=spent)
