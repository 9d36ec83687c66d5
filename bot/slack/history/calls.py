"""Calls of Slack's methods within one fetch: each waits its turn, as long as there is time."""

import asyncio
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.pace import LeftOut, courtesy

_READING = 2 / 3  # of a fetch's time; the rest is for what was read


class Calls:
    """The calls of one fetch, which has `seconds`."""

    def __init__(self, client: AsyncWebClient, seconds: float) -> None:
        self._client = client
        self._ends = asyncio.get_running_loop().time() + seconds
        self._seconds = seconds

    @property
    def left_s(self) -> float:
        """The seconds that are left of the fetch."""
        return self._ends - asyncio.get_running_loop().time()

    @property
    def reading_s(self) -> float:
        """The seconds that are left for reading more."""
        return self.left_s - self._seconds * (1 - _READING)

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One call. Raises LeftOut when its turn would come after the fetch's end."""
        return await self._within(self.left_s, method, arguments)

    async def read(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One call for messages. Raises LeftOut when its turn would come too late to read on."""
        return await self._within(self.reading_s, method, arguments)

    async def listed(self, method: str, name: str, **arguments: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = await self.call(method, cursor=cursor, **arguments)
            found += answer[name]
            cursor = next_cursor(answer)
            if not cursor:
                return found

    async def _within(self, seconds: float, method: str, arguments: dict[str, Any]) -> Any:
        if seconds <= 0:
            raise LeftOut(f"{method} was left out: the time for it is over")
        given = {name: value for name, value in arguments.items() if value not in (None, "")}
        with courtesy(seconds):
            answer = await self._client.api_call(method, http_verb="GET", params=given)
        return answer.data


def next_cursor(answer: dict[str, Any]) -> str:
    """Where the next page begins; "" after the last one."""
    return (answer.get("response_metadata") or {}).get("next_cursor") or ""
