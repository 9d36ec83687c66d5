"""The locks of DuckDB and SQLite files, each with those before it taken away."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters.base import Adapter, Limits
from adapters.duckdb import DuckdbAdapter
from adapters.duckdb import adapter as duckdb_adapter
from adapters.duckdb.files import Files, connect, define_view
from adapters.engine import lock
from adapters.errors import SourceRefused, SourceTimeout, UnsafeQuery
from adapters.query import SqlQuery
from adapters.sqlite import SqliteAdapter
from adapters.sqlite import adapter as sqlite_adapter
from tests.contract.harness import columns, gather

CROSS = "SELECT COUNT(*) AS id FROM " + ", ".join(f"goods AS g{number}" for number in range(6))


@pytest.fixture
def of_duckdb(tmp_path: Path) -> DuckdbAdapter:
    """A database file with two tables, of which queries declare one."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as made:
        for name in ("goods", "wages"):
            made.execute(f"CREATE TABLE {name} AS SELECT range AS id FROM range(500)")
    return DuckdbAdapter("lake", folder=tmp_path, database="a.duckdb")


@pytest.fixture
def of_sqlite(tmp_path: Path) -> SqliteAdapter:
    """The same of SQLite."""
    made = sqlite3.connect(tmp_path / "a.db")
    for name in ("goods", "wages"):
        made.execute(f"CREATE TABLE {name} (id INTEGER)")
        made.executemany(f"INSERT INTO {name} VALUES (?)", [(n,) for n in range(500)])
    made.commit()
    made.close()
    return SqliteAdapter("box", folder=tmp_path, database="a.db")


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guards let everything through."""
    for module in (duckdb_adapter, sqlite_adapter):
        monkeypatch.setattr(module, "check", lambda query: None)


async def read(adapter: Adapter, text: str, timeout_s: float = 20) -> list[dict[str, Any]]:
    """The rows of a text."""
    query = SqlQuery(relations=("goods",), columns=columns(id="int64"), text=text)
    return (await gather(adapter, query, None, Limits(timeout_s=timeout_s))).table.to_pylist()


async def test_the_guard_of_duckdb_is_asked(of_duckdb: DuckdbAdapter) -> None:
    """What DuckDB's guard refuses is not run."""
    with pytest.raises(UnsafeQuery):
        await read(of_duckdb, "SELECT id FROM wages")


async def test_the_guard_of_sqlite_is_asked(of_sqlite: SqliteAdapter) -> None:
    """What SQLite's guard refuses is not run."""
    with pytest.raises(UnsafeQuery):
        await read(of_sqlite, "SELECT id FROM wages")


@pytest.mark.usefixtures("unguarded")
async def test_duckdb_ends_at_its_deadline(of_duckdb: DuckdbAdapter) -> None:
    """A query that would take years ends as SourceTimeout."""
    async with asyncio.timeout(20):
        with pytest.raises(SourceTimeout):
            await read(of_duckdb, CROSS + " WHERE g0.id + g1.id + g2.id + g3.id < g4.id", 0.5)


@pytest.mark.usefixtures("unguarded")
async def test_sqlite_ends_at_its_deadline(of_sqlite: SqliteAdapter) -> None:
    """A query that would take years ends as SourceTimeout."""
    async with asyncio.timeout(20):
        with pytest.raises(SourceTimeout):
            await read(of_sqlite, CROSS, 0.5)


def test_duckdb_opens_the_files_of_declared_relations_alone(tmp_path: Path) -> None:
    """Of a source with two files, a query that reads one can't open the other."""
    for name in ("goods", "wages"):
        (tmp_path / f"{name}.csv").write_text("id\n1\n")
    files = Files(None, {name: tmp_path / f"{name}.csv" for name in ("goods", "wages")})
    with connect() as connection:
        files.prepare(connection, ["goods"], str(tmp_path / "spill"))
        define_view(connection, files, "goods")
        assert connection.sql("FROM goods").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error):
            define_view(connection, files, "wages")


def test_duckdb_has_bounded_memory() -> None:
    """One query over files may take a gigabyte."""
    with connect() as connection:
        found = connection.sql("SELECT current_setting('memory_limit')").fetchall()
    assert found == [("953.6 MiB",)]


def test_duckdb_is_told_of_no_variable() -> None:
    """The setting itself is off, though without access to anything outside it is not asked."""
    with duckdb.connect(":memory:") as connection:
        lock(connection)
        found = connection.sql("SELECT current_setting('python_enable_replacements')").fetchall()
    assert found == [(False,)]


@pytest.mark.usefixtures("unguarded")
async def test_sqlite_asks_its_authorizer(of_sqlite: SqliteAdapter) -> None:
    """Without the guard, a table that was not declared can't be read."""
    with pytest.raises(SourceRefused):
        await read(of_sqlite, "SELECT id FROM wages")


@pytest.mark.usefixtures("unguarded")
async def test_sqlite_queries_only(
    of_sqlite: SqliteAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without guard and authorizer, and with a file that can be written, nothing is changed."""
    monkeypatch.setattr(sqlite_adapter, "authorizer", lambda relations: None)
    its: Any = of_sqlite
    monkeypatch.setattr(its, "_uri", its._uri.replace("mode=ro", "mode=rw"))
    with pytest.raises(SourceRefused):
        await read(of_sqlite, "DELETE FROM goods RETURNING id")


def bare(adapter: Any) -> sqlite3.Connection:
    """A connection as the adapter makes it, before any lock of a query."""
    return adapter._connect()


def test_sqlite_opens_its_file_to_read(of_sqlite: SqliteAdapter) -> None:
    """A bare connection, without any other lock, can't write."""
    connection = bare(of_sqlite)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM goods")
    connection.close()


def test_sqlite_trusts_no_schema_and_attaches_nothing(of_sqlite: SqliteAdapter) -> None:
    """A bare connection runs no function that a hostile view names, and opens no other file."""
    connection = bare(of_sqlite)
    assert connection.execute("PRAGMA trusted_schema").fetchall() == [(0,)]
    with pytest.raises(sqlite3.OperationalError, match="too many attached"):
        connection.execute("ATTACH ':memory:' AS other")
    connection.close()
