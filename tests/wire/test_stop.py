"""Stop: the run ends, and so do its queries in the databases."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pymongo import AsyncMongoClient

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import AggregationQuery, NativeQuery, SqlQuery
from bot.serve import running
from orchestrator.registry import Source
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import NOON, opened, vault_of
from tests.wire.conftest import MARCO, SALES, bot_settings, is_progress

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


@contextlib.asynccontextmanager
async def slow_bot(
    sandbox: Sandbox, model: SemanticModel, folder: Path, slow: str
) -> AsyncGenerator[None]:
    """A bot, over HTTP, one of whose sources takes minutes."""
    async with opened(model, vault_of(sandbox), folder) as pipeline:
        sound = pipeline.sources[slow]
        pipeline.sources[slow] = Source(slow, sound.spec, Slow(sound.adapter))
        settings = bot_settings(sandbox).model_copy(update={"slack_app_token": None})
        try:
            async with running(settings, pipeline, clock=lambda: NOON, min_interval_s=0.0) as url:
                sandbox.slack.request_url = f"{url}/slack/events"
                yield
        finally:
            sandbox.slack.request_url = None


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


async def progress_in(sandbox: Sandbox, words: str) -> tuple[dict[str, Any], Any]:
    """Ask as Marco: the progress message, and the changes that follow."""
    changes = sandbox.slack.workspace.subscribe()
    ts = await sandbox.slack.post_as(MARCO, SALES, f"@crosstalk {words}")
    async for change in changes:
        message = change.get("message") or {}
        if message.get("thread_ts") == ts and is_progress(message):
            return message, changes
    raise AssertionError("no progress was shown")


@pytest.mark.parametrize(
    ("slow", "words", "count_of"),
    [
        ("sales", "top 5 countries by revenue", in_postgres),
        ("support", "how many open tickets by priority?", in_mongo),
    ],
)
async def test_stop_ends_the_query_in_the_server(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, slow: str, words: str, count_of: Any
) -> None:
    """Another's press changes nothing; the asker's ends the query, and the thread is told."""
    count = await count_of(sandbox)
    async with slow_bot(sandbox, model, tmp_path, slow):
        progress, changes = await progress_in(sandbox, words)
        await until(count, True)
        await sandbox.slack.press(PRIYA, SALES, progress["ts"], "stop_run")
        async for change in changes:
            if "Only the person who asked" in (change.get("message") or {}).get("text", ""):
                break
        assert await count()
        await sandbox.slack.press(MARCO, SALES, progress["ts"], "stop_run")
        await until(count, False)
        said = ""
        async for change in changes:
            message = change.get("message") or {}
            if message.get("ts") == progress["ts"] and is_progress(message):
                progress = message
            elif message.get("thread_ts") == progress["thread_ts"] and "Stopped" in message["text"]:
                said = message["text"]
                break
    sandbox.slack.workspace.unsubscribe(changes)
    assert said.startswith(f"Stopped by <@{MARCO}> after ")
    assert "nothing had been read" in said
    assert progress["blocks"][0]["title"] == "Stopped"
    assert "actions" not in [block["type"] for block in progress["blocks"]]
