"""The credentials that Vault mints: what they can do, and that they end.

Everything goes through hvac, so the tests hold a real Vault to the same when VAULT_ADDR and
VAULT_TOKEN name one; what only the dev Vault can be asked is marked.
"""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import hvac
import hvac.exceptions
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from sandbox.mongo import MongoServer, start_mongo
from sandbox.postgres import PostgresServer, start_postgres
from sandbox.vault import AppRole, DevVault, provision

REAL_VAULT = "VAULT_ADDR" in os.environ and "VAULT_TOKEN" in os.environ
dev_vault_only = pytest.mark.skipif(REAL_VAULT, reason="asks the dev Vault itself")

Login = dict[str, Any]


@dataclass
class Company:
    """Two databases, and a Vault that makes logins for them."""

    url: str
    root_token: str = field(repr=False)
    postgres: PostgresServer
    mongo: MongoServer
    app_role: AppRole

    async def provision(self, ttl_s: int = 60) -> AppRole:
        """Set the Vault up, with logins that are valid for so long."""
        return await provision(
            self.url,
            self.root_token,
            postgres=self.postgres,
            mongo=self.mongo,
            qdrant_api_key="notes-key",
            ttl_s=ttl_s,
        )

    async def sales(self, login: Login) -> asyncpg.Connection:
        """A session of a minted login in the database sales."""
        return await asyncpg.connect(
            host=self.postgres.host,
            port=self.postgres.port,
            user=login["username"],
            password=login["password"],
            database="sales",
        )

    def support(self, login: Login) -> AsyncMongoClient[dict[str, Any]]:
        """A client of a minted login in the MongoDB database support."""
        return AsyncMongoClient(
            f"mongodb://{login['username']}:{login['password']}"
            f"@{self.mongo.host}:{self.mongo.port}/support?authSource=support"
        )

    async def role_exists(self, login: Login) -> bool:
        """Whether PostgreSQL has the login."""
        connection = await asyncpg.connect(self.postgres.admin_dsn())
        found = await connection.fetchval(
            "SELECT count(*) FROM pg_roles WHERE rolname = $1", login["username"]
        )
        await connection.close()
        return bool(found)

    async def user_exists(self, login: Login) -> bool:
        """Whether MongoDB has the login."""
        async with AsyncMongoClient[dict[str, Any]](self.mongo.admin_uri()) as client:
            found = await client["support"].command("usersInfo", login["username"])
        return bool(found["users"])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can enter too."""
    made = Path(tempfile.mkdtemp(prefix="crosstalk-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
async def postgres(folder: Path) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL with one table in the database sales."""
    server = await start_postgres(folder)
    admin = await asyncpg.connect(server.admin_dsn())
    await admin.execute("CREATE DATABASE sales")
    await admin.close()
    admin = await asyncpg.connect(server.admin_dsn("sales"))
    await admin.execute("CREATE TABLE orders AS SELECT 1 AS id, 20 AS amount")
    await admin.close()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def mongo(folder: Path) -> AsyncIterator[MongoServer]:
    """A mongod with one collection in the database support."""
    server = await start_mongo(folder)
    async with AsyncMongoClient[dict[str, Any]](server.admin_uri()) as admin:
        await admin["support"]["tickets"].insert_one({"id": 1, "subject": "late"})
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def dev_vault() -> AsyncIterator[DevVault]:
    """A dev Vault; it stays empty when a real one is named."""
    vault = DevVault()
    await vault.start()
    yield vault
    await vault.stop()


@pytest.fixture(scope="module")
async def company(postgres: PostgresServer, mongo: MongoServer, dev_vault: DevVault) -> Company:
    """The databases and a provisioned Vault."""
    url = os.environ["VAULT_ADDR"] if REAL_VAULT else dev_vault.url
    token = os.environ["VAULT_TOKEN"] if REAL_VAULT else dev_vault.root_token
    made = Company(url, token, postgres, mongo, AppRole("", ""))
    made.app_role = await made.provision()
    return made


@pytest.fixture
async def client(company: Company) -> hvac.Client:
    """Crosstalk, signed in with its AppRole."""
    signed_in = hvac.Client(url=company.url)
    await asyncio.to_thread(
        signed_in.auth.approle.login, company.app_role.role_id, company.app_role.secret_id
    )
    return signed_in


