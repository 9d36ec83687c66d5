"""Runs that can be stopped."""

import asyncio
from pathlib import Path

import pytest

from bot.slack.running import Running, Stopped, stopped_message
from orchestrator.store import Stops, Store

ASKER, OTHER = ("T1", "U1"), ("T1", "U2")


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Work that goes on for ever, and knows whether it was cancelled."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> None:
        """Go on until cancelled."""
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_work_gives_what_it_gives() -> None:
    """What is not stopped ends by itself, and is then unknown."""
    running = Running()

    async def work() -> int:
        return 7

    assert await running.until_done("r1", {ASKER}, work()) == 7
    assert running.stop("r1", ASKER) == "unknown"


async def test_the_asker_alone_can_stop_it() -> None:
    """Others are refused, people of another workspace with the same id too; two presses are one."""
    clock, work = Clock(), Work()
    running = Running(clock)
    run = asyncio.create_task(running.until_done("r1", {ASKER}, work()))
    await work.began.wait()
    assert running.stop("r1", OTHER) == "denied"
    assert running.stop("r1", ("T2", "U1")) == "denied"
    assert running.stop("r2", ASKER) == "unknown"
    clock.now = 12.0
    assert [running.stop("r1", ASKER), running.stop("r1", ASKER)] == ["stopped", "stopped"]
    with pytest.raises(Stopped) as caught:
        await run
    assert (caught.value.by, caught.value.seconds) == (ASKER, 12.0)
    assert work.cancelled


async def test_a_shutdown_is_no_stop() -> None:
    """Cancelled from outside, the work is cancelled, and nobody is said to have stopped it."""
    running, work = Running(), Work()
    run = asyncio.create_task(running.until_done("r1", {ASKER}, work()))
    await work.began.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert work.cancelled
    assert running.stop("r1", ASKER) == "unknown"


async def test_a_wish_of_another_process_ends_a_run_here(tmp_path: Path) -> None:
    """The asker's wish ends it, another's does not; those of runs elsewhere are left alone."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await store.open()
    stops, running, work = Stops(store.engine), Running(), Work()
    await running.obey(stops)
    run = asyncio.create_task(running.until_done("r1", {ASKER}, work()))
    other = asyncio.create_task(running.until_done("r2", {ASKER}, Work()()))
    await work.began.wait()
    await stops.wish("r2", *OTHER)
    await stops.wish("r3", *ASKER)
    await running.obey(stops)
    assert not run.cancelling()
    await stops.wish("r1", *ASKER)
    await running.obey(stops)
    with pytest.raises(Stopped):
        await run
    assert not other.done()
    other.cancel()
    await store.close()


@pytest.mark.parametrize(
    ("read", "kept"),
    [
        ((), "nothing had been read"),
        (("sales: <order>",), "sales: &lt;order&gt; had been read"),
        (("a", "b", "c"), "a, b and c had been read"),
    ],
)
def test_the_thread_is_told_who_and_what(read: tuple[str, ...], kept: str) -> None:
    """Who stopped it is mentioned; what was read is escaped."""
    text = stopped_message(Stopped(ASKER, 12.3), read).text
    assert text.startswith(f"Stopped by <@U1> after 12 s; {kept}.")
