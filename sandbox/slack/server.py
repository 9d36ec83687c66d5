"""LocalSlack: the whole workspace behind one port on this machine."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Address

from sandbox.slack.acting import Acting
from sandbox.slack.admin import Admin
from sandbox.slack.app import COMMANDS, EVENTS, SCOPES, SHORTCUTS, App, ConversationsTier, Shortcut
from sandbox.slack.delivery import ACK_TIMEOUT_S, RETRY_DELAYS_S, Delivery
from sandbox.slack.events import events_for
from sandbox.slack.faults import CallFault, EventFault, EventKind, Faults
from sandbox.slack.feed import Feed
from sandbox.slack.files import Files
from sandbox.slack.hooks import ActionTokens, ResponseUrls, SpentError, Triggers
from sandbox.slack.limits import DISTRIBUTED, RateLimits
from sandbox.slack.listener import Server
from sandbox.slack.method import Arguments, RefusedError
from sandbox.slack.oauth import OAuth
from sandbox.slack.page import FILES, Page
from sandbox.slack.people import People
from sandbox.slack.screens import Screens
from sandbox.slack.search import Search
from sandbox.slack.socket_mode import Connections
from sandbox.slack.streams import Streams
from sandbox.slack.web_api import WebApi
from sandbox.slack.workspace import Workspace, new_id


class LocalSlack(Acting):
    """A Slack workspace with one installed app, speaking Slack's protocols on 127.0.0.1."""

    def __init__(
        self,
        *,
        bot_token: str | None = None,
        app_token: str | None = None,
        signing_secret: str | None = None,
        request_url: str | None = None,
        team_name: str = "Meridian Supply",
        scopes: Iterable[str] = SCOPES,
        events: Iterable[str] = EVENTS,
        conversations_tier: ConversationsTier = "internal",
        commands: Iterable[str] = COMMANDS,
        shortcuts: Iterable[Shortcut] = SHORTCUTS,
        has_home: bool = True,
        limits: RateLimits | None = None,
        triggers: Triggers | None = None,
        response_urls: ResponseUrls | None = None,
        streams: Streams | None = None,
        action_tokens: ActionTokens | None = None,
        search: bool = True,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        self.workspace = Workspace(team_name)
        self.app = App(
            bot_user_id=new_id("U"),
            bot_token=bot_token or _new_token("xoxb"),
            app_token=app_token or _new_token("xapp-1"),
            signing_secret=signing_secret or secrets.token_hex(16),
            scopes=frozenset(scopes),
            events=frozenset(events),
            conversations_tier=conversations_tier,
            commands=frozenset(commands),
            shortcuts=tuple(shortcuts),
            has_home=has_home,
        )
        self.workspace.add_user(
            self.app.name.lower(), self.app.name, user_id=self.app.bot_user_id, is_bot=True
        )
        self.connections = Connections(self.app)
        self.triggers = triggers or Triggers()
        self._response_urls = response_urls or ResponseUrls()
        self._delivery = Delivery(
            self.app, self.connections, request_url, ack_timeout_s, retry_delays_s
        )
        self._people = People(
            workspace=self.workspace,
            app=self.app,
            delivery=self._delivery,
            triggers=self.triggers,
            response_urls=self._response_urls,
            hook_url=lambda key: f"{self.page_url}hooks/{key}",
        )
        self._streams = streams or Streams()
        self._files = Files(self.workspace, self.app, lambda: self.page_url)
        limits = limits or RateLimits()
        if conversations_tier == "distributed":
            limits.restrict(DISTRIBUTED)
        self.admin_token = secrets.token_hex(20)
        self.faults = Faults(self._hang_up)
        self._action_tokens = action_tokens or ActionTokens()
        self._screens = Screens(self.workspace, self.app, self._delivery, self.triggers)
        self._api = WebApi(
            self.workspace,
            self.app,
            self.triggers,
            limits,
            self._streams,
            lambda: f"ws://127.0.0.1:{self._port}/link/?ticket={self.connections.issue_ticket()}",
            {
                **self._files.methods,
                **Search(self._action_tokens, enabled=search).methods,
            },
            self.faults,
        )
        self.oauth = OAuth(self.workspace, self.app)
        self._port = 0
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def __repr__(self) -> str:
        return f"LocalSlack({self.workspace.team_name!r}, {self.page_url!r})"

    @property
    def page_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    @property
    def api_url(self) -> str:
        """What slack_sdk calls base_url."""
        return f"{self.page_url}api/"

    @property
    def bot_user_id(self) -> str:
        return self.app.bot_user_id

    @property
    def bot_token(self) -> str:
        return self.app.bot_token

    @property
    def app_token(self) -> str:
        return self.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.app.signing_secret

    @property
    def request_url(self) -> str | None:
        """Where payloads are posted; None sends them over Socket Mode."""
        return self._delivery.request_url

    @request_url.setter
    def request_url(self, url: str | None) -> None:
        self._delivery.request_url = url

    @property
    def calls(self) -> list[tuple[str, Arguments]]:
        """Every Web API call so far: the method, and its arguments without the token."""
        return self._api.calls

    async def start(self, port: int = 0) -> None:
        """Listen on this port of 127.0.0.1, or on a free one."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._asgi(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = Server(config)
        feed = Feed(
            partial(events_for, self.workspace, self.app, self._action_tokens),
            self._delivery,
            self.connections,
            self.faults,
        )
        self.workspace.add_subscriber(feed)
        self._tasks = [
            asyncio.create_task(self._server.serve([listener])),
            asyncio.create_task(feed.deliver()),
        ]
        await self._server.up.wait()

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        serving, telling = self._tasks
        telling.cancel()
        self.workspace.close()
        await self.connections.disconnect("link_disabled")
        assert self._server is not None
        self._server.should_exit = True
        await serving
        with contextlib.suppress(asyncio.CancelledError):
            await telling
        await self._delivery.close()

    def _asgi(self) -> FastAPI:
        asgi = FastAPI(title=self.workspace.team_name, docs_url=None, redoc_url=None)
        page = Page(
            self.workspace,
            self.app,
            self._people,
            self._screens,
            drop_file=self.drop_file,
            stop_stream=self.stop_stream,
        )
        asgi.include_router(self.oauth.router)
        asgi.include_router(self._api.router)
        asgi.include_router(page.router)
        asgi.include_router(self._files.router)
        admin = Admin(self, self.connections, self.faults, self.admin_token)
        asgi.include_router(admin.router)
        asgi.add_api_websocket_route("/link/", self._link)
        asgi.add_api_route("/hooks/{key}", self._hook, methods=["POST"])
        asgi.mount("/page/files", StaticFiles(directory=FILES))
        return asgi

    def _hang_up(self, client: Address | None) -> None:
        assert self._server is not None
        self._server.hang_up(client)

    async def _link(self, websocket: WebSocket, ticket: str = "") -> None:
        await self.connections.serve(websocket, ticket)

    async def _hook(self, key: str, request: Request) -> Response:
        """A response URL."""
        try:
            origin = self._response_urls.find(key)
            self._people.answered(origin, await request.json())
            self._response_urls.use(key)
        except SpentError as spent:
            return JSONResponse({"ok": False, "error": str(spent)}, 404)
        except RefusedError as refusal:
            return JSONResponse({"ok": False, "error": refusal.error, **refusal.fields}, 400)
        return PlainTextResponse("ok")

    def uninstall(self) -> None:
        """Take the app out of the workspace: it hears of it, and its bot token is dead.

        The bot leaves every channel; a call with its token is refused with account_inactive.
        """
        self.revoke_token("account_inactive")
        self.workspace.deactivate(self.bot_user_id)
        self.workspace.publish("app_uninstalled")

    def revoke_token(self, error: str = "token_revoked") -> None:
        """Revoke the bot's token alone: the app hears of it, and every call is refused."""
        self._api.revoke(error)
        self.workspace.publish("tokens_revoked", tokens={"oauth": [], "bot": [self.bot_user_id]})

    def rotate(self) -> None:
        """Make a new bot token, app-level token and signing secret; the old ones are dead."""
        self.app.bot_token, self.app.app_token = _new_token("xoxb"), _new_token("xapp-1")
        self.app.signing_secret = secrets.token_hex(16)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Send `disconnect` down every websocket: a "warning", or "refresh_requested"."""
        await self.connections.disconnect(reason)

    def action_token(self, user_id: str) -> str:
        """A token as the events of this person's messages carry it."""
        return self._action_tokens.issue(user_id)

    def drop_websocket(self) -> None:
        """Reset the websocket that is next in turn, without a word to the client."""
        self.connections.drop(self.faults.hang_up)

    def inject(self, method: str, error: str = "", **how: Any) -> None:
        """Disturb the next calls of a method, "*" for any; `how` are the fields of CallFault."""
        self.faults.add_to_calls(CallFault(method=method, error=error, **how))

    def inject_event(self, kind: EventKind, **how: Any) -> None:
        """Disturb the next events on their way; `how` are the fields of EventFault."""
        self.faults.add_to_events(EventFault(kind=kind, **how))


def _new_token(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(20)}"
