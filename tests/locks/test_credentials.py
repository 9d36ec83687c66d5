"""Logins: one for each use, and what they may do."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from adapters.credentials import Credential, Vault
from adapters.credentials.leases import Leases
from orchestrator.registry import Source, credential_of
from orchestrator.semantic import SourceSpec
from sandbox.postgres import start_postgres
from sandbox.vault.provision import POSTGRES_READ


class Counting:
    """A Vault whose every login and key is another."""

    def __init__(self) -> None:
        self._made = 0

    @asynccontextmanager
    async def lease(self, role: str, _seconds: float) -> AsyncGenerator[Credential]:
        """A login for one block."""
        self._made += 1
        yield Credential(f"{role}-{self._made}")

    async def secret(self, path: str) -> Credential:
        """The key of now."""
        self._made += 1
        return Credential(api_key=f"{path}-{self._made}")


class Kept:
    """A client of a Vault that makes logins for an hour, and remembers what it is asked of them."""

    def __init__(self) -> None:
        self.revoked: list[str] = []
        self.bounds: list[int] = []
        self.bounded = asyncio.Event()
        self.secrets = self.database = self.sys = self

    async def ask(self, use: Callable[[Any], Any]) -> Any:
        """One call."""
        return use(self)

    def generate_credentials(self, role: str) -> dict[str, Any]:
        """A login."""
        data = {"username": role, "password": "made up"}
        return {"lease_id": "l1", "lease_duration": 3600, "renewable": True, "data": data}

    def renew_lease(self, _: str, increment: int) -> dict[str, Any]:
        """Let a login live so long from now."""
        self.bounds.append(increment)
        self.bounded.set()
        return {"lease_duration": increment}

    def revoke_lease(self, lease_id: str) -> None:
        """End a login."""
        self.revoked.append(lease_id)


async def used(**where: str) -> list[Credential | None]:
    """The credentials of three uses of one source."""
    source = Source(
        "sales", SourceSpec.model_validate({"kind": "postgres", **where}), cast("Any", None)
    )
    vault, found = cast("Vault", Counting()), list[Credential | None]()
    for _ in range(3):
        async with credential_of(source, vault) as credential:
            found.append(credential)
    return found


@pytest.mark.parametrize("ends", [None, RuntimeError(), asyncio.CancelledError()])
async def test_a_login_is_revoked_however_its_step_ends(ends: BaseException | None) -> None:
    """Done, failed or cancelled: the lease is over."""
    vault = Kept()
    with contextlib.suppress(RuntimeError, asyncio.CancelledError):
        async with Leases(vault.ask, 5.0).lease("sales-read", 3600.0):
            if ends is not None:
                raise ends
    assert vault.revoked == ["l1"]


async def test_a_login_lives_no_longer_than_its_step_may() -> None:
    """Of the hour that Vault would give, what the step may take is left."""
    vault = Kept()
    async with Leases(vault.ask, 5.0).lease("sales-read", 10.0), asyncio.timeout(5):
        await vault.bounded.wait()
    assert vault.bounds[0] <= 10


async def test_each_use_has_a_login_of_its_own() -> None:
    """No two uses of a source share a lease."""
    names = {one.username for one in await used(vault_role="sales-read") if one}
    assert len(names) == 3


async def test_each_use_has_the_key_of_now() -> None:
    """A key is not remembered from one use to the next."""
    assert len({one.api_key for one in await used(vault_secret="notes") if one}) == 3


async def test_the_login_to_postgresql_only_reads() -> None:
    """What Vault's statements make may SELECT, and neither write nor make anything, though nothing
    else would hold it back."""
    folder = Path(tempfile.mkdtemp(prefix="crosstalk-locks-"))
    os.chmod(folder, 0o755)  # noqa: PTH101, S103 -- PostgreSQL's own user can enter
    server = await start_postgres(folder)
    try:
        admin = await asyncpg.connect(server.admin_dsn())
        await admin.execute("CREATE TABLE goods AS SELECT 1 AS id")
        given = {"name": "reader", "password": "reads", "database": "postgres"}
        for statement in POSTGRES_READ:
            text = statement
            for name, value in (given | {"expiration": "2099-01-01"}).items():
                text = text.replace(f"{{{{{name}}}}}", value)
            await admin.execute(text)
        await admin.close()
        reader = await asyncpg.connect(
            host=server.host, port=server.port, database="postgres", user="reader", password="reads"
        )
        await reader.execute("SET default_transaction_read_only = off")
        assert await reader.fetchval("SELECT id FROM goods") == 1
        for attack in ("DELETE FROM goods", "CREATE TABLE mine (id INT)", "COPY goods TO '/tmp/x'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(attack)
        await reader.close()
    finally:
        await server.stop()
        shutil.rmtree(folder)
