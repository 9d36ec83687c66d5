"""What a planner made of a question that is nearest to data which nobody has modelled."""

from dataclasses import replace

from orchestrator.plan import Clarification, Draft
from orchestrator.retrieve import Candidates


def with_unmodelled(
    drafted: Draft | Clarification, candidates: Candidates
) -> Draft | Clarification:
    """The same, with a sentence that names those relations: no answer can rest on them."""
    if not candidates.unmodelled:
        return drafted
    names = " and ".join(candidates.unmodelled)
    said = f"The question may be about {names}, which the semantic model does not bind."
    if isinstance(drafted, Draft):
        return replace(drafted, assumptions=(*drafted.assumptions, f"{said} It was not read."))
    return replace(drafted, message=f"{drafted.message} {said}")
