"""The store of several replicas: the same tables on PostgreSQL."""

import asyncio

from orchestrator.question import question
from orchestrator.store import Store
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON
from tests.engine.conftest import fresh_store_url


async def test_the_store_works_on_postgresql(sandbox: Sandbox) -> None:
    """Two replicas that start at once on an empty PostgreSQL then see the same runs."""
    url = await fresh_store_url(sandbox, "store")
    one, other = Store(url), Store(url)
    await asyncio.gather(one.open(), other.open())
    try:
        asked = question("how many orders?", ADA, asked_at=NOON, thread="t1")
        await one.propose(
            "r1",
            asked,
            sql="SELECT 1",
            plan_text="plan",
            digest="d",
            planner="grammar",
            approval={"by": "rule"},
        )
        await one.finish("r1", "answered", {"rows": 1})
        run = await other.recall("r1")
        assert run is not None
        assert run.status == "answered"
        assert [turn.sql for turn in await other.turns("t1")] == ["SELECT 1"]
        assert await other.trail("r1") == [
            {"what": "approved", "detail": {"by": "rule"}},
            {"what": "answered", "detail": {"rows": 1}},
        ]
    finally:
        await one.close()
        await other.close()
