"""Requests on the store of several replicas."""

import asyncpg

from orchestrator.store import Store
from sandbox.sandbox import Sandbox
from tests.unit.approve.racing import races


async def test_two_at_once_on_postgresql(sandbox: Sandbox) -> None:
    """Two replicas on one PostgreSQL do nothing twice."""
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    try:
        await connection.execute("DROP DATABASE IF EXISTS approvals")
        await connection.execute("CREATE DATABASE approvals")
    finally:
        await connection.close()
    dsn = sandbox.postgres.admin_dsn("approvals").replace("postgresql://", "postgresql+asyncpg://")
    one, other = Store(dsn), Store(dsn)
    await one.open()
    await other.open()
    try:
        await races(one, other)
    finally:
        await one.close()
        await other.close()
