"""Runs generated SELECTs on a SQLite file and gives Arrow.

Locks of a query, in order: the guard, a file opened read-only, `query_only`, an untrusted schema,
SQLite's limits, an authorizer that lets the declared relations be read and nothing else, an
interrupt at the deadline, row and byte caps.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import pyarrow as pa

from adapters.base import Capabilities, Fetched, Limits, Take
from adapters.coercion import to_table
from adapters.credentials import Credential
from adapters.errors import SourceRefused
from adapters.limits import BATCH_ROWS, pour
from adapters.query import NativeQuery, SqlQuery
from adapters.schema import Catalog
from adapters.sqlite import errors
from adapters.sqlite.coercion import bound, reader
from adapters.sqlite.guard import authorizer, check
from adapters.sqlite.introspect import introspect
from adapters.sqlite.storage import prepare
from adapters.threads import InThread, in_thread

_WAIT_FOR_LOCK_S = 1.0
_LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LENGTH: 64 * 1024 * 1024,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1024 * 1024,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
}


class SqliteAdapter:
    """A SQLite database file; its path is from `folder`.

    Days, moments, decimals and booleans have no type of their own in SQLite: they are read, and
    compared in the join alone. LIKE is no comparison here, since it ignores case.
    """

    kind = "sqlite"
    capabilities = Capabilities(
        language="sql",
        comparisons=frozenset({"=", "<>", "<", "<=", ">", ">=", "in", "is null"}),
        exact=frozenset({"int64", "float64", "string"}),
        dialect="sqlite",
        typed=False,
        authenticates=False,
    )

    def __init__(self, source: str, *, database: str, folder: Path = Path()) -> None:
        self.source = source
        self._uri = (folder.absolute() / database).as_uri() + "?mode=ro"

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The tables and views of the file. Raises SourceError."""
        async with self._open(timeout_s) as database:
            return await database.run(lambda held: introspect(held, self.source))

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Run one SELECT in batches, up to the caps. Raises SourceError."""
        if not isinstance(query, SqlQuery):
            raise SourceRefused(f"{self.source} takes SQL alone.")
        check(query)
        values = {
            str(number): bound(value, self.source)
            for number, value in enumerate(query.parameters, start=1)
        }
        readers = [reader(column.type) for column in query.columns]

        def begin(connection: sqlite3.Connection) -> sqlite3.Cursor:
            connection.execute("BEGIN")
            prepare(connection, query)
            connection.execute("SELECT 1 FROM json_each('[]')")  # made now: later it is denied
            connection.execute("PRAGMA query_only = ON")
            connection.set_authorizer(authorizer(query.relations))
            return connection.execute(query.text, values)

        async with self._open(limits.timeout_s) as database:
            cursor = await database.run(begin)

            def read(_: sqlite3.Connection) -> pa.Table | None:
                rows = cursor.fetchmany(BATCH_ROWS)
                plain = (
                    [read(value) for read, value in zip(readers, row, strict=True)] for row in rows
                )
                return to_table(plain, query.columns) if rows else None

            async def batches() -> AsyncGenerator[pa.Table]:
                while (table := await database.run(read)) is not None:
                    yield table

            return await pour(batches(), limits, take)

    @contextlib.asynccontextmanager
    async def _open(self, timeout_s: float) -> AsyncGenerator[InThread[sqlite3.Connection]]:
        try:
            async with asyncio.timeout(timeout_s), in_thread(self._connect) as database:
                yield database
        except errors.CAUGHT as error:
            raise errors.translate(error, self.source) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._uri,
            uri=True,
            timeout=_WAIT_FOR_LOCK_S,
            isolation_level=None,
            check_same_thread=False,
        )
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection
