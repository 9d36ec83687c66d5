"""TPC-H's 22 queries over three kinds of source, beside systems that hold everything themselves."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import sqlglot

from benchmarks.engine import answered, opened
from benchmarks.measure import Outcome, Run, Target, Variant, Work, compare
from benchmarks.servers import Place
from orchestrator.semantic import SemanticModel
from sandbox.tpch.load import files_in, generate, load_mongo, load_postgres
from sandbox.tpch.model import model_of
from sandbox.tpch.placements import PLACEMENTS
from sandbox.tpch.queries import queries
from sandbox.tpch.schema import TABLES

TITLE = "TPC-H's 22 queries, one after the other"
TARGETS = (
    Target("total time, of one DuckDB that holds everything", "crosstalk", "DuckDB"),
    Target("total time, of one PostgreSQL that holds everything", "crosstalk", "PostgreSQL"),
    Target("total time, of DuckDB's PostgreSQL scanner", "crosstalk", "DuckDB's scanner"),
)
_ABOUT = """Rows are those of `lineitem`, at scale {scale:g}. Single queries are in \
`benchmarks/results/tpch.json`.

- **crosstalk**: `lineitem` in a Parquet file, `orders` and `customer` in PostgreSQL, the other \
five tables in MongoDB.
- **DuckDB**: one file of DuckDB's own with all tables.
- **PostgreSQL**: one PostgreSQL with all tables, their keys, and an index for each foreign key; \
2 GB of shared buffers and 256 MB of work memory.
- **DuckDB's scanner**: DuckDB {scanner} with its PostgreSQL scanner, `lineitem` in the same \
Parquet file and all others in PostgreSQL, as it knows no MongoDB."""
_SCANNER = "1.5.5"
_MIXED = PLACEMENTS["mixed"]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The servers, with the database of one scale in each, its files and one DuckDB file."""

    place: Place
    scale: float
    folder: Path

    @property
    def database(self) -> str:
        """The name of the databases."""
        return self.folder.name

    @property
    def python(self) -> Path:
        """The interpreter that has DuckDB's scanner."""
        return self.folder.parent / "scanner/bin/python"


async def run(place: Place, quick: bool) -> Outcome:
    """All variants at the scale of the variable TPCH_SCALE, 1 when it is not set."""
    scale = float(os.environ.get("TPCH_SCALE", "0.01" if quick else "1"))
    loaded = _Loaded(place, scale, place.folder / f"tpch_{scale:g}".replace(".", "_"))
    await _load(loaded)
    names = list(VARIANTS)
    if not await _scanner_installed(loaded):
        names.remove("DuckDB's scanner")
    rows = await asyncio.to_thread(_rows, loaded)
    series = await compare(__name__, loaded, (rows,), 1 if quick else 3, names)
    return Outcome(_ABOUT.format(scale=scale, scanner=_SCANNER), series)


async def _load(loaded: _Loaded) -> None:
    """Make and load what is not there."""
    place, folder, mark = loaded.place, loaded.folder, loaded.folder / "loaded"
    if await asyncio.to_thread(mark.exists):
        return
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    files = await generate(folder, loaded.scale)
    connection = await asyncpg.connect(place.postgres.dsn())
    await connection.execute(f"DROP DATABASE IF EXISTS {loaded.database}")
    await connection.execute(f"CREATE DATABASE {loaded.database}")
    await connection.close()
    dsn = place.postgres.dsn(loaded.database)
    for table, file in files.items():
        await load_postgres(dsn, table, file)
        if _MIXED[table] == "mongo":
            await load_mongo(place.mongo.uri(), loaded.database, table, file)
    connection = await asyncpg.connect(dsn)
    for table, spec in TABLES.items():
        for columns in spec.refers.values():
            await connection.execute(f"CREATE INDEX ON {table} ({', '.join(columns)})")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    await asyncio.to_thread(_load_duckdb, loaded)
    await asyncio.to_thread(mark.touch)


def _load_duckdb(loaded: _Loaded) -> None:
    file = loaded.folder / "whole.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for table, source in files_in(loaded.folder).items():
            connection.execute(f"CREATE TABLE {table} AS FROM read_parquet('{source}')")


def _rows(loaded: _Loaded) -> int:
    with duckdb.connect(str(loaded.folder / "whole.duckdb"), read_only=True) as connection:
        return connection.sql("SELECT COUNT(*) FROM lineitem").fetchall()[0][0]


