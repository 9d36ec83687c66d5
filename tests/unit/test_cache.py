"""The result cache: recent, complete, bounded, and one fetch at a time for equal keys."""

import asyncio
import weakref
from collections.abc import Callable

import pyarrow as pa
import pytest

from adapters.query import OutputColumn, SqlQuery
from orchestrator.cache import Kept, ResultCache, key_of

TABLE = pa.table({"id": pa.array(range(100), pa.int64())})
QUERY = SqlQuery(
    relations=("public.orders",),
    columns=(OutputColumn(name="id", type="int64"),),
    text="SELECT id FROM orders WHERE id = $1",
    parameters=(1,),
)


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def record(cache: ResultCache, key: str, table: pa.Table = TABLE) -> None:
    """One fetch that gives this table."""
    with cache.recording(key) as recording:
        recording.restart()
        recording.add(table)
        recording.keep(table.schema)


async def rows(cache: ResultCache, key: str) -> int | None:
    """How many rows are kept under a key."""
    kept = await cache.found(key)
    return kept.table.num_rows if kept is not None else None


async def test_rows_are_kept_for_their_time_alone() -> None:
    """Rows are found until they are as old as the cache keeps them, and know their age."""
    clock = Clock()
    cache = ResultCache(300, 10**9, clock)
    record(cache, "a")
    clock.now += 299
    kept = await cache.found("a")
    assert kept is not None
    assert cache.age(kept) == 299
    clock.now += 1
    assert await rows(cache, "a") is None


async def test_old_rows_are_let_go_unasked() -> None:
    """What is too old leaves memory when anything else is put or asked for."""
    clock = Clock()
    cache = ResultCache(300, 10**9, clock)
    record(cache, "a")
    kept = await cache.found("a")
    assert kept is not None
    table = weakref.ref(kept.table)
    del kept
    clock.now += 300
    record(cache, "b")
    assert table() is None


async def test_rows_that_are_read_anew_are_kept_anew() -> None:
    """A key that is put again is kept for the time of the later fetch."""
    clock = Clock()
    cache = ResultCache(300, 10**9, clock)
    record(cache, "a")
    clock.now += 200
    record(cache, "a")
    clock.now += 150
    record(cache, "b")
    assert await rows(cache, "a") == 100


async def test_age_counts_from_the_start_of_the_fetch() -> None:
    """Rows are as old as the attempt that brought them, not as its end."""
    clock = Clock()
    cache = ResultCache(300, 10**9, clock)
    with cache.recording("a") as recording:
        clock.now += 50  # waits for a slot
        recording.restart()
        clock.now += 20
        recording.add(TABLE)
        recording.keep(TABLE.schema)
    kept = await cache.found("a")
    assert kept is not None
    assert cache.age(kept) == 20


async def test_zero_seconds_keep_nothing() -> None:
    """A cache of 0 seconds neither keeps rows nor lets equal fetches wait for each other."""
    cache = ResultCache(0, 10**9)
    with cache.recording("a") as recording:
        recording.add(TABLE)
        recording.keep(TABLE.schema)
        assert await rows(cache, "a") is None
    assert await rows(cache, "a") is None


async def test_the_least_used_goes_first() -> None:
    """What is kept stays under the bytes allowed; what was found lately stays longest."""
    cache = ResultCache(300, 8 * TABLE.nbytes)
    for key in "abcdefgh":
        record(cache, key)
    assert await rows(cache, "a") == 100
    record(cache, "i")
    assert [await rows(cache, key) for key in "abi"] == [100, None, 100]


async def test_large_results_are_not_kept() -> None:
    """A result over an eighth of the cache is not kept, and displaces nothing."""
    cache = ResultCache(300, 8 * TABLE.nbytes)
    record(cache, "small")
    record(cache, "large", pa.concat_tables([TABLE, TABLE]))
    assert [await rows(cache, key) for key in ("small", "large")] == [100, None]


