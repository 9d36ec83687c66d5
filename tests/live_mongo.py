"""A mongod for tests that need documents of their own, and an adapter that may only read there."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from adapters.credentials import Credential
from adapters.mongo import MongoAdapter
from sandbox.mongo import start_mongo


@dataclass(frozen=True, slots=True)
class LiveMongo:
    """Its admin, and an adapter with a login that may only read."""

    admin: AsyncMongoClient[dict[str, Any]]
    adapter: MongoAdapter
    reader: Credential

    async def fill(self, collection: str, these: list[dict[str, Any]]) -> None:
        """Put documents into a collection, in place of what was there."""
        await self.admin.paths[collection].drop()
        await self.admin.paths[collection].insert_many(these)

    async def running(self, collection: str) -> int:
        """How many operations and cursors over a collection there are on the server."""
        stages = [
            {"$currentOp": {"allUsers": True, "idleCursors": True}},
            {"$match": {"ns": f"paths.{collection}", "type": {"$in": ["op", "idleCursor"]}}},
        ]
        return len(await (await self.admin.admin.aggregate(stages)).to_list())


@contextlib.asynccontextmanager
async def live_mongo(folder: Path) -> AsyncGenerator[LiveMongo]:
    """A mongod with a user who may read one database and nothing more."""
    server = await start_mongo(folder)
    try:
        async with AsyncMongoClient[dict[str, Any]](server.admin_uri()) as admin:
            await admin.paths.command("createUser", "reader", pwd="reads", roles=["read"])
            adapter = MongoAdapter("live", host=server.host, port=server.port, database="paths")
            yield LiveMongo(admin, adapter, Credential("reader", "reads"))
    finally:
        await server.stop()
