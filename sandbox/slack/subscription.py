"""How the workspace tells of its changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

Change = dict[str, Any]


class Subscription:
    """One reader of the workspace's changes, from the moment it was made until it is closed."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()

    def put(self, change: Change | None) -> None:
        self._queue.put_nowait(change)

    async def get(self) -> Change:
        """The next change; StopAsyncIteration once the subscription is closed."""
        change = await self._queue.get()
        if change is None:
            raise StopAsyncIteration
        return change

    async def until(self, wanted: Callable[[Change], bool], timeout_s: float = 10.0) -> Change:
        """The first change that is wanted, dropping those before it."""
        async with asyncio.timeout(timeout_s):
            while not wanted(change := await self.get()):
                pass
            return change

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        return await self.get()
