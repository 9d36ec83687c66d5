"""Conversations with the Messages API: recorded once with a key, replayed with none.

Both are a local server in the API's place, so that a planner is run as it is. A file is JSON lines:
a head, which says whether it was recorded from a model or scripted by hand, then the exchanges.
"""

import contextlib
import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import aiohttp
from aiohttp import web

from evals.case import FOLDER
from evals.score import digest

RECORDED = FOLDER / "recordings" / "claude.jsonl"
API = "https://api.anthropic.com"
_FORWARDED = ("x-api-key", "anthropic-version", "anthropic-beta", "content-type")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer: the user's message, the digest of the prompt above it, the names
    that the prompt gave, the model's name, and the answer's body."""

    asked: str
    prompt: str
    given: tuple[str, ...]
    model: str
    answer: dict[str, Any]

    @classmethod
    def of(cls, request: dict[str, Any], answer: dict[str, Any]) -> "Exchange":
        """The exchange of a request's body."""
        rules, part = (block["text"] for block in request["system"])
        told = json.loads(part)
        given = told.get("entities") or told["sources"]
        asked = request["messages"][0]["content"]
        return cls(asked, digest([rules, part]), tuple(sorted(given)), request["model"], answer)

    @property
    def key(self) -> str:
        """By what an equal request is known again, also when the prompt's words have changed."""
        return hashlib.sha256(repr((self.asked, self.given)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The exchanges of a file, in order. `kind` says where the answers are from."""

    kind: Literal["recorded", "scripted"]
    at: str
    exchanges: tuple[Exchange, ...]

    def save(self, path: Path) -> None:
        """Write the file."""
        head = {"kind": self.kind, "at": self.at}
        lines = (head, *map(asdict, self.exchanges))
        path.parent.mkdir(exist_ok=True)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        path.write_text(text, encoding="utf-8")


def conversation(path: Path) -> Conversation:
    """The conversation of a file."""
    head, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    exchanges = tuple(Exchange(**line | {"given": tuple(line["given"])}) for line in lines)
    return Conversation(head["kind"], head["at"], exchanges)


@dataclass(slots=True)
class Replay:
    """A conversation at an address. `stale` are the messages whose prompt is another one by now,
    `missing` those that nobody recorded."""

    url: str = ""
    stale: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def recording(path: Path, api: str = API) -> AsyncGenerator[str]:
    """The address of a server that passes requests on to the API while the block lasts, and writes
    the answers to the file when it ends well. Keys and headers are passed on and not written. What
    another server than the API says is scripted."""
    exchanges: list[Exchange] = []
    async with aiohttp.ClientSession(auto_decompress=True) as session:

        async def pass_on(request: web.Request) -> web.Response:
            body = await request.read()
            headers = {
                name: request.headers[name] for name in _FORWARDED if name in request.headers
            }
            async with session.post(f"{api}/v1/messages", data=body, headers=headers) as answer:
                said = await answer.read()
                if answer.status == 200:
                    exchanges.append(Exchange.of(json.loads(body), json.loads(said)))
                kept = {k: v for k, v in answer.headers.items() if k.startswith("retry-after")}
                return web.Response(
                    body=said, status=answer.status, headers=kept, content_type="application/json"
                )

        async with _served(pass_on) as url:
            yield url
    if exchanges:
        kind = "recorded" if api == API else "scripted"
        Conversation(kind, f"{datetime.now(UTC):%Y-%m-%d}", tuple(exchanges)).save(path)


@contextlib.asynccontextmanager
async def replaying(path: Path) -> AsyncGenerator[Replay]:
    """A server that gives the file's answers while the block lasts: to equal requests in their
    order, the last one again and again. What is not in the file is refused as invalid."""
    held: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in conversation(path).exchanges:
        held[exchange.key].append(exchange)
    replay = Replay()

    async def answer(request: web.Request) -> web.Response:
        now = Exchange.of(await request.json(), {})
        known = held[now.key]
        if not known:
            replay.missing.append(now.asked)
            error = {"type": "invalid_request_error", "message": "This was not recorded."}
            return web.json_response({"type": "error", "error": error}, status=400)
        then = known.pop(0) if len(known) > 1 else known[0]
        if then.prompt != now.prompt:
            replay.stale.append(now.asked)
        return web.json_response(then.answer)

    async with _served(answer) as replay.url:
        yield replay


@contextlib.asynccontextmanager
async def _served(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncGenerator[str]:
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/v1/messages", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
