"""MongoDB's own locks, attacked on a real server with the guard taken away."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from adapters.base import Limits
from adapters.errors import SourceTimeout, UnsafeQuery
from adapters.mongo import adapter
from adapters.mongo.read import raw_batches
from adapters.query import AggregationQuery
from tests.contract.harness import columns, gather
from tests.live_mongo import LiveMongo, live_mongo


@pytest.fixture(scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[LiveMongo]:
    """A mongod with some documents."""
    async with live_mongo(tmp_path_factory.mktemp("mongo")) as one:
        await one.fill("goods", [{"id": number} for number in range(300)])
        yield one


def pipeline(**stage: object) -> AggregationQuery:
    """A pipeline of one stage."""
    return AggregationQuery(
        relations=("goods",),
        columns=columns(id="int64"),
        pipeline=({f"${k}": v for k, v in stage.items()},),
    )


async def test_the_guard_is_asked(live: LiveMongo) -> None:
    """What the guard refuses is not sent."""
    with pytest.raises(UnsafeQuery):
        await gather(live.adapter, pipeline(match={"$where": "true"}), live.reader, Limits())


async def test_the_server_knows_the_deadline(live: LiveMongo) -> None:
    """What takes longer than the deadline is ended by the server itself, whoever waits for it."""
    slow = [{"$expr": {"$eq": [{"$ifNull": ["$nothing", "$id"]}, -n]}} for n in range(1, 4_000)]
    stages = [{"$match": {"$or": slow}}]
    opened: Any = live.adapter._open  # pyright: ignore[reportPrivateUsage]

    async def read() -> None:
        async with opened(live.reader, 60) as database:
            how: dict[str, Any] = {"timeout_ms": 10, "batch_rows": 10, "comment": ""}
            async for _ in raw_batches(database, "goods", stages, **how):
                pass

    with pytest.raises(SourceTimeout):
        await read()


async def test_a_client_serves_one_query(live: LiveMongo, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fetch no connection of its login is left."""
    monkeypatch.setattr(adapter, "check", lambda query: None)
    await gather(live.adapter, pipeline(match={}), live.reader, Limits())
    ours = [
        {"$currentOp": {"allUsers": True, "idleConnections": True}},
        {"$match": {"appName": "crosstalk"}},
    ]
    async with asyncio.timeout(20):
        while await (await live.admin.admin.aggregate(ours)).to_list():
            pass  # mongod has not seen yet that it was closed
