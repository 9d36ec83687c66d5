"""A local Slack with people in it, a client of its bot, and all that the bot is sent."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str) -> Json:
    """An actions block with one button."""
    element = {"type": "button", "action_id": action_id, "text": plain("Go"), "value": value}
    return {"type": "actions", "block_id": "acts", "elements": [element]}


async def refusal(call: Any) -> str:
    """The error that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """One workspace; `answer` gives what an envelope is acknowledged with, by default nothing."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        self.socket = SocketModeClient(slack.app_token, web_client=self.client)
        self.heard: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self.answer: Callable[[str, Json], Json | None] = lambda kind, payload: None

    async def listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Acknowledge an envelope and keep its payload."""
        ack = self.answer(request.type, request.payload)
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, ack))
        self.heard.put_nowait((request.type, request.payload))

    async def hear(self, kind: str) -> Json:
        """The next event of this type, or the next interaction or command of this kind."""
        async with asyncio.timeout(10):
            while True:
                envelope, payload = await self.heard.get()
                if kind in (envelope, payload.get("type"), payload.get("event", {}).get("type")):
                    return payload


@asynccontextmanager
async def play(slack: LocalSlack) -> AsyncGenerator[Scene]:
    """The workspace, started, with the bot listening over one websocket."""
    await slack.start()
    scene = Scene(slack)
    socket = scene.socket
    socket.socket_mode_request_listeners.append(scene.listen)
    await socket.connect()
    await slack.connections.wait_for(1)
    try:
        yield scene
    finally:
        await socket.close()
        await slack.stop()