@pytest.fixture
async def root(company: Company) -> hvac.Client:
    """Whoever runs the Vault."""
    return hvac.Client(url=company.url, token=company.root_token)


async def mint(client: hvac.Client, role: str) -> tuple[str, Login]:
    """A lease id, and the login it is for."""
    minted = await asyncio.to_thread(client.secrets.database.generate_credentials, role)
    return minted["lease_id"], minted["data"]


async def revoke(client: hvac.Client, lease_id: str) -> None:
    """Give a login back."""
    await asyncio.to_thread(client.sys.revoke_lease, lease_id)


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float = 15) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = monotonic() + timeout_s
    while not await condition():
        assert monotonic() < deadline, "the condition did not come to hold"
        await asyncio.sleep(0.05)


async def test_a_minted_postgres_login_only_reads(company: Company, client: hvac.Client) -> None:
    """The login selects from sales, and can write and create nothing even when it asks to."""
    lease_id, login = await mint(client, "sales-read")
    assert re.fullmatch(r"v-approle-sales-re-[A-Za-z0-9]{20}-\d{10}", login["username"])
    session = await company.sales(login)
    assert await session.fetchval("SELECT amount FROM orders") == 20
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await session.execute("INSERT INTO orders VALUES (2, 2)")
    await session.execute("SET default_transaction_read_only = off")
    for statement in (
        "INSERT INTO orders VALUES (2, 2)",
        "DELETE FROM orders",
        "CREATE TABLE public.mine (id int)",
        "CREATE ROLE another",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT rolpassword FROM pg_authid",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(statement)
    attributes = await session.fetchrow(
        "SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolbypassrls, "
        "rolvaliduntil > now() AS valid FROM pg_roles WHERE rolname = current_user"
    )
    assert attributes is not None
    assert tuple(attributes) == (False, False, False, False, False, True)
    await session.close()
    await revoke(client, lease_id)


async def test_revocation_ends_a_postgres_login(company: Company, client: hvac.Client) -> None:
    """After it the live session is cut, the role is gone and its password opens nothing."""
    lease_id, login = await mint(client, "sales-read")
    session = await company.sales(login)
    await revoke(client, lease_id)

    async def gone() -> bool:
        return not await company.role_exists(login)

    await until(gone)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await session.fetchval("SELECT 1")
    with pytest.raises(asyncpg.PostgresError):
        await company.sales(login)


async def test_revocation_stops_a_running_query(company: Company, client: hvac.Client) -> None:
    """A query that still runs when its lease is revoked does not finish."""
    lease_id, login = await mint(client, "sales-read")
    session = await company.sales(login)
    running = asyncio.create_task(session.fetchval("SELECT pg_sleep(60)"))

    async def runs() -> bool:
        admin = await asyncpg.connect(company.postgres.admin_dsn())
        found = await admin.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state = 'active'",
            login["username"],
        )
        await admin.close()
        return bool(found)

    await until(runs)
    await revoke(client, lease_id)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await asyncio.wait_for(running, 15)


async def test_a_minted_mongo_login_only_finds(company: Company, client: hvac.Client) -> None:
    """The login finds and aggregates in support, and can neither write nor look elsewhere."""
    lease_id, login = await mint(client, "support-read")
    async with company.support(login) as session:
        tickets = session["support"]["tickets"]
        assert (await tickets.find_one({"id": 1}) or {})["subject"] == "late"
        assert len(await (await tickets.aggregate([{"$match": {"id": 1}}])).to_list()) == 1
        for forbidden in (
            tickets.insert_one({"id": 2}),
            tickets.delete_many({}),
            tickets.aggregate([{"$out": "copies"}]),
            tickets.watch(),
            session["admin"]["system.users"].find_one(),
            session["other"]["things"].find_one(),
        ):
            with pytest.raises(OperationFailure):
                await forbidden
    await revoke(client, lease_id)


