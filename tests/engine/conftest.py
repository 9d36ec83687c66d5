"""A store on each of the databases that it may lie in."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.store import Store
from sandbox.sandbox import Sandbox


async def fresh_store_url(sandbox: Sandbox, name: str) -> str:
    """The URL of a new, empty database on the sandbox's PostgreSQL."""
    await sandbox.postgres.create_database(name, fresh=True)
    return sandbox.postgres.admin_dsn(name).replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def its_sandbox(request: pytest.FixtureRequest) -> Sandbox | None:
    """The sandbox for a store on PostgreSQL; None for one on SQLite."""
    return request.getfixturevalue("sandbox") if request.param == "postgresql" else None


@pytest.fixture
async def stores(
    its_sandbox: Sandbox | None, tmp_path: Path
) -> AsyncGenerator[tuple[Store, Store]]:
    """The stores of two replicas on one database, opened at the same time on PostgreSQL."""
    url = f"sqlite+aiosqlite:///{tmp_path}/store.db"
    if its_sandbox is not None:
        url = await fresh_store_url(its_sandbox, "replicas")
    one, other = Store(url), Store(url)
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()
