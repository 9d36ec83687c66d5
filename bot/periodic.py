"""What is done again and again while the bot runs."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def repeated(do: Callable[[], Awaitable[None]], every_s: float) -> AsyncGenerator[None]:
    """Do it now and then while the block lasts; a failure is logged, and it is tried again."""

    async def go_on() -> None:
        while True:
            try:
                await do()
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(every_s)

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