async def test_revocation_ends_a_mongo_login(company: Company, client: hvac.Client) -> None:
    """After the revocation the live session is refused, and so is the password."""
    lease_id, login = await mint(client, "support-read")
    async with company.support(login) as session:
        await session["support"]["tickets"].find_one()
        await revoke(client, lease_id)

        async def gone() -> bool:
            return not await company.user_exists(login)

        await until(gone)
        with pytest.raises(OperationFailure):
            await session["support"]["tickets"].find_one()
    async with company.support(login) as session:
        with pytest.raises(OperationFailure):
            await session["support"]["tickets"].find_one()


@pytest.fixture
async def short_lived(company: Company) -> AsyncIterator[None]:
    """Logins that are valid for one second."""
    await company.provision(ttl_s=1)
    yield
    await company.provision()


@pytest.mark.usefixtures("short_lived")
async def test_a_login_ends_with_its_ttl(company: Company, client: hvac.Client) -> None:
    """Nobody revokes: when the time is over, both logins are dropped."""
    _, sales = await mint(client, "sales-read")
    _, support = await mint(client, "support-read")
    assert await company.user_exists(support)

    async def gone() -> bool:
        return not (await company.role_exists(sales) or await company.user_exists(support))

    await until(gone)


async def test_a_renewed_login_lives_on(company: Company, client: hvac.Client) -> None:
    """Renewing moves the end of the lease and of the role, but not past the longest time."""
    lease_id, login = await mint(client, "sales-read")
    renewed = await asyncio.to_thread(client.sys.renew_lease, lease_id, 300)
    assert renewed["lease_duration"] == 300
    capped = await asyncio.to_thread(client.sys.renew_lease, lease_id, 6000)
    assert 590 <= capped["lease_duration"] <= 600
    session = await company.sales(login)
    valid = "SELECT rolvaliduntil > now() + '500 s' FROM pg_roles WHERE rolname = current_user"
    assert await session.fetchval(valid)
    await session.close()
    await revoke(client, lease_id)


async def test_each_login_is_its_own(client: hvac.Client) -> None:
    """Logins minted at the same time share neither name nor password."""
    async with asyncio.TaskGroup() as group:
        minting = [group.create_task(mint(client, "sales-read")) for _ in range(5)]
    logins = [task.result() for task in minting]
    assert len({login["username"] for _, login in logins}) == 5
    assert len({login["password"] for _, login in logins}) == 5
    for lease_id, _ in logins:
        await revoke(client, lease_id)


async def test_an_unknown_role_is_named(root: hvac.Client) -> None:
    """A role nobody configured is refused in Vault's words."""
    with pytest.raises(hvac.exceptions.InvalidRequest, match="unknown role: nobody-knows"):
        await mint(root, "nobody-knows")


async def test_the_policy_denies_the_rest(client: hvac.Client) -> None:
    """Crosstalk's token mints and reads what it needs, and is refused all else."""
    for forbidden in (
        lambda: client.secrets.database.read_role("sales-read"),
        lambda: client.secrets.database.generate_credentials("other-role"),
        lambda: client.secrets.database.delete_connection("sales"),
        lambda: client.secrets.kv.v2.create_or_update_secret("crosstalk/notes", {"api_key": "x"}),
        lambda: client.secrets.kv.v2.read_secret_version("elsewhere/notes"),
        lambda: client.sys.list_leases("database/creds/sales-read"),
        lambda: client.sys.create_or_update_acl_policy("crosstalk", 'path "*" {}'),
        client.sys.seal,
    ):
        with pytest.raises(hvac.exceptions.Forbidden):
            await asyncio.to_thread(forbidden)


async def test_a_wrong_secret_id_is_refused(company: Company) -> None:
    """The role id alone signs nobody in."""
    stranger = hvac.Client(url=company.url)
    with pytest.raises(hvac.exceptions.InvalidRequest, match="invalid role or secret"):
        await asyncio.to_thread(stranger.auth.approle.login, company.app_role.role_id, "wrong")
    with pytest.raises(hvac.exceptions.Forbidden):
        await mint(stranger, "sales-read")


async def test_the_notes_key_is_read(client: hvac.Client) -> None:
    """The key for the notes comes from the KV engine, with its version."""
    read = await asyncio.to_thread(
        client.secrets.kv.v2.read_secret_version, "crosstalk/notes", raise_on_deleted_version=True
    )
    assert read["data"]["data"] == {"api_key": "notes-key"}
    assert read["data"]["metadata"]["version"] >= 1
    with pytest.raises(hvac.exceptions.InvalidPath):
        await asyncio.to_thread(
            client.secrets.kv.v2.read_secret_version,
            "crosstalk/none",
            raise_on_deleted_version=True,
        )


