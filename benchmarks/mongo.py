"""MongoDB's documents to Arrow, beside reading alone and lists of dicts."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pyarrow as pa
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.limits import BATCH_ROWS
from adapters.mongo import MongoAdapter
from adapters.mongo.read import raw_batches
from adapters.query import AggregationQuery, OutputColumn
from benchmarks.measure import Outcome, Target, Variant, compare, plain, without_gc
from benchmarks.servers import DATABASE, Place, fill_tickets

TITLE = "MongoDB to Arrow"
COLUMNS = {
    "number": "string",
    "customer": "int64",
    "amount": "float64",
    "refund": "decimal(10,2)",
    "open": "bool",
    "opened_at": "timestamptz",
    "status": "string",
}
TARGETS = (
    Target("time, of raw batches thrown away", "adapter", "raw batches", at_most=2.7),
    Target("times as fast as dicts", "adapter", "dicts", at_least=4),
    Target("times as fast as dicts, GC off", "adapter", "dicts, GC off", at_least=4),
    Target("memory, of dicts", "adapter", "dicts", "memory_mb", at_most=1 / 10),
    Target("longest stall, of dicts", "adapter", "dicts", "stall_ms", at_most=1 / 20),
    Target(
        "longest stall, of dicts, GC off", "adapter", "dicts, GC off", "stall_ms", at_most=1 / 20
    ),
)
_ABOUT = """Seven fields of documents with nine: two texts, an int, a double, a Decimal128, a bool \
and a date. All variants send an inclusion, the cheapest projection for the server, except those \
of all fields.

- **adapter**: what Crosstalk runs, from a pipeline as its compiler writes it: batches of Arrow, \
all kept.
- **raw batches**: the driver's, thrown away.
- **adapter's bytes**: the adapter's own raw batches, thrown away.
- **dicts**: motor's `to_list`, which is no Arrow yet; also with Python's garbage collector off, \
and of all fields."""
_INCLUDED = {"$project": {"_id": 0} | dict.fromkeys(COLUMNS, 1)}
_COMPILED = {"$project": {"_id": 0} | {name: f"${name}" for name in COLUMNS}}


async def run(place: Place, quick: bool) -> Outcome:
    """All variants at two sizes."""
    sizes = (1_000, 20_000) if quick else (1_000, 1_000_000)
    for size in (10, *sizes):
        await fill_tickets(place, size)
    return Outcome(_ABOUT, await compare(__name__, place, sizes, 2 if quick else 5))


@contextlib.asynccontextmanager
async def _tickets(
    place: Place, size: int
) -> AsyncGenerator["AsyncIOMotorCollection[dict[str, Any]]"]:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(place.mongo.uri())
    try:
        yield client[DATABASE][f"tickets_{size}"]
    finally:
        client.close()


async def _raw(place: Place, size: int) -> None:
    async with _tickets(place, size) as tickets:
        cursor = tickets.aggregate_raw_batches([_INCLUDED], batchSize=BATCH_ROWS)
        assert [len(batch) async for batch in cursor]


async def _bytes(place: Place, size: int) -> None:
    async with _tickets(place, size) as tickets:
        batches = raw_batches(
            tickets.database,  # pyright: ignore[reportArgumentType] -- motor's stub errs
            tickets.name,
            [_INCLUDED],
            timeout_ms=600_000,
            batch_rows=BATCH_ROWS,
            comment="benchmark",
        )
        assert [len(batch) async for batch in batches]


async def _dicts(place: Place, size: int) -> None:
    async with _tickets(place, size) as tickets:
        cursor = tickets.aggregate([_INCLUDED], batchSize=BATCH_ROWS)
        assert len(await cursor.to_list(None)) == size


async def _dicts_of_all(place: Place, size: int) -> None:
    async with _tickets(place, size) as tickets:
        assert len(await tickets.find(batch_size=BATCH_ROWS).to_list(None)) == size


async def _adapter(place: Place, size: int) -> None:
    login = place.mongo
    mongo = MongoAdapter(
        "benchmark", host=login.host, port=login.port, database=DATABASE, auth_database="admin"
    )
    query = AggregationQuery(
        relations=(f"tickets_{size}",),
        columns=tuple(OutputColumn(name=name, type=word) for name, word in COLUMNS.items()),
        pipeline=(_COMPILED,),
    )
    limits = Limits(max_rows=size, max_bytes=8 * 1024**3, timeout_s=600)
    came: list[pa.Table] = []

    async def take(batch: pa.Table) -> None:
        came.append(batch)

    await mongo.fetch(query, Credential(login.user, login.password), limits, take)
    assert pa.concat_tables(came).num_rows == size


VARIANTS: dict[str, Variant] = {
    "adapter": plain(_adapter),
    "raw batches": plain(_raw),
    "adapter's bytes": plain(_bytes),
    "dicts": plain(_dicts),
    "dicts, GC off": without_gc(plain(_dicts)),
    "dicts of all fields": plain(_dicts_of_all),
    "dicts of all fields, GC off": without_gc(plain(_dicts_of_all)),
}