async def test_empty_results_are_kept() -> None:
    """That there are no rows is a result too."""
    cache = ResultCache(300, 10**9)
    record(cache, "a", TABLE.slice(0, 0))
    assert await rows(cache, "a") == 0


async def test_rows_of_a_failed_attempt_are_forgotten() -> None:
    """After a retry the rows are those of the last attempt alone."""
    cache = ResultCache(300, 10**9)
    with cache.recording("a") as recording:
        for _ in range(2):
            recording.restart()
            recording.add(TABLE)
        recording.keep(TABLE.schema)
    assert await rows(cache, "a") == 100


async def test_what_is_not_kept_on_purpose_is_not_found() -> None:
    """A fetch that ends without `keep`, as a truncated one does, leaves nothing."""
    cache = ResultCache(300, 10**9)
    with cache.recording("a") as recording:
        recording.add(TABLE)
    assert await rows(cache, "a") is None


async def waiting(cache: ResultCache, key: str) -> asyncio.Task[Kept | None]:
    """An equal fetch that waits for the one under way."""
    task = asyncio.create_task(cache.found(key))
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_equal_fetches_wait_for_one() -> None:
    """Those that ask while a fetch is under way are given its rows; other keys do not wait."""
    cache = ResultCache(300, 10**9)
    with cache.recording("a") as recording:
        both = [await waiting(cache, "a"), await waiting(cache, "a")]
        assert await rows(cache, "b") is None
        recording.add(TABLE)
        recording.keep(TABLE.schema)
    assert [kept.table.num_rows for kept in await asyncio.gather(*both) if kept] == [100, 100]


@pytest.mark.parametrize("ending", [RuntimeError(), None], ids=["fails", "is cancelled"])
async def test_a_fetch_that_fails_frees_those_that_wait(ending: Exception | None) -> None:
    """When the first fails or is cancelled, the others go on by themselves, and may be kept."""
    cache = ResultCache(300, 10**9)
    go = asyncio.Event()

    async def fetch() -> None:
        with cache.recording("a"):
            await go.wait()
            raise ending or asyncio.CancelledError

    first = asyncio.create_task(fetch())
    await asyncio.sleep(0)
    waits = await waiting(cache, "a")
    go.set()
    assert await waits is None
    await asyncio.wait({first})
    assert first.cancelled() is (ending is None)
    record(cache, "a")
    assert await rows(cache, "a") == 100


async def test_one_that_waits_can_leave() -> None:
    """Who is cancelled while it waits does not disturb the fetch nor the others."""
    cache = ResultCache(300, 10**9)
    with cache.recording("a") as recording:
        leaves, stays = await waiting(cache, "a"), await waiting(cache, "a")
        leaves.cancel()
        await asyncio.wait({leaves})
        recording.keep(TABLE.schema)
    assert await stays is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda: ("support", QUERY, "policy", "1"),
        lambda: ("sales", QUERY.model_copy(update={"parameters": (2,)}), "policy", "1"),
        lambda: ("sales", QUERY.model_copy(update={"parameters": (1, [7])}), "policy", "1"),
        lambda: ("sales", QUERY.model_copy(update={"text": "SELECT id"}), "policy", "1"),
        lambda: ("sales", QUERY, "another policy", "1"),
        lambda: ("sales", QUERY, "policy", "2"),
        lambda: ("sales", QUERY, "policy", None),
    ],
    ids=["source", "parameter", "fed keys", "text", "policy", "catalog", "no catalog"],
)
def test_a_key_holds_all_that_decides_the_rows(
    change: Callable[[], tuple[str, SqlQuery, str, str | None]],
) -> None:
    """Another source, value, fed key, text, policy or catalog is another key."""
    key = key_of("sales", QUERY, "policy", "1")
    assert key == key_of("sales", QUERY.model_copy(), "policy", "1")
    assert key != key_of(*change())
