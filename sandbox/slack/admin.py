"""The admin API: what another process needs to furnish, drive and disturb the workspace.

Every request under /admin/ carries `Authorization: Bearer` and the admin token of LocalSlack.
"""

import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel, Field

from sandbox.slack.acting import Acting
from sandbox.slack.faults import CallFault, EventFault, Faults
from sandbox.slack.socket_mode import Connections
from sandbox.slack.workspace import Message, by_ts


class NewUser(BaseModel):
    """Somebody who joins."""

    name: str
    real_name: str | None = None
    id: str | None = None
    email: str | None = None
    tz: str = "Etc/UTC"
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    team_id: str | None = None


class NewChannel(BaseModel):
    """A channel; without members, one for every full member and the bot."""

    name: str
    id: str | None = None
    members: list[str] | None = None
    topic: str = ""
    is_private: bool = False
    shared_with: list[str] = Field(default_factory=list[str])


class Group(BaseModel):
    """A user group and who is in it."""

    handle: str
    name: str
    members: list[str]


class Post(BaseModel):
    """A message that somebody types."""

    user: str
    channel: str
    text: str
    thread_ts: str | None = None


class Cut(BaseModel):
    """What is done to the websockets: one is reset, or all are told to come back."""

    how: Literal["drop", "warning", "refresh_requested"]


class Admin:
    """The endpoints under /admin/."""

    def __init__(self, slack: Acting, connections: Connections, faults: Faults, token: str) -> None:
        self._slack = slack
        self._connections = connections
        self._faults = faults
        self._token = token
        self.router = APIRouter(prefix="/admin", dependencies=[Depends(self._allowed)])
        add = self.router.add_api_route
        add("/workspace", self.workspace, methods=["GET"])
        add("/users", self.add_users, methods=["POST"])
        add("/channels", self.add_channels, methods=["POST"])
        add("/channels/{channel_id}/messages", self.messages, methods=["GET"])
        add("/groups/{group_id}", self.put_group, methods=["PUT"])
        add("/messages", self.post, methods=["POST"])
        add("/faults/calls", self.disturb_calls, methods=["POST"])
        add("/faults/events", self.disturb_events, methods=["POST"])
        add("/faults", self.clear, methods=["DELETE"])
        add("/websockets", self.cut, methods=["POST"])

    async def _allowed(self, authorization: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(authorization, f"Bearer {self._token}"):
            raise HTTPException(401, "The admin token is missing or wrong.")

    async def workspace(self) -> dict[str, Any]:
        """Its ids, and how many websockets are open."""
        workspace = self._slack.workspace
        return {
            "team_id": workspace.team_id,
            "bot_user_id": self._slack.app.bot_user_id,
            "users": list(workspace.users),
            "channels": {c.id: c.name for c in workspace.channels.values()},
            "websockets": len(self._connections),
        }

    async def add_users(self, users: list[NewUser]) -> list[str]:
        """Add people: their ids, in order."""
        return [
            self._slack.add_user(
                u.name,
                u.real_name,
                user_id=u.id,
                email=u.email,
                tz=u.tz,
                is_admin=u.is_admin,
                is_restricted=u.is_restricted,
                is_ultra_restricted=u.is_ultra_restricted,
                team_id=u.team_id,
            ).id
            for u in users
        ]

    async def add_channels(self, channels: list[NewChannel]) -> list[str]:
        """Add channels: their ids, in order."""
        return [
            self._slack.add_channel(
                c.name,
                c.members,
                topic=c.topic,
                channel_id=c.id,
                is_private=c.is_private,
                shared_with=c.shared_with,
            ).id
            for c in channels
        ]

    async def messages(self, channel_id: str) -> list[Message]:
        """Every message of a channel, replies among them, oldest first."""
        channel = self._slack.workspace.channels.get(channel_id)
        if channel is None:
            raise HTTPException(404, f"There is no channel {channel_id}.")
        return sorted(channel.messages.values(), key=by_ts)

    async def put_group(self, group_id: str, group: Group) -> dict[str, str]:
        """Make a user group, or say anew who is in it."""
        self._slack.workspace.groups.pop(group_id, None)
        self._slack.add_group(group.handle, group.name, group.members, group_id=group_id)
        return {"id": group_id}

    async def post(self, posts: list[Post]) -> list[str]:
        """Post as people, one message after the other: their ts, in order."""
        try:
            return [
                await self._slack.post_as(p.user, p.channel, p.text, p.thread_ts) for p in posts
            ]
        except LookupError as unknown:
            raise HTTPException(404, f"Unknown, or not in the channel: {unknown}") from unknown

    async def disturb_calls(self, fault: CallFault) -> dict[str, bool]:
        """Order a fault of Web API calls."""
        self._faults.add_to_calls(fault)
        return {"ok": True}

    async def disturb_events(self, fault: EventFault) -> dict[str, bool]:
        """Order a fault of events."""
        self._faults.add_to_events(fault)
        return {"ok": True}

    async def clear(self) -> dict[str, bool]:
        """Take back every fault that has not struck."""
        self._faults.clear()
        return {"ok": True}

    async def cut(self, cut: Cut) -> dict[str, bool]:
        """Reset a websocket without a word, or announce the end of all of them."""
        if cut.how == "drop":
            self._connections.drop(self._faults.hang_up)
        else:
            await self._connections.disconnect(cut.how)
        return {"ok": True}
