"""Logins: one for each use, and what they may do."""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from adapters.credentials import Credential, Vault
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
