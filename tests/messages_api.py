"""A local server that speaks the Messages API from a script, for whatever calls a model.

The scripts are written by hand. They hold the caller to the protocol, not the model to its skill.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer byte by byte: pieces that come `every_s` seconds, then an end of some kind."""

    pieces: tuple[bytes, ...]
    then: Literal["end", "stall", "cut"] = "end"
    every_s: float = 0.0
    content_type: str = "application/json"


class ScriptedMessagesApi:
    """A server of POST /v1/messages that answers from a script and keeps what it was sent, by
    which keys and when (`received_at`, in the loop's seconds).

    The last answer of the script is repeated.
    """

    def __init__(self) -> None:
        self.headers = {"retry-after-ms": "1"}
        self.received_at: list[float] = []
        self.asked = asyncio.Event()
        self.given_up = asyncio.Event()
        self.url = ""
        self.script: list[tuple[int, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.released = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The next answer of the script; None in it is an answer that never comes."""
        self.received.append(await request.json())
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.keys.append(request.headers.get("X-Api-Key", bearer))
        self.received_at.append(asyncio.get_running_loop().time())
        self.asked.set()
        status, body = self.script[min(len(self.received), len(self.script)) - 1]
        try:
            if body is None:
                await self.released.wait()
            if isinstance(body, Raw):
                return await self._raw(request, status, body)
        except (asyncio.CancelledError, ConnectionError):
            self.given_up.set()
            raise
        return web.json_response(body, status=status, headers=self.headers)

    async def _raw(self, request: web.Request, status: int, raw: Raw) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers=self.headers)
        response.content_type = raw.content_type
        await response.prepare(request)
        for piece in raw.pieces:
            await response.write(piece)
            await asyncio.sleep(raw.every_s)
        if raw.then == "stall":
            await self.released.wait()
        if raw.then == "cut" and request.transport is not None:
            request.transport.close()
            return response
        await response.write_eof()
        return response

    def says(self, reply: dict[str, Any]) -> None:
        """Add a reply of the agreed form to the script."""
        self.says_text(json.dumps({"reply": reply}))

    def says_text(self, text: str, stop_reason: str = "end_turn") -> None:
        """Add an answer with this text to the script."""
        self.script.append((200, message(text, stop_reason)))

    def fails(self, status: int, kind: str) -> None:
        """Add an error of the API to the script."""
        error = {"type": "error", "error": {"type": kind, "message": "scripted"}}
        self.script.append((status, error))


def message(text: str, stop_reason: str) -> dict[str, Any]:
    """A body of the Messages API, with the usage of a call that read its cache."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 100,
            "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 1_000,
            "output_tokens": 50,
        },
    }


@contextlib.asynccontextmanager
async def scripted_api() -> AsyncGenerator[ScriptedMessagesApi]:
    """A scripted API on a free port."""
    scripted = ScriptedMessagesApi()
    app = web.Application()
    app.router.add_post("/v1/messages", scripted.answer)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield scripted
    finally:
        scripted.released.set()
        await runner.cleanup()


def told(request: dict[str, Any]) -> dict[str, Any]:
    """The part of the model in a request."""
    return json.loads(request["system"][1]["text"])


def asked(request: dict[str, Any]) -> dict[str, Any]:
    """The user's message in a request."""
    return json.loads(request["messages"][0]["content"])
