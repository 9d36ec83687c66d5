"""PostgreSQL's own locks, attacked on a real server as a superuser, with the guard taken away."""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.errors import SourceRefused, UnsafeQuery
from adapters.postgres import PostgresAdapter, adapter, copy
from adapters.query import SqlQuery
from sandbox.postgres import PostgresServer, start_postgres
from tests.contract.harness import columns, gather

ROWS = 10


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[PostgresServer]:
    """A PostgreSQL with two tables."""
    folder = Path(tempfile.mkdtemp(prefix="crosstalk-locks-"))
    os.chmod(folder, 0o755)  # noqa: PTH101, S103 -- PostgreSQL's own user can enter
    started = await start_postgres(folder)
    admin = await asyncpg.connect(started.admin_dsn())
    for name in ("public.goods", "public.wages"):
        await admin.execute(f"CREATE TABLE {name} AS SELECT g AS id FROM generate_series(1, 10) g")
    await admin.close()
    yield started
    await started.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def admin(server: PostgresServer) -> AsyncGenerator[asyncpg.Connection]:
    """Somebody who looks at the server from beside."""
    connection = await asyncpg.connect(server.admin_dsn())
    yield connection
    await connection.close()


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter's guard lets everything through, and no result is large enough for COPY."""
    monkeypatch.setattr(adapter, "check", lambda query: None)
    monkeypatch.setattr(copy, "LARGE_ROWS", 10**18)


async def read(server: PostgresServer, text: str, **types: str) -> list[dict[str, Any]]:
    """The rows of a text, as a superuser."""
    reader = PostgresAdapter("sales", host=server.host, port=server.port, database="postgres")
    login = Credential(server.admin_user, server.admin_password)
    query = SqlQuery(relations=("public.goods",), columns=columns(**types), text=text)
    return (await gather(reader, query, login, Limits(timeout_s=8))).table.to_pylist()


async def test_the_guard_is_asked(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the guard refuses is not sent, nor prepared for COPY, which has a guard of its own."""
    monkeypatch.setattr(copy, "LARGE_ROWS", 10**18)
    with pytest.raises(UnsafeQuery):
        await read(server, "SELECT id FROM public.wages", id="int64")


@pytest.mark.usefixtures("unguarded")
async def test_the_transaction_only_reads(server: PostgresServer) -> None:
    """A statement that deletes and gives rows, as a WITH can, is refused by the server."""
    gone = "WITH gone AS (DELETE FROM public.goods RETURNING id) SELECT id FROM gone"
    with pytest.raises(SourceRefused, match="ReadOnlySQLTransaction"):
        await read(server, gone, id="int64")


@pytest.mark.usefixtures("unguarded")
async def test_statements_are_not_stacked(
    server: PostgresServer, admin: asyncpg.Connection
) -> None:
    """COMMIT and what follows it are one text too many: nothing of it is run."""
    with pytest.raises(SourceRefused):
        await read(server, "COMMIT; DELETE FROM public.wages", id="int64")
    assert await admin.fetchval("SELECT COUNT(*) FROM public.wages") == ROWS


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "8s"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "8s"),
    ],
)
async def test_the_server_knows_the_deadline(server: PostgresServer, name: str, value: str) -> None:
    """The server itself ends a statement, a wait for a lock and an idle transaction, though nobody
    should be left to ask it to."""
    found = await read(server, f"SELECT current_setting('{name}') AS value", value="string")
    assert found == [{"value": value}]


@pytest.mark.usefixtures("unguarded")
async def test_a_connection_serves_one_query(
    server: PostgresServer, admin: asyncpg.Connection
) -> None:
    """What a query does to its session, such as set_config, is thrown away with the connection."""
    turned = "SELECT set_config('default_transaction_read_only', 'off', false) AS value"
    await read(server, turned, value="string")
    ours = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'crosstalk'"
    assert await admin.fetchval(ours) == 0


@pytest.mark.usefixtures("unguarded")
async def test_a_copy_s_own_text_is_looked_at(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text with literals in it that COPY takes goes through the guard, as the query has."""
    monkeypatch.setattr(copy, "LARGE_ROWS", 0)
    assert len(await read(server, "SELECT id FROM public.goods", id="int64")) == ROWS
    with pytest.raises(UnsafeQuery):
        await read(server, "SELECT id FROM public.wages", id="int64")
