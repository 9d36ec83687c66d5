"""A blocking connection in a thread: calls in turn, interrupts that are not lost."""

import asyncio
import threading

import pytest

from adapters.threads import in_thread


class Deaf:
    """A connection whose call hears only the third interrupt, as one that has not begun."""

    def __init__(self) -> None:
        self.heard = 0
        self.closed = False
        self.working = threading.Event()
        self.stopped = threading.Event()

    def interrupt(self) -> None:
        self.heard += 1
        if self.heard == 3:
            self.stopped.set()

    def close(self) -> None:
        self.closed = True

    def work(self) -> None:
        """Block until the interrupt is heard."""
        self.working.set()
        assert self.stopped.wait(30)
        raise InterruptedError


async def test_calls_run_in_one_other_thread() -> None:
    """Each call runs in the connection's own thread, and the connection is closed at the end."""
    connection = Deaf()
    async with in_thread(lambda: connection) as held:
        threads = {await held.run(lambda _: threading.get_ident()) for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert connection.closed


async def test_a_cancelled_call_is_interrupted_until_it_ends() -> None:
    """The interrupt is repeated, the call is waited for, and only then is the connection closed."""
    connection = Deaf()

    async def fetch() -> None:
        async with in_thread(lambda: connection) as held:
            await held.run(lambda one: one.work())

    task = asyncio.create_task(fetch())
    await asyncio.to_thread(connection.working.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert connection.heard == 3
    assert connection.closed


async def test_what_a_call_raises_comes_out() -> None:
    """An error of the driver is raised where the call was awaited."""
    async with in_thread(Deaf) as held:
        with pytest.raises(ZeroDivisionError):
            await held.run(lambda _: 1 // 0)
