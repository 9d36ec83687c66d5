"""Stop: the run ends, and so do its queries in the databases."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pymongo import AsyncMongoClient

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import AggregationQuery, NativeQuery, SqlQuery
from orchestrator.registry import Source
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, is_progress
from tests.wire.office import buttons, opened_office, opened_slack

PRIYA = "U0PRIYA"
ENDLESS_SQL = (
    "SELECT a.id FROM {table} AS a CROSS JOIN {table} AS b CROSS JOIN {table} AS c "
    "WHERE a.id + b.id + c.id < 0"
)
ENDLESS_MATCH = {
    "$or": [
        {"$expr": {"$eq": [{"$ifNull": ["$nothing", "$n"]}, f"{number}"]}}
        for number in range(15_000)
    ]
}


class Slow:
    """An adapter that asks for what takes minutes in place of what it is asked for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.source, self.kind = inner.source, inner.kind
        self.capabilities = inner.capabilities
        self.introspect = inner.introspect

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Ask the very server, with the very credential, for too much."""
        if isinstance(query, SqlQuery):
            slow = ENDLESS_SQL.format(table=query.relations[0])
            query = query.model_copy(update={"text": slow, "parameters": ()})
        elif isinstance(query, AggregationQuery):
            pipeline = ({"$match": ENDLESS_MATCH}, *query.pipeline)
            query = query.model_copy(update={"pipeline": pipeline})
        return await self._inner.fetch(query, credential, limits, take)


async def in_postgres(sandbox: Sandbox) -> Callable[[], Awaitable[int]]:
    """How many of the slow queries there are in PostgreSQL."""

    async def count() -> int:
        connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
        try:
            return await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                "AND query LIKE '%CROSS JOIN%' AND pid <> pg_backend_pid()"
            )
        finally:
            await connection.close()

    return count


async def in_mongo(sandbox: Sandbox) -> Callable[[], Awaitable[int]]:
    """How many operations over tickets there are in MongoDB."""
    assert sandbox.mongo is not None, sandbox.missing
    uri = sandbox.mongo.admin_uri()

    async def count() -> int:
        async with AsyncMongoClient[dict[str, Any]](uri) as admin:
            stages = [
                {"$currentOp": {"allUsers": True}},
                {"$match": {"ns": {"$regex": "tickets$"}, "type": "op"}},
            ]
            return len(await (await admin.admin.aggregate(stages)).to_list())

    return count


async def until(count: Callable[[], Awaitable[int]], wanted: bool) -> None:
    """Ask the server until it runs the query, or does so no more; by itself it takes minutes."""
    async with asyncio.timeout(30):
        while bool(await count()) is not wanted:
            pass


@both_ways
@pytest.mark.parametrize(
    ("slow", "words", "count_of"),
    [
        ("sales", "top 5 countries by revenue", in_postgres),
        ("support", "how many open tickets by priority?", in_mongo),
    ],
)
async def test_stop_ends_the_query_in_the_server(
    sandbox: Sandbox,
    model: SemanticModel,
    tmp_path: Path,
    transport: Transport,
    slow: str,
    words: str,
    count_of: Any,
) -> None:
    """Another's press changes nothing; the asker's ends the query, and the thread is told."""
    count = await count_of(sandbox)
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, model, tmp_path, transport) as office,
    ):
        sound = office.pipeline.sources[slow]
        office.pipeline.sources[slow] = Source(slow, sound.spec, Slow(sound.adapter))
        await slack.post_as(MARCO, SALES, f"@crosstalk {words}")
        progress = await office.until(is_progress)
        await until(count, True)
        await office.press(PRIYA, progress, "stop_run")
        assert "Only the person who asked" in await office.told(PRIYA)
        assert await count()
        await office.press(MARCO, progress, "stop_run")
        await until(count, False)
        said = await office.until(lambda m: m["text"].startswith(f"Stopped by <@{MARCO}> after "))
        assert said["thread_ts"] == progress["thread_ts"]
        assert "nothing had been read" in said["text"]
        ended = slack.workspace.channels[SALES].messages[progress["ts"]]
        assert ended["blocks"][0]["title"] == "Stopped"
        assert not buttons(ended)
