"""What the app hears of: every change of the workspace, as events, on their way to it."""

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.slack.delivery import Delivery
from sandbox.slack.subscription import Change, Subscription


class Feed(Subscription):
    """Makes events of a change at the moment it happens, and delivers them one beside another.

    `events_of` gives the payloads that a change brings, which may be none.
    """

    def __init__(
        self, events_of: Callable[[Change], list[dict[str, Any]]], delivery: Delivery
    ) -> None:
        super().__init__()
        self._events_of = events_of
        self._delivery = delivery

    def put(self, change: Change | None) -> None:
        if change is None:
            super().put(None)
            return
        for payload in self._events_of(change):
            super().put(payload)

    async def deliver(self) -> None:
        """Send what comes, until the feed is closed and all of it has arrived or was given up."""
        async with asyncio.TaskGroup() as group:
            async for payload in self:
                group.create_task(self._delivery.event(payload))
