"""Every fetch has a login of its own, which is gone when the fetch is over, however it ended."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from adapters.credentials import Credential
from adapters.errors import SourceRefused, SourceUnreachable
from orchestrator.events import Failed, Started
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import question
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from sandbox.vault import DevVault
from sandbox.vault.leases import Lease
from tests.conftest import ADA, NOON, answer_of, opened, vault_of
from tests.engine.watched import Watched, watch

SQL = """SELECT c.name, t.number FROM customer AS c JOIN ticket AS t
ON t.customer_id = c.customer_id WHERE t.priority = 'P1' AND t.status = 'open'"""
LEFT = SQL.replace("JOIN", "LEFT JOIN").replace("WHERE", "AND")


@pytest.fixture
async def own(sandbox: Sandbox, model: SemanticModel, tmp_path: Path) -> AsyncGenerator[Pipeline]:
    """A pipeline of this test alone."""
    async with opened(model, vault_of(sandbox), tmp_path) as one:
        yield one


@pytest.fixture
def vault(sandbox: Sandbox) -> DevVault:
    """The sandbox's Vault."""
    assert sandbox.vault is not None
    return sandbox.vault


async def login_roles(sandbox: Sandbox) -> set[str]:
    """The login roles that PostgreSQL has now."""
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    try:
        return {
            r[0] for r in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolcanlogin")
        }
    finally:
        await connection.close()


async def mongo_users(sandbox: Sandbox) -> set[str]:
    """The users that MongoDB has now."""
    assert sandbox.mongo is not None
    async with AsyncMongoClient[dict[str, Any]](sandbox.mongo.admin_uri()) as client:
        return {user["user"] async for user in client.admin["system.users"].find({})}


def lease_of(vault: DevVault, credential: Credential) -> Lease:
    """The lease behind a credential."""
    return next(lease for lease in vault.leases if lease.id == credential.lease_id)


async def nothing(_credential: Credential) -> None:
    """Look at nothing."""


async def test_login_exists_while_fetching_and_no_longer(
    own: Pipeline, sandbox: Sandbox, vault: DevVault
) -> None:
    """During a fetch its login is there; afterwards it is gone and its password opens nothing."""
    seen: list[bool] = []

    async def in_postgres(credential: Credential) -> None:
        seen.append(credential.username in await login_roles(sandbox))

    async def in_mongo(credential: Credential) -> None:
        seen.append(credential.username in await mongo_users(sandbox))

    sales, support = watch(own, "sales", in_postgres), watch(own, "support", in_mongo)
    answer = await answer_of(own, "by SQL", SQL)
    assert not answer.partial
    assert seen == [True, True]
    (role,), (user,) = sales.used, support.used
    assert role.username not in await login_roles(sandbox)
    assert user.username not in await mongo_users(sandbox)
    assert not lease_of(vault, role).live
    assert not lease_of(vault, user).live
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(
            host=sandbox.postgres.host,
            port=sandbox.postgres.port,
            database="sales",
            user=role.username,
            password=role.password,
        )
    assert sandbox.mongo is not None
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        sandbox.mongo.host,
        sandbox.mongo.port,
        username=user.username,
        password=user.password,
        authSource="support",
    )
    async with client:
        with pytest.raises(OperationFailure):
            await client.support.tickets.find_one()


async def test_each_step_and_run_has_its_own_login(own: Pipeline, vault: DevVault) -> None:
    """No two fetches share a lease, within a run or between runs."""
    sales, support = watch(own, "sales", nothing), watch(own, "support", nothing)
    await answer_of(own, "by SQL", SQL)
    await answer_of(own, "by SQL", SQL)
    used = [one.lease_id for one in (*sales.used, *support.used)]
    assert len(set(used)) == len(used) == 4
    assert {lease_of(vault, one).role for one in sales.used} == {"sales-read"}
    assert {lease_of(vault, one).role for one in support.used} == {"support-read"}


async def test_two_reads_of_one_source_have_two_logins(own: Pipeline) -> None:
    """Two steps of one plan on one source each have their login."""
    support = watch(own, "support", nothing)
    await answer_of(
        own,
        "by SQL",
        """SELECT COUNT(*) AS n FROM ticket AS a JOIN ticket AS b
        ON a.customer_id = b.customer_id WHERE a.priority = 'P1' AND b.priority = 'P4'""",
    )
    assert len({one.username for one in support.used}) == len(support.used) == 2


async def test_failed_step_gives_its_login_back(own: Pipeline, vault: DevVault) -> None:
    """A step that fails revokes its lease, and the others go on."""

    async def fail(_credential: Credential) -> None:
        raise SourceRefused("support refused the query.")

    support = watch(own, "support", fail)
    answer = await answer_of(own, "by SQL", LEFT)
    assert answer.partial
    assert "support refused the query." in answer.warnings
    assert [lease_of(vault, one).live for one in support.used] == [False]