async def test_the_end_of_a_token_ends_its_logins(company: Company, client: hvac.Client) -> None:
    """A token that is revoked takes the logins it minted with it, and is good for nothing more."""
    own = await asyncio.to_thread(client.auth.token.lookup_self)
    assert own["data"]["policies"] == ["crosstalk", "default"]
    _, login = await mint(client, "sales-read")
    await asyncio.to_thread(client.auth.token.revoke_self)

    async def gone() -> bool:
        return not await company.role_exists(login)

    await until(gone)
    with pytest.raises(hvac.exceptions.Forbidden):
        await mint(client, "sales-read")


async def test_leases_are_listed_for_root(client: hvac.Client, root: hvac.Client) -> None:
    """Whoever runs the Vault sees which leases are out, and can look one up."""
    lease_id, _ = await mint(client, "sales-read")
    listed = await asyncio.to_thread(root.sys.list_leases, "database/creds/sales-read")
    assert lease_id.rpartition("/")[2] in listed["data"]["keys"]
    looked_up = await asyncio.to_thread(root.sys.read_lease, lease_id)
    assert 0 < looked_up["data"]["ttl"] <= 60
    await revoke(client, lease_id)


@dev_vault_only
async def test_a_sealed_vault_refuses_everything(
    company: Company, client: hvac.Client, root: hvac.Client, dev_vault: DevVault
) -> None:
    """Sealed, it answers 503 to all but its health; the key opens it, another key does not."""
    assert (await asyncio.to_thread(root.sys.read_health_status)).status_code == 200
    await asyncio.to_thread(root.sys.seal)
    with pytest.raises(hvac.exceptions.VaultDown, match="Vault is sealed"):
        await mint(client, "sales-read")
    assert await asyncio.to_thread(root.sys.is_sealed)
    assert (await asyncio.to_thread(root.sys.read_health_status)).status_code == 503
    with pytest.raises(hvac.exceptions.InvalidRequest):
        await asyncio.to_thread(root.sys.submit_unseal_key, "00")
    await asyncio.to_thread(root.sys.submit_unseal_key, dev_vault.unseal_key)
    lease_id, _ = await mint(client, "sales-read")
    await revoke(client, lease_id)


@dev_vault_only
async def test_a_lease_outlives_a_database_that_is_down(
    company: Company, client: hvac.Client, dev_vault: DevVault
) -> None:
    """A login that cannot be dropped while PostgreSQL is down is dropped when it is back."""
    await company.provision(ttl_s=1)
    lease_id, login = await mint(client, "sales-read")
    await company.postgres.kill()
    with pytest.raises(hvac.exceptions.InternalServerError) as failed:
        await mint(client, "sales-read")
    assert company.postgres.admin_password not in str(failed.value)
    lease = next(lease for lease in dev_vault.leases if lease.id == lease_id)

    async def overdue() -> bool:
        return lease.left_s == 0

    await until(overdue)
    assert lease.live
    await company.postgres.restart()
    await asyncio.wait_for(dev_vault.wait_for_revocation(lease_id), 15)
    assert not await company.role_exists(login)
    await company.provision()


@dev_vault_only
async def test_stopping_revokes_what_is_out(company: Company) -> None:
    """A Vault that stops leaves no login behind, and shows no secret when it is shown."""
    vault = DevVault()
    await vault.start()
    app_role = await provision(
        vault.url, vault.root_token, postgres=company.postgres, mongo=None, qdrant_api_key=None
    )
    client = hvac.Client(url=vault.url)
    await asyncio.to_thread(client.auth.approle.login, app_role.role_id, app_role.secret_id)
    _, login = await mint(client, "sales-read")
    assert [(lease.role, lease.username, lease.live) for lease in vault.leases] == [
        ("sales-read", login["username"], True)
    ]
    await vault.stop()
    assert not any(lease.live for lease in vault.leases)
    assert not await company.role_exists(login)
    shown = repr((vault, vault.leases, app_role))
    for secret in (vault.root_token, app_role.secret_id, login["password"]):
        assert secret not in shown
