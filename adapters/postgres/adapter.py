"""Runs generated SELECTs on PostgreSQL (asyncpg) and gives Arrow.

Locks of a query, in order: the guard, a login of its own, a fresh connection, a read-only
transaction with statement, lock and idle timeouts, the extended protocol (prepare and cursor),
row and byte caps. What PostgreSQL expects to be large comes by COPY, behind the same locks.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pyarrow as pa
from asyncpg.prepared_stmt import PreparedStatement

from adapters.base import Capabilities, Fetched, Limits, Take
from adapters.coercion import to_table
from adapters.credentials import Credential
from adapters.errors import SourceRefused
from adapters.limits import BATCH_ROWS, pour
from adapters.postgres import errors
from adapters.postgres.coercion import set_codecs
from adapters.postgres.copy import copied, copy_text
from adapters.postgres.guard import check
from adapters.postgres.introspect import introspect
from adapters.query import NativeQuery, SqlQuery
from adapters.schema import Catalog

_GOODBYE_S = 2.0
_SETTINGS = {
    "TimeZone": "UTC",
    # how text is written and read, whatever the login's own settings say
    "DateStyle": "ISO",
    "standard_conforming_strings": "on",
}


class PostgresAdapter:
    """A PostgreSQL database at `host:port/database`."""

    kind = "postgres"
    capabilities = Capabilities(
        language="sql",
        comparisons=frozenset({"=", "<>", "<", "<=", ">", ">=", "in", "is null", "like"}),
        dialect="postgres",
    )

    def __init__(
        self, source: str, *, host: str, port: int, database: str, tls: str = "prefer"
    ) -> None:
        self.source = source
        self._address: dict[str, Any] = {
            "host": host,
            "port": port,
            "database": database,
            "ssl": tls,
        }

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The relations that the credential may read. Raises SourceError."""
        async with self._transaction(credential, Limits(timeout_s=timeout_s)) as connection:
            return await introspect(connection, self.source)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Run one SELECT in batches, up to the caps. Raises SourceError."""
        if not isinstance(query, SqlQuery):
            raise SourceRefused(f"{self.source} takes SQL alone.")
        check(query)
        async with self._transaction(credential, limits) as connection:
            statement = await connection.prepare(query.text)
            text = await copy_text(connection, statement, query)
            batches = (
                copied(connection, statement, text, query) if text else _read(statement, query)
            )
            return await pour(batches, limits, take)

    @contextlib.asynccontextmanager
    async def _transaction(
        self, credential: Credential | None, limits: Limits
    ) -> AsyncGenerator[asyncpg.Connection]:
        login, timeout_s = credential or Credential(), limits.timeout_s
        connection: asyncpg.Connection | None = None
        try:
            connection = opened = await asyncpg.connect(
                **self._address,
                user=login.username or None,
                password=login.password or None,
                timeout=timeout_s,  # pyright: ignore[reportArgumentType]
                command_timeout=timeout_s,
                statement_cache_size=0,
                server_settings=_SETTINGS | {"application_name": limits.tag},
            )
            await set_codecs(opened)
            await opened.transaction(readonly=True).start()
            milliseconds = max(2, int(timeout_s * 1000))  # 0 would mean no deadline
            await opened.execute(
                f"SET LOCAL statement_timeout = {milliseconds}; "
                f"SET LOCAL lock_timeout = {milliseconds // 2}; "
                f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}; "
                "SET LOCAL extra_float_digits = 1"
            )
            yield opened
        except errors.CAUGHT as error:
            raise errors.translate(error, self.source) from error
        finally:
            if connection is not None:
                await _leave(connection)


async def _leave(connection: asyncpg.Connection) -> None:
    """Cancel what may still run and disconnect, which ends the transaction."""
    with contextlib.suppress(asyncpg.InternalClientError, *errors.CAUGHT):
        await connection.close(timeout=_GOODBYE_S)


async def _read(statement: PreparedStatement, query: SqlQuery) -> AsyncGenerator[pa.Table]:
    cursor = await statement.cursor(*query.parameters)
    while records := await cursor.fetch(BATCH_ROWS):
        yield await asyncio.to_thread(to_table, records, query.columns)
