"""The page's side of the server: what one person sees, and what they do."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from sandbox.slack.app import App
from sandbox.slack.people import People
from sandbox.slack.screens import Screens
from sandbox.slack.socket_mode import DispatchError
from sandbox.slack.subscription import Change, Subscription
from sandbox.slack.workspace import Workspace, by_ts

FILES = Path(__file__).parent / "page"
TROUBLE = "We had some trouble connecting. Try again?"


class Typed(BaseModel):
    """A message or a slash command from a composer."""

    user: str
    channel: str
    text: str
    thread_ts: str | None = None


class Pressed(BaseModel):
    """A press of a button, or a choice from a menu."""

    user: str
    channel: str
    ts: str
    action_id: str
    value: str | None = None


class PressedInView(BaseModel):
    """A press of a button, or a choice from a menu, in a modal or on Home.

    `values` is what was typed into the view by then.
    """

    user: str
    view_id: str
    action_id: str
    value: str | None = None
    values: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])


class OpenedHome(BaseModel):
    """One of the app's tabs, "home" or "messages"."""

    user: str
    tab: str = "home"


class Chosen(BaseModel):
    """A shortcut; without a message, one of the global menu."""

    user: str
    callback_id: str
    channel: str | None = None
    ts: str | None = None


class Stopped(BaseModel):
    """A press of the stop button of a message that is being streamed."""

    user: str
    channel: str
    ts: str


class Reacted(BaseModel):
    """An emoji put on a message, or taken off."""

    user: str
    channel: str
    ts: str
    name: str


class Submitted(BaseModel):
    """A modal, with what was typed into it."""

    user: str
    view_id: str
    values: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])


async def tried(doing: Awaitable[None]) -> dict[str, Any]:
    """Nothing once it is done, else what Slack would show to whoever tried."""
    try:
        await doing
    except DispatchError:
        return {"problem": TROUBLE}
    except LookupError:
        return {"problem": "This message has changed."}
    return {}


