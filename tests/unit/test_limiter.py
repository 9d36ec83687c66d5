"""The limiter: it follows a source's latency, in line, between one and its bound."""

import asyncio
import contextlib

import pytest

from orchestrator.limiter import Gradient, Limiter

USUAL_S = 0.02


def sampled(gradient: Gradient, seconds: float, times: int, shape: str = "small") -> int:
    """The limit after so many samples of a source that is used to its limit."""
    for _ in range(times):
        gradient.sample(shape, seconds, gradient.limit)
    return gradient.limit


@pytest.mark.parametrize("most", [1, 2, 4, 8, 32])
def test_slowness_shrinks_the_limit_and_its_end_restores_it(most: int) -> None:
    """When latency climbs to five times its baseline, few run at once; then all again."""
    gradient = Gradient(most)
    assert sampled(gradient, USUAL_S, 50) == most
    assert sampled(gradient, 5 * USUAL_S, 12) <= max(1, most // 4)
    assert sampled(gradient, USUAL_S, 4 * most + 20) == most


def test_a_limit_stays_within_its_bounds() -> None:
    """However fast or slow a source is, at least one query runs and never more than its bound."""
    gradient = Gradient(4)
    assert sampled(gradient, USUAL_S, 20) == 4
    assert sampled(gradient, 1_000.0, 30) == 1
    assert sampled(gradient, 0.0, 1_000) == 4


def test_queries_of_very_different_size_do_not_fool_it() -> None:
    """Queries that are always a thousand times slower than others leave the limit as it is."""
    gradient = Gradient(4)
    for _ in range(200):
        sampled(gradient, USUAL_S, 1, "small")
        sampled(gradient, 1_000 * USUAL_S, 1, "large")
    assert gradient.limit == 4
    assert sampled(gradient, 5_000 * USUAL_S, 12, "large") == 1


def test_a_lasting_change_becomes_the_baseline() -> None:
    """A source that is slower for good gets its whole limit back in time."""
    gradient = Gradient(4)
    sampled(gradient, USUAL_S, 50)
    assert sampled(gradient, 3 * USUAL_S, 10) < 4
    assert sampled(gradient, 3 * USUAL_S, 200) == 4


def test_an_idle_source_says_nothing() -> None:
    """One slow query alone, of a limit that is not used, does not change it."""
    gradient = Gradient(8)
    for seconds in (USUAL_S, 100 * USUAL_S, 100 * USUAL_S):
        gradient.sample("small", seconds, 1)
    assert gradient.limit == 8


def test_timeouts_shrink_the_limit() -> None:
    """A source that does not answer at all is given less, although there is no latency to see."""
    gradient = Gradient(4)
    for _ in range(8):
        gradient.failed()
    assert gradient.limit == 1


async def test_slots_are_given_in_line() -> None:
    """No more than the limit run at once, and those that wait go in the order they came."""
    limiter = Limiter(2)
    order: list[int] = []
    most = 0

    async def one(number: int) -> None:
        nonlocal most
        async with limiter.slot():
            order.append(number)
            most = max(most, limiter.running)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert (order, most, limiter.running) == (list(range(20)), 2, 0)


@pytest.mark.parametrize("leaves", ["the one that runs", "the one that waits", "both"])
async def test_a_cancelled_query_leaves_no_slot_taken(leaves: str) -> None:
    """Whoever is cancelled, running or waiting, or just let in, the next one gets its turn."""
    limiter = Limiter(1)

    async def hold() -> None:
        async with limiter.slot():
            await asyncio.Event().wait()

    runs, waits = asyncio.create_task(hold()), asyncio.create_task(hold())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task, name in ((runs, "the one that runs"), (waits, "the one that waits")):
        if leaves in (name, "both"):
            task.cancel()
    if leaves == "both":
        with contextlib.suppress(asyncio.CancelledError):
            await runs
        async with asyncio.timeout(5), limiter.slot():
            assert limiter.running == 1
    else:
        gone, stays = (runs, waits) if leaves == "the one that runs" else (waits, runs)
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert (limiter.running, stays.done()) == (1, False)
        stays.cancel()
    await asyncio.gather(runs, waits, return_exceptions=True)
    assert limiter.running == 0


async def test_a_smaller_limit_holds_those_that_wait() -> None:
    """When the limit has shrunk, a slot that is given back is not given on until few run."""
    limiter = Limiter(4)
    let_in = asyncio.Event()

    async def wait() -> None:
        async with limiter.slot():
            let_in.set()

    held = [limiter.slot() for _ in range(4)]
    for slot in held:
        await slot.__aenter__()
    for seconds, times in ((USUAL_S, 20), (10 * USUAL_S, 12)):
        for _ in range(times):
            limiter.sample("small", seconds)
    assert limiter.gradient.limit == 1
    waits = asyncio.create_task(wait())
    await asyncio.sleep(0)
    for slot in held:
        assert not let_in.is_set()
        await slot.__aexit__(None, None, None)
        await asyncio.sleep(0)
    await asyncio.wait_for(waits, 5)
    assert (let_in.is_set(), limiter.running) == (True, 0)