async def _scanner_installed(loaded: _Loaded) -> bool:
    """Whether the scanner is in its own virtual environment, where it is installed when it is not.

    It is of another version of DuckDB than ours.
    """
    if await asyncio.to_thread(loaded.python.exists):
        return True
    folder = loaded.python.parent.parent
    packages = (f"duckdb=={_SCANNER}", f"duckdb-extension-postgres-scanner=={_SCANNER}")
    return await _done(sys.executable, "-m", "venv", folder) and await _done(
        loaded.python, "-m", "pip", "install", "-q", "--no-deps", *packages
    )


async def _done(*command: str | Path) -> bool:
    process = await asyncio.create_subprocess_exec(*command)
    return await process.wait() == 0


async def _timed(ask: Callable[[str], Awaitable[object]], scale: float) -> Run:
    """Each query once, in order."""
    seconds: Run = {}
    for name, sql in queries(scale).items():
        began = time.perf_counter()
        await ask(sql)
        seconds[name] = time.perf_counter() - began
    return seconds


@contextlib.asynccontextmanager
async def _crosstalk(loaded: _Loaded, size: int) -> AsyncGenerator[Work]:
    logins = {"postgres": loaded.place.postgres, "mongo": loaded.place.mongo}
    async with opened(_model(loaded), logins) as pipeline:
        await answered(pipeline, "SELECT COUNT(*) AS n FROM region")

        async def work() -> Run:
            return await _timed(lambda sql: answered(pipeline, sql), loaded.scale)

        yield work


@contextlib.asynccontextmanager
async def _duckdb(loaded: _Loaded, size: int) -> AsyncGenerator[Work]:
    with duckdb.connect(str(loaded.folder / "whole.duckdb"), read_only=True) as connection:

        async def ask(sql: str) -> None:
            connection.sql(sql).to_arrow_table()

        async def work() -> Run:
            return await _timed(ask, loaded.scale)

        yield work


@contextlib.asynccontextmanager
async def _postgres(loaded: _Loaded, size: int) -> AsyncGenerator[Work]:
    connection = await asyncpg.connect(loaded.place.postgres.dsn(loaded.database))

    async def ask(sql: str) -> None:
        await connection.fetch(sqlglot.transpile(sql, read="duckdb", write="postgres")[0])

    async def work() -> Run:
        return await _timed(ask, loaded.scale)

    yield work
    await connection.close()


@contextlib.asynccontextmanager
async def _scanner(loaded: _Loaded, size: int) -> AsyncGenerator[Work]:
    extension = next(loaded.python.parent.parent.rglob("postgres_scanner.duckdb_extension"))
    files = files_in(loaded.folder)
    given = {
        "extension": str(extension),
        "dsn": loaded.place.postgres.dsn(loaded.database),
        "tables": [table for table in files if _MIXED[table] != "parquet"],
        "files": {table: str(files[table]) for table in files if _MIXED[table] == "parquet"},
        "queries": queries(loaded.scale),
    }

    async def work() -> Run:
        process = await asyncio.create_subprocess_exec(
            *(loaded.python, Path(__file__).with_name("scanner.py")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate(json.dumps(given).encode())
        assert process.returncode == 0
        return json.loads(said)

    yield work


def _total(variant: Variant) -> Variant:
    """The variant, whose seconds are those of its queries alone."""

    @contextlib.asynccontextmanager
    async def opened(place: Any, size: int) -> AsyncGenerator[Work]:
        async with variant(place, size) as work:

            async def total() -> Run:
                each = await work() or {}
                return {"seconds": sum(each.values())} | each

            yield total

    return opened


VARIANTS: dict[str, Variant] = {
    "crosstalk": _total(_crosstalk),
    "DuckDB": _total(_duckdb),
    "PostgreSQL": _total(_postgres),
    "DuckDB's scanner": _total(_scanner),
}


def _model(loaded: _Loaded) -> SemanticModel:
    def at(source: str) -> dict[str, Any]:
        login = loaded.place.postgres if source == "postgres" else loaded.place.mongo
        return {"host": login.host, "port": login.port, "database": loaded.database}

    files = {
        table: str(file)
        for table, file in files_in(loaded.folder).items()
        if _MIXED[table] == "parquet"
    }
    return model_of(
        _MIXED,
        {
            "postgres": {"kind": "postgres", "connect": at("postgres")},
            "mongo": {"kind": "mongo", "connect": at("mongo") | {"auth_database": "admin"}},
            "parquet": {"kind": "duckdb", "connect": {"files": files}},
        },
    )