async def test_attempts_of_a_step_share_its_login(own: Pipeline, vault: DevVault) -> None:
    """A transient failure is tried again within the step's lease, which then ends."""
    support: Watched

    async def fail_once(_credential: Credential) -> None:
        if len(support.used) == 1:
            raise SourceUnreachable("support can't be reached.")

    support = watch(own, "support", fail_once)
    answer = await answer_of(own, "by SQL", SQL)
    assert not answer.partial
    assert len(support.used) == 2
    assert not any(lease_of(vault, one).live for one in support.used)


async def test_cancelled_run_gives_its_logins_back(
    own: Pipeline, sandbox: Sandbox, vault: DevVault
) -> None:
    """A run that is cancelled in the middle of a fetch leaves no login behind."""
    fetching = asyncio.Event()

    async def wait(_credential: Credential) -> None:
        fetching.set()
        await asyncio.Event().wait()

    support = watch(own, "support", wait)
    proposed = await own.propose(question("by SQL", ADA, asked_at=NOON), SQL)
    assert isinstance(proposed, Proposed)
    assert proposed.approved is not None

    approved = proposed.approved

    async def run() -> None:
        async for _ in own.run(approved):
            pass

    running = asyncio.create_task(run())
    await fetching.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert own.vault is not None
    await own.vault.drain()
    await vault.wait_for_revocation(support.used[0].lease_id)
    assert support.used[0].username not in await mongo_users(sandbox)


async def test_run_that_is_left_gives_its_logins_back(own: Pipeline, vault: DevVault) -> None:
    """Who stops listening to a run's events ends its fetches, and their leases."""
    fetching = asyncio.Event()

    async def wait(_credential: Credential) -> None:
        fetching.set()
        await asyncio.Event().wait()

    support = watch(own, "support", wait)
    proposed = await own.propose(question("by SQL", ADA, asked_at=NOON), SQL)
    assert isinstance(proposed, Proposed)
    assert proposed.approved is not None
    events = own.run(proposed.approved)
    async for event in events:
        if isinstance(event, Started):
            await fetching.wait()
            break
    assert isinstance(events, AsyncGenerator)
    await events.aclose()
    await vault.wait_for_revocation(support.used[0].lease_id)


async def test_sealed_vault_is_said(own: Pipeline, vault: DevVault) -> None:
    """With Vault sealed no source is read, and the answer says what to ask for."""
    await answer_of(own, "by SQL", SQL)
    vault.seal()
    try:
        answer = await answer_of(own, "by SQL", SQL)
    finally:
        vault.unseal()
    assert answer.failed
    assert any("Vault is sealed" in one and "unseal" in one for one in answer.warnings)
    assert not (await answer_of(own, "by SQL", SQL)).failed


async def test_vault_sealed_from_the_start(own: Pipeline, vault: DevVault) -> None:
    """A first question while Vault is sealed is answered with that, not with an exception."""
    vault.seal()
    try:
        answer = await answer_of(own, "by SQL", SQL)
    finally:
        vault.unseal()
    assert answer.failed
    assert any("Vault is sealed" in one for one in answer.warnings)


async def test_missing_role_is_said_and_others_go_on(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A Vault role that is not there fails its own source alone, and says what to check."""
    support = model.sources["support"].model_copy(update={"vault_role": "support-rad"})
    changed = model.model_copy(update={"sources": model.sources | {"support": support}})
    async with opened(changed, vault_of(sandbox), tmp_path) as own:
        proposed = await own.propose(question("by SQL", ADA, asked_at=NOON), LEFT)
        assert isinstance(proposed, Proposed)
        assert proposed.approved is not None
        events = [event async for event in own.run(proposed.approved)]
        answer = await answer_of(own, "by SQL", LEFT)
    failed = [event for event in events if isinstance(event, Failed)]
    assert len(failed) == 1
    assert "Check the Vault role" in failed[0].reason
    assert answer.partial
    assert answer.table.num_rows > 0
    assert any("Check the Vault role" in one for one in answer.warnings)


async def test_wrong_app_role_is_said(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A login that Vault refuses is said without the login in it."""
    wrong = replace(vault_of(sandbox), secret_id="hunter2-not-the-secret")
    async with opened(model, wrong, tmp_path) as own:
        answer = await answer_of(own, "by SQL", SQL)
    assert answer.failed
    assert any("Vault refused a credential" in one for one in answer.warnings)
    assert "hunter2" not in repr(answer) + repr(wrong)


async def test_vault_away_is_said(sandbox: Sandbox, model: SemanticModel, tmp_path: Path) -> None:
    """A Vault that does not answer is its own message, naming VAULT_ADDR."""
    away = replace(vault_of(sandbox), address="http://127.0.0.1:9")
    async with opened(model, away, tmp_path) as own:
        answer = await answer_of(own, "by SQL", SQL)
    assert answer.failed
    assert any("VAULT_ADDR" in one for one in answer.warnings)
