"""Runs generated aggregation pipelines on MongoDB (motor) and gives Arrow.

Locks of a query, in order: the guard, a login of its own, a fresh client, maxTimeMS, row and byte
caps. Each raw batch becomes Arrow in a thread, while the next one is on its way (ADR 0007).
motor is past its end of life; ADR 0003 says how PyMongo's async client takes its place.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pyarrow as pa
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from adapters.base import Capabilities, Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.errors import SchemaMismatch, SourceRefused
from adapters.limits import BATCH_ROWS, pour
from adapters.mongo import errors
from adapters.mongo.coercion import to_bson
from adapters.mongo.decode import OPTIONS, SMALL, plainly, quickly
from adapters.mongo.guard import check
from adapters.mongo.introspect import introspect
from adapters.mongo.project import including
from adapters.mongo.read import raw_batches
from adapters.query import AggregationQuery, NativeQuery
from adapters.schema import Catalog


class MongoAdapter:
    """A MongoDB database at `host:port/database`; its users live in `auth_database`."""

    kind = "mongo"
    capabilities = Capabilities(
        language="aggregation",
        comparisons=frozenset({"=", "<>", "<", "<=", ">", ">=", "in", "is null"}),
        unwinds=True,
    )

    def __init__(
        self,
        source: str,
        *,
        host: str,
        port: int,
        database: str,
        auth_database: str | None = None,
        tls: bool = False,
    ) -> None:
        self.source = source
        self._database = database
        self._address: dict[str, Any] = {"host": host, "port": port, "tls": tls}
        self._auth_database = auth_database or database

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The collections that the credential may read, by sampling. Raises SourceError."""
        async with self._open(credential, timeout_s) as database:
            return await introspect(database, self.source, _milliseconds(timeout_s))

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Run one pipeline in batches, up to the caps. Raises SourceError."""
        if not isinstance(query, AggregationQuery):
            raise SourceRefused(f"{self.source} takes aggregation pipelines alone.")
        check(query)
        pipeline, stored = including(query)
        async with self._open(credential, limits.timeout_s) as database:
            raw = raw_batches(
                database,
                query.relations[0],
                [to_bson(stage) for stage in pipeline],
                timeout_ms=_milliseconds(limits.timeout_s),
                batch_rows=BATCH_ROWS,
                comment=limits.tag,
            )

            async def batches() -> AsyncGenerator[pa.Table]:
                async with contextlib.aclosing(raw):
                    async for batch in raw:
                        if len(batch) <= SMALL:
                            yield plainly(batch, query.columns, stored)
                        else:
                            yield await asyncio.to_thread(quickly, batch, query.columns, stored)

            fetched = await pour(batches(), limits, take)
            if not fetched.rows:
                await self._check_there(database, query.relations[0])
            return fetched

    async def _check_there(
        self, database: "AsyncIOMotorDatabase[dict[str, Any]]", collection: str
    ) -> None:
        """MongoDB answers for a collection that is gone as for an empty one."""
        found = await database.list_collection_names(
            filter={"name": collection}, authorizedCollections=True, nameOnly=True
        )
        if not found:
            raise SchemaMismatch(
                f"{self.source} has no collection {collection}, or its Vault role may not read it, "
                "so its documents are missing. Check the semantic model against the database."
            )

    @contextlib.asynccontextmanager
    async def _open(
        self, credential: Credential | None, timeout_s: float
    ) -> AsyncGenerator["AsyncIOMotorDatabase[dict[str, Any]]"]:
        login: dict[str, Any] = {}
        if credential is not None:
            login = {
                "username": credential.username,
                "password": credential.password,
                "authSource": self._auth_database,
            }
        milliseconds = _milliseconds(timeout_s)
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            **self._address,
            **login,
            serverSelectionTimeoutMS=min(milliseconds, 1_000),
            connectTimeoutMS=min(milliseconds, 3_000),
            socketTimeoutMS=milliseconds,
            maxPoolSize=2,  # one to read, one to end a read that is given up
            retryReads=False,
            appname="crosstalk",
        )
        try:
            async with asyncio.timeout(timeout_s):
                yield client.get_database(self._database, codec_options=OPTIONS)
        except errors.CAUGHT as error:
            raise errors.translate(error, self.source) from error
        finally:
            # it says goodbye to the server, and would hold up everyone while it does
            await asyncio.to_thread(client.close)


def _milliseconds(timeout_s: float) -> int:
    """A deadline for the server: at least 1, since 0 would mean none."""
    return max(1, int(timeout_s * 1000))
