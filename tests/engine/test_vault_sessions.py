"""Which process has which token of Vault, as several replicas see it in one store."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import sqlalchemy as sa

from orchestrator.store import Store, VaultSessions
from orchestrator.store.vault_sessions import LEASE_S, vault_sessions
from sandbox.sandbox import Sandbox
from tests.engine.conftest import fresh_store_url

VAULT = "https://vault.example.com"


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(
    request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Store]:
    """A store of this test alone, in both kinds of database."""
    folder = tmp_path_factory.mktemp("store")
    url = f"sqlite+aiosqlite:///{folder}/store.db"
    if request.param == "postgresql":
        url = await fresh_store_url(sandbox, "sessions")
    one = Store(url)
    await one.open()
    yield one
    await one.close()


async def unheard_of(store: Store, *accessors: str) -> None:
    """The processes of these tokens have said nothing for as long as makes them count as gone."""
    async with store.engine.begin() as connection:
        long_ago = sa.update(vault_sessions).values(until=vault_sessions.c.until - LEASE_S)
        await connection.execute(long_ago.where(vault_sessions.c.accessor.in_(accessors)))


async def test_a_living_process_keeps_its_tokens(store: Store) -> None:
    """Nobody is given the token of a process that says that it lives, however late it says so."""
    one, other = VaultSessions(store.engine, VAULT), VaultSessions(store.engine, VAULT)
    await one.begin("a")
    await other.begin("b")
    assert await other.gone() == []
    await unheard_of(store, "a")
    assert await one.beat() == {"a"}
    assert await other.gone() == []
    assert await other.beat() == {"b"}


async def test_a_dead_process_is_given_to_one_alone(store: Store) -> None:
    """Of replicas that look at once one gets what a dead one had; that one no longer owns it, and
    it is given again when it was not revoked in time."""
    dead = VaultSessions(store.engine, VAULT)
    await dead.begin("a")
    await dead.begin("b")
    await unheard_of(store, "a", "b")
    replicas = [VaultSessions(store.engine, VAULT) for _ in range(4)]
    found = await asyncio.gather(*(one.gone() for one in replicas))
    assert sorted(accessor for given in found for accessor in given) == ["a", "b"]
    assert await dead.beat() == set()
    await replicas[0].end("a")
    await unheard_of(store, "a", "b")
    assert await replicas[1].gone() == ["b"]


async def test_tokens_of_another_vault_are_left_alone(store: Store) -> None:
    """A store that several Vaults are used with gives each the tokens of its own."""
    await VaultSessions(store.engine, VAULT).begin("a")
    await unheard_of(store, "a")
    assert await VaultSessions(store.engine, f"{VAULT}/data").gone() == []
    assert await VaultSessions(store.engine, VAULT).gone() == ["a"]
