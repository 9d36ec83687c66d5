"""An approval is for one plan: with another plan in its place nothing is read."""

from dataclasses import replace

import pytest

from adapters.errors import QueryError
from orchestrator.approve import ApprovedPlan
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import question
from tests.conftest import ADA, NOON


async def approved(pipeline: Pipeline, sql: str) -> ApprovedPlan:
    """The approved plan of an SQL query."""
    proposed = await pipeline.propose(question("by SQL", ADA, asked_at=NOON), sql)
    assert isinstance(proposed, Proposed)
    assert proposed.approved is not None
    return proposed.approved


async def test_an_approval_can_not_be_moved_to_another_plan(pipeline: Pipeline) -> None:
    """A decision whose digest is not the plan's own is refused before any step starts."""
    small = await approved(pipeline, "SELECT name FROM product LIMIT 1")
    large = await approved(pipeline, "SELECT name FROM customer")
    moved = replace(large, decision=small.decision)
    async with pipeline.staging.opened() as staging:
        with pytest.raises(QueryError, match="another plan"):
            async for _ in pipeline.executor.execute(moved, staging):
                pass
        assert not staging.steps
