"""An approval is for one plan: with another plan in its place nothing is read."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.errors import QueryError
from orchestrator.approve import ApprovedPlan
from orchestrator.approve.grant import Grant
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import question
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON, opened, vault_of


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
            async for _ in pipeline.executor.execute(moved, staging, {}):
                pass
        assert not staging.steps


async def test_a_grant_bounds_every_fetch(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Whatever the estimate said, no more rows come than a grant allows, kept ones included."""
    place = (("customer",), ("customer.name",), ("sales",), ())
    grant = Grant("g1", "T0TEST", "C1", *place, 7, "U1", NOON, NOON)
    async with opened(model, vault_of(sandbox), tmp_path, cache_seconds=300) as own:
        whole = await approved(own, "SELECT name FROM customer")
        narrow = replace(whole, decision=replace(whole.decision, grant=grant))
        for plan, rows in ((narrow, 7), (whole, 5_000), (narrow, 7)):
            *_, last = [event async for event in own.run(plan)]
            assert isinstance(last, Finished)
            assert last.answer.table.num_rows == rows
            assert last.answer.truncated is (plan is narrow)
