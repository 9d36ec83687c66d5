"""What the guards would refuse, sent past them: the engines' own locks hold."""

import sqlite3
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import asyncpg
import duckdb
import pytest

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.duckdb.files import Files, connect, define_view
from adapters.errors import SourceError
from adapters.postgres import PostgresAdapter
from adapters.sqlite.guard import authorizer
from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from tests.contract.harness import postgres
from tests.hostile.corpus import Case, each


@pytest.fixture(scope="module")
def locked_duckdb(
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection as a fetch makes it, without the guard before it."""
    folder = tmp_path_factory.mktemp("locked")
    with duckdb.connect(str(folder / "a.duckdb")) as made:
        made.execute("CREATE TABLE customers AS SELECT 1 AS id")
        made.execute(f"COPY customers TO '{folder}/declared.parquet'")
    files = Files(folder / "a.duckdb", {"orders": folder / "declared.parquet"})
    with connect() as connection:
        files.prepare(connection, ["customers", "orders"], str(folder / "spill"))
        for relation in ("customers", "orders"):
            define_view(connection, files, relation)
        yield connection


def test_locked_duckdb_reads_what_is_declared(locked_duckdb: duckdb.DuckDBPyConnection) -> None:
    """The lock lets the declared relations be read."""
    assert locked_duckdb.sql("SELECT id FROM customers JOIN orders USING (id)").fetchall() == [(1,)]


@each("locks", lambda case: case["lock"] == "duckdb")
def test_duckdb_is_locked_behind_the_guard(
    locked_duckdb: duckdb.DuckDBPyConnection, case: Case
) -> None:
    """Without the guard, DuckDB itself refuses other files, changes and settings."""
    here_and_python_only = [1]
    assert here_and_python_only
    with pytest.raises(duckdb.Error):
        locked_duckdb.sql(case.input).fetchall()


@pytest.fixture(scope="module")
def locked_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Generator[sqlite3.Connection]:
    """A connection as a fetch makes it, without the guard before it."""
    file: Path = tmp_path_factory.mktemp("locked") / "a.db"
    made = sqlite3.connect(file)
    made.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY)")
    made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    made.commit()
    made.close()
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    connection.execute("SELECT 1 FROM json_each('[]')")
    connection.set_authorizer(authorizer(["customers"]))
    yield connection
    connection.close()


def test_locked_sqlite_reads_what_is_declared(locked_sqlite: sqlite3.Connection) -> None:
    """The lock lets the declared relations be read, and lists of keys."""
    sql = "SELECT count(id) FROM customers WHERE id IN (SELECT value FROM json_each('[1]'))"
    assert locked_sqlite.execute(sql).fetchall() == [(0,)]


@each("locks", lambda case: case["lock"] == "sqlite")
def test_sqlite_is_locked_behind_the_guard(locked_sqlite: sqlite3.Connection, case: Case) -> None:
    """Without the guard, SQLite's authorizer refuses all but reading what is declared."""
    with pytest.raises(
        sqlite3.DatabaseError, match=r"not authorized|prohibited|denied|constructor failed"
    ):
        locked_sqlite.execute(case.input).fetchall()


@pytest.fixture
async def minted(
    pipeline: Pipeline, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[tuple[PostgresAdapter, Credential]]:
    """The sandbox's PostgreSQL, and a login that Vault made as for a step."""
    harness = postgres(pipeline, sandbox, tmp_path_factory.mktemp("locked"))
    async with harness.credential() as credential:
        assert isinstance(harness.adapter, PostgresAdapter)
        assert credential is not None
        yield harness.adapter, credential


@each("locks", lambda case: case["lock"] == "postgres")
async def test_postgres_is_locked_behind_the_guard(
    minted: tuple[PostgresAdapter, Credential], sandbox: Sandbox, case: Case
) -> None:
    """Without the guard, the login, the transaction and the protocol refuse it, and no row of the
    table is lost."""
    adapter, credential = minted
    count = "SELECT COUNT(*) FROM public.customers"
    admin = await asyncpg.connect(sandbox.postgres.admin_dsn("sales"))
    try:
        before = await admin.fetchval(count)
        with pytest.raises(asyncpg.PostgresError, match=case["said"]):
            await _sent(adapter, credential, case.input)
        assert await admin.fetchval(count) == before > 0
    finally:
        await admin.close()


async def _sent(adapter: PostgresAdapter, credential: Credential, text: str) -> None:
    """Prepare and run a text as a fetch does; raises what PostgreSQL says."""
    try:
        async with adapter._transaction(credential, Limits(timeout_s=10.0)) as connection:  # pyright: ignore[reportPrivateUsage]
            statement = await connection.prepare(text)
            await statement.fetch()
    except SourceError as told:
        raise (told.__cause__ or told) from None
