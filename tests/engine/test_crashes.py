"""What a process that is killed leaves in the databases is taken back at the next start."""

import asyncio
import json
import sys
from pathlib import Path

import sqlalchemy as sa

from orchestrator.semantic import SemanticModel
from orchestrator.store import Store
from orchestrator.store.vault_sessions import LEASE_S, vault_sessions
from sandbox.sandbox import Sandbox
from tests.conftest import ROOT, opened, vault_of
from tests.engine.test_credentials import login_roles, mongo_users
from tests.engine.watched import until


async def killed_while_it_read(sandbox: Sandbox, folder: Path) -> set[str]:
    """The logins of a process that was killed by SIGKILL in the middle of its two fetches."""
    role = vault_of(sandbox)
    vault = {"address": role.address, "role_id": role.role_id, "secret_id": role.secret_id}
    told = {"vault": vault, "environment": sandbox.environment, "folder": str(folder)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.crashing", stdin=pipe, stdout=pipe, cwd=ROOT
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(told).encode() + b"\n")
    await process.stdin.drain()
    try:
        async with asyncio.timeout(90):
            logins = {(await process.stdout.readline()).decode().strip() for _ in range(2)}
    finally:
        process.kill()
        await process.wait()
    return logins


async def the_time_passes(folder: Path) -> None:
    """The killed process has not been heard of for as long as makes it count as gone."""
    store = Store(f"sqlite+aiosqlite:///{folder}/store.db")
    async with store.engine.begin() as connection:
        until_when = vault_sessions.c.until - LEASE_S
        await connection.execute(sa.update(vault_sessions).values(until=until_when))
    await store.close()


async def test_logins_of_a_killed_process_are_gone_after_the_next_start(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """SIGKILL in the middle of two fetches leaves a role in PostgreSQL and a user in MongoDB; the
    next process that starts has both dropped, long before their leases end."""
    assert sandbox.vault is not None
    logins = await killed_while_it_read(sandbox, tmp_path)
    assert len(logins) == 2
    assert "" not in logins

    async def there() -> set[str]:
        return logins & (await login_roles(sandbox) | await mongo_users(sandbox))

    assert await there() == logins
    await the_time_passes(tmp_path)
    async with opened(model, vault_of(sandbox), tmp_path):

        async def are_gone() -> bool:
            return not await there()

        await until(are_gone, 10)
    left = [lease.left_s for lease in sandbox.vault.leases if lease.username in logins]
    assert len(left) == 2
    assert all(seconds > 1 for seconds in left), "they ended by themselves"
