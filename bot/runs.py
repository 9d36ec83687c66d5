"""Supervised work: one piece at a time in a thread, in order; cancelled and drained at the end.

Whoever hands work over is never kept waiting, and no piece of work ends in silence.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]
Tell = Callable[[str], Awaitable[None]]

STOPPED = "I am being restarted and had to stop before this was done. Please ask again in a minute."


class Runs:
    """The work under way, by thread."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    def start(self, thread: str, work: Work, tell: Tell) -> None:
        """Run `work` once all earlier work of `thread` has ended.

        `tell` says one sentence to the asker when the work is stopped or fails unexpectedly.
        """
        task = asyncio.create_task(self._supervised(self._last.get(thread), thread, work, tell))
        self._last[thread] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget(thread, done))

    async def drain(self, timeout_s: float) -> None:
        """Wait for all work to end; what has not ended by then is cancelled."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self, thread: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._last.get(thread) is task:
            del self._last[thread]

    async def _supervised(
        self, before: asyncio.Task[None] | None, thread: str, work: Work, tell: Tell
    ) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
            await work()
        except asyncio.CancelledError:
            await _told(tell, STOPPED)
            raise
        except Exception:
            error_id = secrets.token_hex(4)
            log.exception("work_failed", error_id=error_id, thread=thread)
            await _told(
                tell,
                "Something went wrong that I did not expect, and there is no answer. Ask again; "
                f"if it stays, give your administrator this id: {error_id}.",
            )


async def _told(tell: Tell, sentence: str) -> None:
    try:
        await tell(sentence)
    except Exception:
        log.exception("could_not_tell")
