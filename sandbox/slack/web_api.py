"""The Web API: reads a call as slack_sdk sends it, and refuses it wherever Slack would."""

import asyncio
import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack import chat, conversations, users, views
from sandbox.slack.app import App
from sandbox.slack.faults import Faults
from sandbox.slack.hooks import Triggers
from sandbox.slack.limits import DISTRIBUTED, DISTRIBUTED_MESSAGES, RateLimits
from sandbox.slack.method import Arguments, Call, Method, RefusedError
from sandbox.slack.streams import Streams
from sandbox.slack.workspace import Workspace

STRUCTURED = {"blocks", "chunks", "files", "metadata", "view", "loading_messages"}


class WebApi:
    """The methods of one workspace for one app, with a log of every call."""

    def __init__(
        self,
        workspace: Workspace,
        app: App,
        triggers: Triggers,
        limits: RateLimits,
        streams: Streams,
        connection_url: Callable[[], str],
        methods: Mapping[str, Method],
        faults: Faults,
    ) -> None:
        self.calls: list[tuple[str, Arguments]] = []
        self.router = APIRouter()
        self.router.add_api_route("/api/{name}", self.answer, methods=["GET", "POST"])
        self._workspace = workspace
        self._app = app
        self._triggers = triggers
        self._limits = limits
        self._streams = streams
        self._revoked: str | None = None
        self._faults = faults
        self._methods: dict[str, Method] = {
            **chat.METHODS,
            **conversations.METHODS,
            **users.METHODS,
            **views.METHODS,
            **streams.methods,
            **methods,
            "apps.connections.open": Method(
                lambda _: {"url": connection_url()}, takes_app_token=True
            ),
        }

    def revoke(self, error: str) -> None:
        """Refuse the bot's token from now on, with Slack's name for why."""
        self._revoked = error

    async def answer(self, name: str, request: Request) -> Response:
        """One HTTP request to /api/<method>."""
        try:
            token, arguments = await read(request)
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_json"})
        self.calls.append((name, arguments))
        fault = self._faults.of_call(name)
        if fault is None:
            return self._answered(name, token, arguments)
        failing = failure(fault.error, fault.status, fault.retry_after) if fault.fails else None
        response = failing or self._answered(name, token, arguments)
        await asyncio.sleep(fault.slow_s)
        if fault.lost:
            self._faults.hang_up(request.client)
        return response

    def _answered(self, name: str, token: str, arguments: Arguments) -> Response:
        try:
            method = self._admitted(name, token)
        except RefusedError as refusal:
            return refused(refusal)
        retry_after_s = self._limits.retry_after_s(name, str(arguments.get("channel", "")))
        if retry_after_s:
            return failure("ratelimited", 429, retry_after_s)
        if self._app.conversations_tier == "distributed" and name in DISTRIBUTED:
            arguments = with_short_pages(arguments)
        self._streams.expire(self._workspace)
        try:
            fields = method.run(Call(self._workspace, self._app, self._triggers, arguments))
        except RefusedError as refusal:
            return refused(refusal)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._app.scopes))}
        return JSONResponse({"ok": True, **fields}, headers=headers)

    def _admitted(self, name: str, token: str) -> Method:
        """The method, once it is known that this token may call it."""
        method = self._methods.get(name)
        if method is None:
            raise RefusedError("unknown_method", req_method=name)
        if not token:
            raise RefusedError("not_authed")
        if token not in {self._app.bot_token, self._app.app_token}:
            raise RefusedError("invalid_auth")
        if token == self._app.bot_token and self._revoked is not None:
            raise RefusedError(self._revoked)
        if (token == self._app.app_token) != method.takes_app_token:
            raise RefusedError("not_allowed_token_type")
        if method.scope is not None:
            Call(self._workspace, self._app, self._triggers, {}).need(method.scope)
        return method


async def read(request: Request) -> tuple[str, Arguments]:
    """The token and the arguments of a call, from its header, query and body."""
    arguments: Arguments = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        arguments |= json.loads(body or b"{}")
    else:
        arguments |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    for name in STRUCTURED & arguments.keys():
        if isinstance(arguments[name], str):
            arguments[name] = json.loads(arguments[name])
    given = str(arguments.pop("token", ""))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return (token if scheme == "Bearer" else given), arguments


def with_short_pages(arguments: Arguments) -> Arguments:
    """A call for no more messages than a distributed app gets at once."""
    asked = str(arguments.get("limit") or DISTRIBUTED_MESSAGES)
    if not asked.isdecimal():
        return arguments
    return {**arguments, "limit": min(int(asked) or DISTRIBUTED_MESSAGES, DISTRIBUTED_MESSAGES)}


def failure(error: str, status: int, retry_after: int | None) -> Response:
    """The answer of a Slack that is overloaded or unwell."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status >= 500:
        return PlainTextResponse("upstream error", status, headers)
    return JSONResponse({"ok": False, "error": error}, status, headers)


def refused(refusal: RefusedError) -> Response:
    """A refusal is still HTTP 200, as everywhere in Slack's Web API."""
    return JSONResponse({"ok": False, "error": refusal.error, **refusal.fields})
