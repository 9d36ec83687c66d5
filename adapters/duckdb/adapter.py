"""Runs generated SELECTs on DuckDB over files and gives Arrow.

Locks of a query, in order: the guard, a fresh in-memory database with the source's file attached
read-only and views of the declared relations alone, no other file and no extension, bounded memory
and threads, a locked configuration, an interrupt at the deadline, row and byte caps.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from adapters.base import Capabilities, Fetched, Limits, Take
from adapters.coercion import conform
from adapters.credentials import Credential
from adapters.duckdb import errors
from adapters.duckdb.files import Files, Relations, connect, connect_to_ask, define_view
from adapters.duckdb.guard import check
from adapters.duckdb.introspect import introspect
from adapters.errors import SourceRefused
from adapters.limits import BATCH_ROWS, pour
from adapters.query import NativeQuery, SqlQuery
from adapters.schema import Catalog
from adapters.threads import InThread, in_thread


class DuckdbAdapter:
    """A DuckDB database file, and Parquet or CSV files by relation; paths are from `folder`."""

    kind = "duckdb"
    capabilities = Capabilities(
        language="sql",
        comparisons=frozenset({"=", "<>", "<", "<=", ">", ">=", "in", "is null", "like"}),
        dialect="duckdb",
        authenticates=False,
    )

    def __init__(
        self,
        source: str,
        *,
        folder: Path = Path(),
        database: str | None = None,
        files: dict[str, str] | None = None,
    ) -> None:
        self.source = source
        base = folder.absolute()
        self._files: Relations = Files(
            base / database if database else None,
            {relation: base / path for relation, path in (files or {}).items()},
        )

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The tables, views and files of the source. Raises SourceError."""
        async with self._open(connect, tuple(self._files.relations), timeout_s) as database:
            return await database.run(lambda held: introspect(held, self._files, self.source))

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Run one SELECT in batches, up to the caps. Raises SourceError."""
        if not isinstance(query, SqlQuery):
            raise SourceRefused(f"{self.source} takes SQL alone.")
        check(query)

        def begin(connection: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
            for relation in query.relations:
                define_view(connection, self._files, relation)
            result = connection.sql(query.text, params=list(query.parameters))
            return result.to_arrow_reader(BATCH_ROWS)

        async with self._open(connect_to_ask, query.relations, limits.timeout_s) as database:
            reader = await database.run(begin)

            def read(_: duckdb.DuckDBPyConnection) -> pa.Table | None:
                batch = next(reader, None)
                if batch is None:
                    return None
                return conform(pa.Table.from_batches([batch]), query.columns)

            async def batches() -> AsyncGenerator[pa.Table]:
                while (table := await database.run(read)) is not None:
                    yield table

            return await pour(batches(), limits, take)

    @contextlib.asynccontextmanager
    async def _open(
        self,
        connected: Callable[[], duckdb.DuckDBPyConnection],
        relations: Sequence[str],
        timeout_s: float,
    ) -> AsyncGenerator[InThread[duckdb.DuckDBPyConnection]]:
        try:
            with tempfile.TemporaryDirectory(prefix="crosstalk-duckdb-") as spill:
                async with asyncio.timeout(timeout_s), in_thread(connected) as database:
                    await database.run(lambda held: self._files.prepare(held, relations, spill))
                    yield database
        except errors.CAUGHT as error:
            raise errors.translate(error, self.source) from error
