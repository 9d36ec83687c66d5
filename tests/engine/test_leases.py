"""A lease lives as long as its step may last, and what goes wrong with it is said by itself."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import asyncpg
import hvac
import pytest

from adapters.credentials import Credential, Vault
from adapters.errors import SourceRefused, VaultSlow
from orchestrator.pipeline import Pipeline
from orchestrator.registry.sources import MARGIN_S
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from sandbox.vault import DevVault
from sandbox.vault.leases import Lease
from tests.conftest import answer_of, opened, vault_of
from tests.engine.test_credentials import LEFT, lease_of, mongo_users, nothing
from tests.engine.watched import until, watch


@pytest.fixture
def dev_vault(sandbox: Sandbox) -> DevVault:
    """The sandbox's Vault."""
    assert sandbox.vault is not None
    return sandbox.vault


@pytest.fixture
async def own(sandbox: Sandbox, model: SemanticModel, tmp_path: Path) -> AsyncGenerator[Pipeline]:
    """A pipeline of this test alone, which waits a second for Vault."""
    async with opened(model, replace(vault_of(sandbox), timeout_s=1.0), tmp_path) as one:
        yield one


@pytest.fixture
async def vault(sandbox: Sandbox) -> AsyncGenerator[Vault]:
    """A client of the sandbox's Vault."""
    one = Vault(vault_of(sandbox))
    yield one
    await one.close()


async def valid_for_s(sandbox: Sandbox, login: str) -> float:
    """For how many seconds PostgreSQL lets the login be used."""
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    left = "SELECT extract(epoch FROM rolvaliduntil - now()) FROM pg_roles WHERE rolname = $1"
    try:
        return float(await connection.fetchval(left, login))
    finally:
        await connection.close()


async def test_a_lease_is_no_longer_than_its_step(
    own: Pipeline, sandbox: Sandbox, dev_vault: DevVault
) -> None:
    """Where the Vault role gives more than the step may take, the lease and the role in PostgreSQL
    are shortened while the step runs."""
    most = own.sources["sales"].spec.timeout_s + MARGIN_S
    seen: list[float] = []

    async def wait(credential: Credential) -> None:
        lease = lease_of(dev_vault, credential)
        assert lease.ttl_s > most

        async def shortened() -> bool:
            return lease.left_s <= most

        await until(shortened)
        seen.append(await valid_for_s(sandbox, credential.username))

    watch(own, "sales", wait)
    assert not (await answer_of(own, "by SQL", LEFT)).partial
    assert most - 10 < seen[0] < most + 6  # Vault itself adds five seconds in the database


async def set_role(dev_vault: DevVault, name: str, like: str, **ttls: str) -> None:
    """Make a database role with the statements and times of another, but for those given."""
    database = hvac.Client(url=dev_vault.url, token=dev_vault.root_token).secrets.database
    role = (await asyncio.to_thread(database.read_role, like))["data"]
    fields = ("db_name", "creation_statements", "revocation_statements", "default_ttl", "max_ttl")
    changed = {field: role[field] for field in fields} | ttls
    await asyncio.to_thread(database.create_role, name, **changed)


@pytest.fixture
async def short(dev_vault: DevVault) -> AsyncGenerator[None]:
    """Logins of sales are valid for three seconds, unless they are renewed."""
    await set_role(dev_vault, "sales-read", "sales-read", default_ttl="3s")
    yield
    await set_role(dev_vault, "sales-read", "sales-read", default_ttl="60s")


@pytest.mark.usefixtures("short")
async def test_a_short_lease_is_renewed_up_to_its_bound(
    vault: Vault, sandbox: Sandbox, dev_vault: DevVault
) -> None:
    """Where the Vault role gives less than the step may take, the lease is renewed while the step
    runs, never past the bound, and the role in PostgreSQL follows."""
    async with asyncio.timeout(20), vault.lease("sales-read", 7) as credential:
        lease = lease_of(dev_vault, credential)
        first, bound = lease.expires_at, lease.issued_at.timestamp() + 7

        async def renewed() -> bool:
            return lease.expires_at.timestamp() >= bound - 2

        await until(renewed)
        assert lease.expires_at > first
        assert lease.expires_at.timestamp() <= bound + 1
        assert lease.live
        assert await valid_for_s(sandbox, credential.username) > 0
    await vault.drain()
    assert not lease.live


