"""Staging: one run's rows in a locked DuckDB, in place or appended, and no trace left."""

import asyncio
import resource
import threading
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.errors import ConfigurationError, QueryError
from orchestrator import staging as room
from orchestrator.staging import Staging, StagingPool, StagingSettings

IN_PLACE, APPENDED = 10**9, 0
FOREVER = "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range < b.range"


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncGenerator[StagingPool]:
    """A pool that spills below the test's folder."""
    one = StagingPool(StagingSettings("1GB", tmp_path))
    await one.start()
    yield one
    await one.close()


def numbers(*values: int | None) -> pa.Table:
    """A table of one column `id`."""
    return pa.table({"id": pa.array(values, pa.int64())})


async def fill(staging: Staging, step: str, *batches: pa.Table) -> None:
    """Stage a step's batches."""
    async with staging.filling(step, batches[0].schema) as take:
        for batch in batches:
            await take(batch)


async def read(staging: Staging, sql: str) -> pa.Table:
    """What a query over the staged tables gives."""
    return await staging.ask(lambda cursor: cursor.sql(sql).to_arrow_table())


def files(folder: Path) -> list[Path]:
    """All that lies below a folder."""
    return list(folder.rglob("*"))


@pytest.fixture(params=[IN_PLACE, APPENDED], ids=["in place", "appended"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test with tables that stay Arrow, and with tables that are appended."""
    monkeypatch.setattr(room, "CHUNK_BYTES", request.param)


@pytest.mark.usefixtures("both_ways")
async def test_no_run_sees_the_rows_of_another(pool: StagingPool) -> None:
    """Each run has a database of its own, also while the other is open, and after it."""
    async with pool.opened() as one, pool.opened() as other:
        await fill(one, "s1", numbers(1))
        assert (await read(one, "FROM fetched_s1")).num_rows == 1
        with pytest.raises(duckdb.CatalogException):
            await read(other, "FROM fetched_s1")
    async with pool.opened() as later:
        assert later.steps == set()
        with pytest.raises(duckdb.CatalogException):
            await read(later, "FROM fetched_s1")


@pytest.mark.usefixtures("both_ways")
async def test_a_step_that_is_tried_again_starts_empty(pool: StagingPool) -> None:
    """Rows of an attempt that failed are gone, and the step is not staged until one ends well."""
    async with pool.opened() as staging:
        with pytest.raises(pa.ArrowInvalid):
            await fill(staging, "s1", numbers(1, 2), numbers(3), pa.table({"other": [1]}))
        assert staging.steps == set()
        await fill(staging, "s1", numbers(4), numbers(5))
        assert staging.steps == {"s1"}
        assert (await read(staging, "FROM fetched_s1")).column("id").to_pylist() == [4, 5]


@pytest.mark.usefixtures("both_ways")
async def test_steps_fill_side_by_side(pool: StagingPool) -> None:
    """Several steps take batches at the same time, and each has its own rows."""
    async with pool.opened() as staging:
        steps = [f"s{number}" for number in range(1, 6)]
        batches = [numbers(*range(at, at + 100)) for at in range(0, 1_000, 100)]
        await asyncio.gather(*(fill(staging, step, *batches) for step in steps))
        for step in steps:
            assert (await read(staging, f"FROM fetched_{step}")).num_rows == 1_000


@pytest.mark.usefixtures("both_ways")
async def test_rows_keep_their_order(pool: StagingPool) -> None:
    """A source's ORDER BY holds: rows are read as they came."""
    async with pool.opened() as staging:
        batches = [numbers(*range(at + 20_000, at, -1)) for at in range(400_000, 0, -20_000)]
        await fill(staging, "s1", *batches)
        ids = (await read(staging, "SELECT * FROM fetched_s1")).column("id").to_pylist()
        assert ids == list(range(420_000, 20_000, -1))


async def test_appended_rows_are_let_go(pool: StagingPool) -> None:
    """What has been appended is in DuckDB alone: the Arrow memory of a long fetch does not grow."""
    batch_bytes = 8 * 200_000
    async with pool.opened() as staging:
        before = pa.total_allocated_bytes()
        async with staging.filling("s1", pa.schema({"id": pa.int64()})) as take:
            for _ in range(20):
                await take(pa.table({"id": pa.array(range(200_000), pa.int64())}))
            held = pa.total_allocated_bytes() - before
        assert held < room.CHUNK_BYTES + 2 * batch_bytes


@pytest.mark.usefixtures("both_ways")
async def test_an_empty_step_has_its_columns(pool: StagingPool) -> None:
    """A step without a batch is a table without rows."""
    async with pool.opened() as staging:
        async with staging.filling("s1", numbers().schema):
            pass
        assert (await read(staging, "FROM fetched_s1")).schema == numbers().schema


@pytest.mark.usefixtures("both_ways")
async def test_distinct_keys_are_bounded(pool: StagingPool) -> None:
    """Keys come once each without nulls, in order, and None when there are too many."""
    async with pool.opened() as staging:
        await fill(staging, "s1", numbers(3, 1), numbers(3, None))
        await fill(staging, "s2", numbers())
        assert await staging.distinct("s1", '"id"', 2) == [1, 3]
        assert await staging.distinct("s1", '"id"', 1) is None
        assert await staging.distinct("s2", '"id"', 2) == []


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    "sql",
    [
        "FROM hidden",
        "SET GLOBAL TimeZone = 'Europe/Berlin'",
        "SET GLOBAL python_enable_replacements = true",
        "SET temp_directory = '/tmp'",
        "COPY fetched_s1 TO '/tmp/stolen.csv'",
        "FROM read_text('/etc/hostname')",
    ],
)
async def test_every_cursor_is_locked(pool: StagingPool, sql: str) -> None:
    """The cursors of a run see no Python variable, reach no file and can't change a setting."""
    hidden = numbers(1)
    async with pool.opened() as staging:
        await fill(staging, "s1", hidden)
        with pytest.raises(duckdb.Error):
            await read(staging, sql)
        zone = await read(staging, "SELECT current_setting('TimeZone') AS zone")
        assert zone.column("zone").to_pylist() == ["UTC"]


async def test_a_slow_append_holds_the_fetch(
    pool: StagingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives a batch waits until DuckDB has taken it (back-pressure)."""
    monkeypatch.setattr(room, "CHUNK_BYTES", APPENDED)
    begun, go = threading.Event(), threading.Event()
    real = room.Filled.append

    def slow(filled: Any) -> None:
        begun.set()
        assert go.wait(30)
        real(filled)

    monkeypatch.setattr(room.Filled, "append", slow)
    async with pool.opened() as staging, staging.filling("s1", numbers().schema) as take:
        given = asyncio.ensure_future(take(numbers(1)))
        await asyncio.to_thread(begun.wait, 30)
        assert not given.done()
        go.set()
        await given


async def test_what_does_not_fit_is_spilled_and_removed(tmp_path: Path) -> None:
    """Rows beyond the memory go to the named folder, and leave it with the run."""
    pool = StagingPool(StagingSettings("64MB", tmp_path))
    async with pool.opened() as staging:
        async with staging.filling("s1", numbers().schema) as take:
            for at in range(0, 15_000_000, 500_000):
                await take(pa.table({"id": np.arange(at, at + 500_000)}))
        spilled = sum(path.stat().st_size for path in files(tmp_path))
        total = await read(staging, "SELECT SUM(id)::BIGINT AS n FROM fetched_s1")
    await pool.close()
    assert spilled > 1_000_000
    assert total.column("n").to_pylist() == [15_000_000 * 14_999_999 // 2]
    assert files(tmp_path) == []


async def test_what_can_not_be_spilled_says_what_to_do(tmp_path: Path) -> None:
    """A join that needs more than it may have is an error for people."""
    pool = StagingPool(StagingSettings("20MB", tmp_path))
    try:
        async with pool.opened() as staging:
            with pytest.raises(QueryError, match="CROSSTALK_JOIN_MEMORY"):
                await read(staging, "SELECT list(range) FROM range(20000000)")
    finally:
        await pool.close()


async def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    """A spill that finds no room on the disk is an error for people, and leaves nothing."""
    pool = StagingPool(StagingSettings("20MB", tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        async with pool.opened() as staging:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
            with pytest.raises(QueryError, match="CROSSTALK_SPILL_FOLDER"):
                await read(staging, "SELECT DISTINCT range, hash(range) AS h FROM range(10000000)")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await pool.close()
    assert files(tmp_path) == []


async def test_what_a_killed_process_has_spilt_is_removed(
    pool: StagingPool, tmp_path: Path
) -> None:
    """The next start removes the folders that no live process holds, and those alone."""
    left = tmp_path / "crosstalk-spill-left"
    left.mkdir()
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"rows")
    (held,) = set(files(tmp_path)) - {left, *files(left)}
    other = StagingPool(StagingSettings("1GB", tmp_path))
    await other.start()
    assert not left.exists()
    assert held.exists()
    await other.close()


async def test_a_cancelled_query_is_interrupted(pool: StagingPool, tmp_path: Path) -> None:
    """Cancelling ends what DuckDB does, and gives back folder and memory."""
    running = threading.Event()

    def endless(cursor: duckdb.DuckDBPyConnection) -> None:
        running.set()
        cursor.execute(FOREVER).fetchall()

    async def run() -> None:
        async with pool.opened() as staging:
            await staging.ask(endless)

    task = asyncio.create_task(run())
    await asyncio.to_thread(running.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 30)
    await pool.close()
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "wrong",
    [StagingSettings("plenty"), StagingSettings("1GB", Path("/nowhere/at/all"))],
    ids=["memory", "folder"],
)
async def test_settings_that_duckdb_can_not_use_stop_the_start(wrong: StagingSettings) -> None:
    """A size that is none, or a folder that is not there, is said at the start."""
    pool = StagingPool(wrong)
    with pytest.raises(ConfigurationError, match="CROSSTALK_JOIN_MEMORY"):
        await pool.start()


_VALUES = st.tuples(
    st.none() | st.integers(-5, 5),
    st.none() | st.text("aé\U0001f600'\"", max_size=3),
    st.none() | st.decimals(-9999, 9999, places=9),
    st.none() | st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.none() | st.dates(date(1, 1, 1)),
    st.none() | st.booleans(),
    st.none() | st.floats(),
)
_SCHEMA = pa.schema(
    [
        ("k", pa.int64()),
        ("s", pa.string()),
        ("d", pa.decimal128(38, 9)),
        ("t", pa.timestamp("us", tz="UTC")),
        ("day", pa.date32()),
        ("b", pa.bool_()),
        ("f", pa.float64()),
    ]
)
_JOIN = """SELECT * FROM (SELECT l.*, r.s AS rs, r.d AS rd FROM fetched_s1 AS l
FULL JOIN fetched_s2 AS r ON l.k = r.k) ORDER BY ALL"""


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    """Rows of every type."""
    columns = list(zip(*rows, strict=True)) or [()] * len(_SCHEMA)
    aware = [one and one.replace(tzinfo=UTC) for one in columns[3]]
    columns[3] = tuple(aware)
    arrays = [pa.array(one, type=kind) for one, kind in zip(columns, _SCHEMA.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(left=st.lists(_VALUES, max_size=12), right=st.lists(_VALUES, max_size=12))
async def test_appended_tables_join_as_tables_in_place(
    pool: StagingPool, left: list[Any], right: list[Any]
) -> None:
    """Whatever the rows, both kinds of staging give the same join."""
    found: list[pa.Table] = []
    with pytest.MonkeyPatch.context() as patch:
        for chunk in (IN_PLACE, APPENDED):
            patch.setattr(room, "CHUNK_BYTES", chunk)
            async with pool.opened() as staging:
                await fill(staging, "s1", *(table([row]) for row in left), table([]))
                await fill(staging, "s2", table(right))
                found.append(await read(staging, _JOIN))
    assert found[0].schema == found[1].schema
    assert repr(found[0].to_pylist()) == repr(found[1].to_pylist())
