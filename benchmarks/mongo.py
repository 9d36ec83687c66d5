"""How long MongoDB's documents take to become Arrow, beside reading alone and lists of dicts.

    python -m benchmarks.mongo [COUNT …] [--rounds N]

Starts a mongod of its own and prints one line of JSON for each variant and count. Each run is a
process of its own (Linux), variants take turns, and each opens a client, as the adapter does.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
from bson import Decimal128
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.limits import BATCH_ROWS
from adapters.mongo import MongoAdapter
from adapters.mongo.read import raw_batches
from adapters.query import AggregationQuery, OutputColumn
from sandbox.mongo import MongoServer, start_mongo

COLUMNS = {
    "number": "string",
    "customer": "int64",
    "amount": "float64",
    "refund": "decimal(10,2)",
    "open": "bool",
    "opened_at": "timestamptz",
    "status": "string",
}
_DATABASE, _COLLECTION = "benchmark", "tickets"
_INCLUDED = {"$project": {"_id": 0} | dict.fromkeys(COLUMNS, 1)}
_COMPILED = {"$project": {"_id": 0} | {name: f"${name}" for name in COLUMNS}}


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mongod is, and its admin."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds, those of this process's CPU, growth of its peak memory, longest stall of
    the event loop. On a machine with other work, the CPU's seconds are what can be compared."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    stall_ms: float


async def raw(server: Server, count: int) -> int:
    """The driver's raw batches, thrown away."""
    async with _collection(server) as collection:
        cursor = collection.aggregate_raw_batches(_pipeline(count), batchSize=BATCH_ROWS)
        return sum([len(batch) async for batch in cursor])


async def bytes_alone(server: Server, count: int) -> int:
    """The adapter's own raw batches, thrown away."""
    async with _collection(server) as collection:
        batches = raw_batches(
            collection.database,  # pyright: ignore[reportArgumentType] -- motor's stub errs
            _COLLECTION,
            _pipeline(count),
            timeout_ms=600_000,
            batch_rows=BATCH_ROWS,
        )
        return sum([len(batch) async for batch in batches])


async def dicts(server: Server, count: int) -> int:
    """motor's documents as one list of dicts."""
    async with _collection(server) as collection:
        cursor = collection.aggregate(_pipeline(count), batchSize=BATCH_ROWS)
        return len(await cursor.to_list(None))


async def dicts_without_gc(server: Server, count: int) -> int:
    """As `dicts`, with Python's garbage collector off."""
    gc.disable()
    try:
        return await dicts(server, count)
    finally:
        gc.enable()


async def adapter(server: Server, count: int) -> int:
    """The adapter's batches of Arrow, all kept, of a pipeline as the compiler writes it."""
    mongo = MongoAdapter(
        "benchmark",
        host=server.host,
        port=server.port,
        database=_DATABASE,
        auth_database="admin",
    )
    query = AggregationQuery(
        relations=(_COLLECTION,),
        columns=tuple(OutputColumn(name=name, type=word) for name, word in COLUMNS.items()),
        pipeline=({"$limit": count}, _COMPILED),
    )
    limits = Limits(max_rows=count, max_bytes=8 * 1024**3, timeout_s=600)
    came: list[pa.Table] = []

    async def take(batch: pa.Table) -> None:
        came.append(batch)

    await mongo.fetch(query, Credential(server.user, server.password), limits, take)
    return pa.concat_tables(came).num_rows


VARIANTS: dict[str, Callable[[Server, int], Awaitable[int]]] = {
    one.__name__: one for one in (raw, bytes_alone, dicts, dicts_without_gc, adapter)
}


def measure(variant: str, server: Server, count: int) -> Run:
    """One run of a variant over `count` documents, after a warm-up of ten; the median of several
    when they are few."""
    return asyncio.run(_measure(VARIANTS[variant], server, count))


async def _measure(variant: Callable[[Server, int], Awaitable[int]], server: Server, n: int) -> Run:
    await variant(server, 10)
    before = _peak_mb(anew=True)
    ticker = asyncio.create_task(_longest_stall())
    times: list[float] = []
    cpu = time.process_time()
    for _ in range(max(1, 20_000 // n)):
        began = time.perf_counter()
        await variant(server, n)
        times.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / len(times)
    ticker.cancel()
    return Run(statistics.median(times), cpu, _peak_mb() - before, await ticker * 1_000)


async def _longest_stall() -> float:
    """Seconds by which a tick of 1 ms came late at most, until cancelled."""
    longest, began = 0.0, time.perf_counter()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, began = max(longest, now - began - 0.001), now
    return longest


def _peak_mb(*, anew: bool = False) -> float:
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _pipeline(count: int) -> list[dict[str, Any]]:
    return [{"$limit": count}, _INCLUDED]


@contextlib.asynccontextmanager
async def _collection(
    server: Server,
) -> AsyncGenerator["AsyncIOMotorCollection[dict[str, Any]]"]:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        server.host, server.port, username=server.user, password=server.password
    )
    try:
        yield client[_DATABASE][_COLLECTION]
    finally:
        client.close()


async def _fill(server: Server, count: int) -> None:
    """`count` documents, each with more than is read, the same every time."""
    dice = random.Random(1)  # noqa: S311 -- numbers for a measurement
    start = datetime(2020, 1, 1, tzinfo=UTC)
    async with _collection(server) as collection:
        for first in range(0, count, 20_000):
            documents = [
                {
                    "_id": number,
                    "number": f"T-{number:07}",
                    "customer": dice.randrange(50_000),
                    "amount": dice.random() * 10_000,
                    "refund": Decimal128(f"{dice.randrange(100_000) / 100:.2f}"),
                    "open": dice.random() < 0.3,
                    "opened_at": start + timedelta(seconds=37 * number),
                    "status": dice.choice(["open", "pending", "solved", "closed"]),
                    "subject": "x" * 60,
                }
                for number in range(first, min(first + 20_000, count))
            ]
            await collection.insert_many(documents, ordered=False)


def compare(server: Server, count: int, rounds: int) -> dict[str, list[Run]]:
    """`rounds` runs of each variant over `count` documents, in turns."""
    runs: dict[str, list[Run]] = {name: [] for name in VARIANTS}
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        for _ in range(rounds):
            for name, came in runs.items():
                came.append(fresh.submit(measure, name, server, count).result())
    return runs


def _told(name: str, count: int, runs: list[Run]) -> dict[str, Any]:
    line: dict[str, Any] = {"variant": name, "documents": count, "rounds": len(runs)}
    for figure in ("seconds", "cpu_seconds", "memory_mb", "stall_ms"):
        values = [asdict(run)[figure] for run in runs]
        line[figure] = round(statistics.median(values), 4)
        line[f"{figure}_range"] = [round(min(values), 4), round(max(values), 4)]
    return line


async def _main(counts: list[int], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started: MongoServer = await start_mongo(Path(folder))
        server = Server(started.host, started.port, started.admin_user, started.admin_password)
        try:
            await _fill(server, max(counts))
            for count in counts:
                runs = await asyncio.to_thread(compare, server, count, rounds)
                for name, came in runs.items():
                    sys.stdout.write(json.dumps(_told(name, count, came)) + "\n")
                    sys.stdout.flush()
        finally:
            await started.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    asyncio.run(_main(asked.counts, asked.rounds))