async def test_a_lease_lost_midway_is_said(own: Pipeline, dev_vault: DevVault) -> None:
    """A login that is revoked while its step reads fails that step alone, with what to check."""

    async def lose(credential: Credential) -> None:
        await lease_of(dev_vault, credential).revoke()

    watch(own, "support", lose)
    answer = await answer_of(own, "by SQL", LEFT)
    assert answer.partial
    assert answer.table.num_rows > 0
    assert any("ended while it was read" in one for one in answer.warnings)


async def test_a_failure_with_a_live_lease_is_the_sources_own(own: Pipeline) -> None:
    """A source that refuses a query while the login lives is not said to have lost the login."""

    async def refuse(_credential: Credential) -> None:
        raise SourceRefused("support refused the query.")

    watch(own, "support", refuse)
    assert "support refused the query." in (await answer_of(own, "by SQL", LEFT)).warnings


async def test_a_slow_vault_fails_its_source_alone(
    own: Pipeline, sandbox: Sandbox, dev_vault: DevVault
) -> None:
    """A Vault that is too slow for one source is said, others go on, and the login that comes too
    late is given back."""
    await answer_of(own, "by SQL", LEFT)
    before = set(dev_vault.leases)
    with dev_vault.holding("database/creds/support"):
        answer = await answer_of(own, "by SQL", LEFT)
    assert answer.partial
    assert answer.table.num_rows > 0
    assert any("Vault took too long" in one for one in answer.warnings)
    late = await minted_since(dev_vault, before, "support-read")
    await asyncio.wait_for(late.revoked.wait(), 10)
    assert late.username not in await mongo_users(sandbox)


async def minted_since(dev_vault: DevVault, before: set[Lease], role: str) -> Lease:
    """The first lease of a role that was not there before."""

    def found() -> list[Lease]:
        return [one for one in dev_vault.leases if one not in before and one.role == role]

    async def is_there() -> bool:
        return bool(found())

    await until(is_there)
    return found()[0]


async def test_who_leaves_while_a_login_is_made_leaves_none(
    vault: Vault, dev_vault: DevVault
) -> None:
    """A step that is cancelled while Vault makes its login gives that back when it comes."""
    before = set(dev_vault.leases)
    with dev_vault.holding("database/creds/support"):

        async def step() -> None:
            async with vault.lease("support-read", 20):
                raise AssertionError

        running = asyncio.create_task(step())
        await dev_vault.held.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    late = await minted_since(dev_vault, before, "support-read")
    await asyncio.wait_for(late.revoked.wait(), 10)


async def test_a_revocation_outlives_a_short_absence_of_vault(
    own: Pipeline, dev_vault: DevVault
) -> None:
    """A revocation that Vault holds up goes on behind the scenes, and the answer does not wait."""
    support = watch(own, "support", nothing)
    with dev_vault.holding("sys/leases/revoke"):
        answer = await asyncio.wait_for(answer_of(own, "by SQL", LEFT), 15)
        assert not answer.partial
        assert lease_of(dev_vault, support.used[0]).live
    await asyncio.wait_for(dev_vault.wait_for_revocation(support.used[0].lease_id), 15)


async def test_a_forbidden_role_fails_its_source_alone(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, dev_vault: DevVault
) -> None:
    """A Vault role that our policy does not name fails its source, and says so."""
    await set_role(dev_vault, "support-closed", "support-read")
    support = model.sources["support"].model_copy(update={"vault_role": "support-closed"})
    changed = model.model_copy(update={"sources": model.sources | {"support": support}})
    async with opened(changed, vault_of(sandbox), tmp_path) as own:
        answer = await answer_of(own, "by SQL", LEFT)
    assert answer.partial
    assert answer.table.num_rows > 0
    assert any("Vault's policy does not allow" in one for one in answer.warnings)


async def test_a_vault_that_hangs_is_not_waited_for_at_the_deadline(
    sandbox: Sandbox, dev_vault: DevVault
) -> None:
    """A step waits for a login as long as the settings say and no longer."""
    vault = Vault(replace(vault_of(sandbox), timeout_s=0.3))
    with dev_vault.holding("database/creds/sales"):
        async with asyncio.timeout(5):
            with pytest.raises(VaultSlow, match="too long"):
                async with vault.lease("sales-read", 20):
                    raise AssertionError
    await vault.close()
