"""A connection that blocks, in a thread of its own: deadlines and cancellation still hold."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

_AGAIN_S = 0.02


class Connection(Protocol):
    """What a blocking driver's connection has to offer; `interrupt` may come from any thread."""

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


C = TypeVar("C", bound=Connection)
T = TypeVar("T")


async def interruptible(working: asyncio.Future[T], interrupt: Callable[[], None]) -> T:
    """What the work in a thread gives. When this is cancelled, the work is interrupted and waited
    for; an interrupt that comes before the driver has begun is lost, so it is repeated."""
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            interrupt()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({working}, timeout=_AGAIN_S)
        if not working.cancelled():
            working.exception()
        raise


class InThread(Generic[C]):
    """Runs calls on one connection, in turn."""

    def __init__(self, connection: C, pool: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._pool = pool

    async def run(self, call: Callable[[C], T]) -> T:
        """What `call` gives of the connection. When this is cancelled, the call is interrupted and
        waited for."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, call, self._connection)
        return await interruptible(future, self._connection.interrupt)


@contextlib.asynccontextmanager
async def in_thread(connect: Callable[[], C]) -> AsyncGenerator[InThread[C]]:
    """A fresh connection, closed at the end; `connect` runs in its thread, too.

    The thread is not of the shared pool, where slow queries would keep others from starting.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="crosstalk-driver") as pool:
        loop = asyncio.get_running_loop()
        with contextlib.closing(await loop.run_in_executor(pool, connect)) as connection:
            yield InThread(connection, pool)
