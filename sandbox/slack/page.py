"""The page's side of the server: what one person sees, and what they do."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from sandbox.slack.app import App
from sandbox.slack.people import People
from sandbox.slack.socket_mode import DispatchError
from sandbox.slack.workspace import Change, Subscription, Workspace, by_ts

FILES = Path(__file__).parent / "page"


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


class Page:
    """The endpoints under /page/, and the page itself at /."""

    def __init__(self, workspace: Workspace, app: App, people: People) -> None:
        self._workspace = workspace
        self._app = app
        self._people = people
        self.router = APIRouter()
        self.router.add_api_route("/", self.index, methods=["GET"])
        self.router.add_api_route("/page/people", self.people, methods=["GET"])
        self.router.add_api_route("/page/state", self.state, methods=["GET"])
        self.router.add_api_route("/page/type", self.type, methods=["POST"])
        self.router.add_api_route("/page/press", self.press, methods=["POST"])
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
        }

    async def type(self, typed: Typed) -> dict[str, Any]:
        """Post a message; a text that begins with a slash is a command."""
        if typed.text.startswith("/"):
            command, _, text = typed.text.partition(" ")
            try:
                await self._people.slash(typed.user, typed.channel, command, text)
            except DispatchError:
                return {"problem": f"{command} failed with the error “dispatch_failed”"}
            return {}
        ts = self._people.type(typed.user, typed.channel, typed.text, typed.thread_ts)
        return {"ts": ts}

    async def press(self, pressed: Pressed) -> dict[str, Any]:
        """Press a button or choose from a menu."""
        try:
            await self._people.press(
                pressed.user, pressed.channel, pressed.ts, pressed.action_id, pressed.value
            )
        except DispatchError:
            return {"problem": "We had some trouble connecting. Try again?"}
        except LookupError:
            return {"problem": "This message has changed."}
        return {}

    async def react(self, reacted: Reacted) -> dict[str, Any]:
        """Put an emoji on a message, or take it off."""
        self._people.react(reacted.user, reacted.channel, reacted.ts, reacted.name)
        return {}

    async def submit(self, submitted: Submitted) -> dict[str, Any]:
        """Submit a modal."""
        try:
            errors = await self._people.submit_view(
                submitted.user, submitted.view_id, submitted.values
            )
        except DispatchError:
            return {"problem": "We had some trouble connecting. Try again?"}
        return {"errors": errors}

    async def close(self, submitted: Submitted) -> dict[str, Any]:
        """Close a modal without submitting it."""
        try:
            await self._people.close_view(submitted.user, submitted.view_id)
        except DispatchError:
            return {"problem": "We had some trouble connecting. Try again?"}
        return {}

    async def changes(self, socket: WebSocket, user: str) -> None:
        """Every change that this person can see, as it happens."""
        await socket.accept()
        subscription = self._workspace.subscribe()
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
        return user in self._workspace.channels[change["channel"]].members
