"""What the app hears of: every change of the workspace, as events, on their way to it."""

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.slack.delivery import Delivery
from sandbox.slack.faults import Faults
from sandbox.slack.socket_mode import Connections
from sandbox.slack.subscription import Change, Subscription

Payload = dict[str, Any]
LONGEST_HELD_S = 1.0


class Feed(Subscription):
    """Makes events of a change at the moment it happens, and delivers them one beside another.

    `events_of` gives the payloads that a change brings, which may be none.
    """

    def __init__(
        self,
        events_of: Callable[[Change], list[Payload]],
        delivery: Delivery,
        connections: Connections,
        faults: Faults,
    ) -> None:
        super().__init__()
        self._events_of = events_of
        self._delivery = delivery
        self._connections = connections
        self._faults = faults
        self._held: list[Payload] = []
        self._held_until = 0

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
                for each in await self._disturbed(group, payload):
                    group.create_task(self._delivery.event(each))

    async def _disturbed(self, group: asyncio.TaskGroup, payload: Payload) -> list[Payload]:
        """What is to be sent now that this event is there."""
        if self._held:
            self._held.append(payload)
            return self._released() if len(self._held) >= self._held_until else []
        fault = self._faults.of_event(payload["event"]["type"])
        if fault is None:
            return [payload]
        if fault.kind == "duplicate":
            return [payload, payload]
        if fault.kind == "reorder":
            self._held, self._held_until = [payload], fault.size
            group.create_task(self._released_late(self._held))
            return []
        if fault.kind == "drop":
            self._connections.drop(self._faults.hang_up)
        else:
            await self._connections.disconnect("warning")
        return [payload]

    def _released(self) -> list[Payload]:
        held, self._held = self._held, []
        return held[::-1]

    async def _released_late(self, held: list[Payload]) -> None:
        """Send what is held back even if not enough events follow."""
        await asyncio.sleep(LONGEST_HELD_S)
        if self._held is held:
            await asyncio.gather(*(self._delivery.event(each) for each in self._released()))