class Page:
    """The endpoints under /page/, and the page itself at /."""

    def __init__(
        self,
        workspace: Workspace,
        app: App,
        people: People,
        screens: Screens,
        *,
        drop_file: Callable[[str, str, str, bytes, str, str | None], Awaitable[str]],
        stop_stream: Callable[[str, str, str], Awaitable[None]],
    ) -> None:
        self._workspace = workspace
        self._app = app
        self._people = people
        self._screens = screens
        self._drop_file = drop_file
        self._stop_stream = stop_stream
        self.router = APIRouter()
        self.router.add_api_route("/", self.index, methods=["GET"])
        self.router.add_api_route("/page/people", self.people, methods=["GET"])
        self.router.add_api_route("/page/state", self.state, methods=["GET"])
        self.router.add_api_route("/page/type", self.type, methods=["POST"])
        self.router.add_api_route("/page/drop", self.drop, methods=["POST"])
        self.router.add_api_route("/page/stop", self.stop, methods=["POST"])
        self.router.add_api_route("/page/press", self.press, methods=["POST"])
        self.router.add_api_route("/page/press_view", self.press_view, methods=["POST"])
        self.router.add_api_route("/page/home", self.home, methods=["POST"])
        self.router.add_api_route("/page/shortcut", self.shortcut, methods=["POST"])
        self.router.add_api_route("/page/react", self.react, methods=["POST"])
        self.router.add_api_route("/page/submit", self.submit, methods=["POST"])
        self.router.add_api_route("/page/close", self.close, methods=["POST"])
        self.router.add_api_websocket_route("/page/changes", self.changes)

    async def index(self) -> FileResponse:
        return FileResponse(FILES / "index.html")

    async def people(self) -> list[dict[str, Any]]:
        """Everybody that one can act as."""
        users = self._workspace.users.values()
        return [vars(user) for user in users if not (user.is_bot or user.deleted)]

    async def state(self, user: str) -> dict[str, Any]:
        """Everything that one person sees when the page opens."""
        if user not in self._workspace.users:
            raise HTTPException(404)
        self._workspace.open_im(user, self._app.bot_user_id)
        channels = [c for c in self._workspace.channels.values() if user in c.members]
        views = [v for v in self._workspace.views.values() if v["user"] == user]
        now = self._workspace.now()
        return {
            "team": self._workspace.team_name,
            "bot": self._app.bot_user_id,
            "users": [vars(u) for u in self._workspace.users.values()],
            "groups": [vars(g) for g in self._workspace.groups.values()],
            "channels": [
                {
                    "id": c.id,
                    "name": c.name,
                    "topic": c.topic,
                    "is_im": c.is_im,
                    "is_private": c.is_private,
                    "is_ext_shared": bool(c.shared_with),
                    "members": c.members,
                    "messages": sorted(c.messages.values(), key=by_ts),
                    "ephemerals": [m for m in c.ephemerals.values() if m["to"] == user],
                    "statuses": {ts: s for ts, (s, until) in c.statuses.items() if until > now},
                }
                for c in channels
            ],
            "views": views,
            "home": self._workspace.homes.get(user),
            "app": {
                "name": self._app.name,
                "commands": sorted(self._app.commands),
                "shortcuts": [vars(shortcut) for shortcut in self._app.shortcuts],
                "has_home": self._app.has_home,
            },
        }

    async def type(self, typed: Typed) -> dict[str, Any]:
        """Post a message; a text that begins with a slash is a command."""
        if not typed.text.startswith("/"):
            return {"ts": self._people.type(typed.user, typed.channel, typed.text, typed.thread_ts)}
        command, _, text = typed.text.partition(" ")
        try:
            await self._people.slash(typed.user, typed.channel, command, text)
        except DispatchError as failure:
            late = "timeout" in str(failure)
            error = "operation_timeout" if late else "dispatch_failed"
            return {"problem": f"{command} failed with the error “{error}”"}
        except LookupError as unknown:
            return {"problem": str(unknown)}
        return {}

    async def drop(
        self,
        request: Request,
        user: str,
        channel: str,
        name: str,
        text: str = "",
        thread_ts: str | None = None,
    ) -> dict[str, Any]:
        """Post a file, which is the body of the request, with or without words."""
        content = await request.body()
        return {"ts": await self._drop_file(user, channel, name, content, text, thread_ts)}

    async def stop(self, stopped: Stopped) -> dict[str, Any]:
        """Stop a message that is being streamed."""
        return await tried(self._stop_stream(stopped.user, stopped.channel, stopped.ts))

    async def press(self, pressed: Pressed) -> dict[str, Any]:
        """Press a button or choose from a menu."""
        return await tried(
            self._people.press(
                pressed.user, pressed.channel, pressed.ts, pressed.action_id, pressed.value
            )
        )

    async def press_view(self, pressed: PressedInView) -> dict[str, Any]:
        """Press a button or choose from a menu, in a modal or on Home."""
        return await tried(
            self._screens.press(
                pressed.user, pressed.view_id, pressed.action_id, pressed.value, pressed.values
            )
        )

    async def home(self, opened: OpenedHome) -> dict[str, Any]:
        """Open the app's Home, or with tab "messages" the conversation with it."""
        self._screens.open_home(opened.user, opened.tab)
        return {}

    async def shortcut(self, chosen: Chosen) -> dict[str, Any]:
        """Choose a shortcut: of a message when one is named, else a global one."""
        if chosen.channel is None or chosen.ts is None:
            return await tried(self._people.global_shortcut(chosen.user, chosen.callback_id))
        return await tried(
            self._people.shortcut(chosen.user, chosen.channel, chosen.ts, chosen.callback_id)
        )

    async def react(self, reacted: Reacted) -> dict[str, Any]:
        """Put an emoji on a message, or take it off."""
        self._people.react(reacted.user, reacted.channel, reacted.ts, reacted.name)
        return {}

    async def submit(self, submitted: Submitted) -> dict[str, Any]:
        """Submit a modal."""
        try:
            errors = await self._screens.submit(submitted.user, submitted.view_id, submitted.values)
        except DispatchError:
            return {"problem": TROUBLE}
        except LookupError:
            return {"problem": "This form has changed."}
        return {"errors": errors}

    async def close(self, submitted: Submitted) -> dict[str, Any]:
        """Close a modal without submitting it."""
        return await tried(self._screens.close(submitted.user, submitted.view_id))

    async def changes(self, socket: WebSocket, user: str) -> None:
        """Every change that this person can see, as it happens."""
        subscription = self._workspace.subscribe()
        await socket.accept()
        reading = asyncio.create_task(self._until_gone(socket, subscription))
        try:
            async for change in subscription:
                if self._sees(user, change):
                    await socket.send_json(change)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page was closed
        finally:
            self._workspace.unsubscribe(subscription)
            reading.cancel()

    async def _until_gone(self, socket: WebSocket, subscription: Subscription) -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
        self._workspace.unsubscribe(subscription)

    def _sees(self, user: str, change: Change) -> bool:
        if "user" in change:
            return change["user"] == user
        channel = self._workspace.channels.get(change.get("channel", ""))
        return channel is not None and user in channel.members
