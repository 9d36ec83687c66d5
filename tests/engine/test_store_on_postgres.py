"""The store of several replicas: the same tables on PostgreSQL."""

import asyncio

import asyncpg

from orchestrator.question import question
from orchestrator.store import Store
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON


async def test_the_store_works_on_postgresql(sandbox: Sandbox) -> None:
    """Two stores on one PostgreSQL see the same runs, and an event is first seen by one alone."""
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    try:
        await connection.execute("DROP DATABASE IF EXISTS store")
        await connection.execute("CREATE DATABASE store")
    finally:
        await connection.close()
    dsn = sandbox.postgres.admin_dsn("store").replace("postgresql://", "postgresql+asyncpg://")
    one, other = Store(dsn), Store(dsn)
    await one.open()
    await other.open()
    try:
        seen = await asyncio.gather(*(s.first_seen("event", "place") for s in (one, other)))
        assert sorted(seen) == [False, True]
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
