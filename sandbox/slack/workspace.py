"""The state of one workspace: people, channels, messages, modals; and a stream of its changes.

It knows nothing of HTTP, tokens or apps: whatever reaches it has already been allowed.
"""

from __future__ import annotations

import copy
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

from sandbox.slack.accounts import Details, User, UserGroup
from sandbox.slack.subscription import Subscription

Message = dict[str, Any]

STATUS_LIFETIME_S = 120.0


def new_id(prefix: str) -> str:
    """An id as Slack writes them: a letter for the kind, then capitals and digits."""
    return prefix + "".join(
        secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10)
    )


@dataclass
class Channel:
    """A channel, or a direct conversation between one person and the bot.

    `shared_with` are the ids of the other workspaces that an external channel is shared with.
    """

    id: str
    name: str
    members: list[str]
    topic: str = ""
    is_im: bool = False
    is_private: bool = False
    shared_with: tuple[str, ...] = ()
    created: int = field(default_factory=lambda: int(time.time()))
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    ephemerals: dict[str, Message] = field(default_factory=dict[str, Message])
    statuses: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    @property
    def kind(self) -> str:
        """What conversations.list calls its type."""
        return "im" if self.is_im else "private_channel" if self.is_private else "public_channel"

    def thread(self, root_ts: str) -> list[Message]:
        """The root and its replies, oldest first; empty when there is no such root."""
        root = self.messages.get(root_ts)
        if root is None or root.get("thread_ts", root_ts) != root_ts:
            return []
        replies = (m for m in self.messages.values() if m.get("thread_ts") == root_ts)
        return [root, *sorted((m for m in replies if m["ts"] != root_ts), key=by_ts)]


def by_ts(message: Message) -> float:
    """The order of messages in a conversation."""
    return float(message["ts"])


class Workspace:
    """One team and everything in it; every change is told to every subscriber."""

    def __init__(self, team_name: str, now: Callable[[], float] = time.time) -> None:
        self.team_id = new_id("T")
        self.team_name = team_name
        self.team_domain = "".join(c for c in team_name.lower() if c.isalnum())
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.now = now
        self._subscriptions: set[Subscription] = set()
        self._last_ts = 0

    def subscribe(self) -> Subscription:
        subscription = Subscription()
        self.add_subscriber(subscription)
        return subscription

    def add_subscriber(self, subscription: Subscription) -> None:
        self._subscriptions.add(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        subscription.put(None)

    def close(self) -> None:
        for subscription in list(self._subscriptions):
            self.unsubscribe(subscription)

    def publish(self, kind: str, **details: Any) -> None:
        for subscription in self._subscriptions:
            subscription.put(copy.deepcopy({"type": kind, **details}))

    def new_ts(self) -> str:
        """Now, in microseconds, and never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_user(
        self,
        name: str,
        real_name: str | None = None,
        *,
        user_id: str | None = None,
        **details: Unpack[Details],
    ) -> User:
        user = User(user_id or new_id("U"), name, real_name or name.title(), **details)
        self.users[user.id] = user
        return user

    def deactivate(self, user_id: str) -> None:
        """Somebody leaves the company: they keep their name, and their place in nothing."""
        self.users[user_id].deleted = True
        rosters = [c.members for c in self.channels.values() if not c.is_im]
        for roster in (*rosters, *(group.members for group in self.groups.values())):
            if user_id in roster:
                roster.remove(user_id)

    def add_group(
        self, handle: str, name: str, members: Iterable[str], *, group_id: str | None = None
    ) -> UserGroup:
        group = UserGroup(group_id or new_id("S"), handle, name, list(members), int(self.now()))
        self.groups[group.id] = group
        return group

    def add_channel(
        self,
        name: str,
        members: Iterable[str] | None = None,
        *,
        topic: str = "",
        channel_id: str | None = None,
        is_private: bool = False,
        shared_with: Iterable[str] = (),
    ) -> Channel:
        """A channel; without `members`, every full member and every bot is in it."""
        full = [user.id for user in self.users.values() if user.is_full_member]
        channel = Channel(
            channel_id or new_id("C"),
            name,
            full if members is None else list(members),
            topic,
            is_private=is_private,
            shared_with=tuple(shared_with),
        )
        self.channels[channel.id] = channel
        return channel

    def move(
        self, channel_id: str, user_id: str, *, into: bool, inviter: str | None = None
    ) -> None:
        """Somebody joins a channel or leaves it, which the channel is told in a message."""
        members = self.channels[channel_id].members
        if (user_id in members) == into:
            return
        (members.append if into else members.remove)(user_id)
        verb, done = ("join", "joined") if into else ("leave", "left")
        about = {"inviter": inviter} if inviter else {}
        text = f"<@{user_id}> has {done} the channel"
        self.publish(f"member_{done}_channel", channel=channel_id, member=user_id, **about)
        message = {"subtype": f"channel_{verb}", "user": user_id, "text": text, **about}
        self.post(channel_id, message)

    def open_im(self, user_id: str, bot_user_id: str) -> Channel:
        """The direct conversation of a person with the bot, made when it is first needed."""
        for channel in self.channels.values():
            if channel.is_im and set(channel.members) == {user_id, bot_user_id}:
                return channel
        channel = Channel(new_id("D"), user_id, [user_id, bot_user_id], is_im=True)
        self.channels[channel.id] = channel
        self.publish("channel", channel=channel.id, user=user_id)
        return channel

    def add_message(self, channel_id: str, message: Mapping[str, Any]) -> Message:
        """Put a message where it belongs and tell nobody (history that was always there)."""
        author = self.users.get(message.get("user", ""))
        stored: Message = {"type": "message", "team": self.team_id, **message}
        if author is not None and author.team_id:
            stored |= dict.fromkeys(("team", "user_team", "source_team"), author.team_id)
        stored.setdefault("ts", self.new_ts())
        if stored.get("thread_ts") in (None, stored["ts"]):
            stored.pop("thread_ts", None)
        self.channels[channel_id].messages[stored["ts"]] = stored
        return stored

    def post(self, channel_id: str, message: Mapping[str, Any]) -> Message:
        stored = self.add_message(channel_id, message)
        if "bot_id" in stored and stored.get("thread_ts") in self.channels[channel_id].statuses:
            self.set_status(channel_id, stored["thread_ts"], "")
        self.publish("message", channel=channel_id, message=stored)
        return stored

    def edit(self, channel_id: str, ts: str, changes: Mapping[str, Any]) -> Message:
        """Change a message; a value of None removes that part of it."""
        message = self.channels[channel_id].messages[ts]
        previous = copy.deepcopy(message)
        for name, value in changes.items():
            if value is None:
                message.pop(name, None)
            else:
                message[name] = value
        about = {"channel": channel_id, "message": message, "previous": previous}
        self.publish("message_changed", **about, ts=self.new_ts())
        return message

    def delete(self, channel_id: str, ts: str) -> None:
        previous = self.channels[channel_id].messages.pop(ts)
        self.publish("message_deleted", channel=channel_id, ts=ts, previous=previous)

    def permalink(self, channel: Channel, message: Message) -> str:
        link = f"https://{self.team_domain}.slack.com/archives/{channel.id}"
        link += f"/p{message['ts'].replace('.', '')}"
        if "thread_ts" in message:
            link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
        return link

    def post_ephemeral(self, channel_id: str, user_id: str, message: Mapping[str, Any]) -> Message:
        """A message that only one person sees; posting again under its ts replaces it."""
        stored: Message = {"type": "message", "is_ephemeral": True, "to": user_id, **message}
        stored.setdefault("ts", self.new_ts())
        self.channels[channel_id].ephemerals[stored["ts"]] = stored
        self.publish("ephemeral", channel=channel_id, user=user_id, message=stored)
        return stored

    def delete_ephemeral(self, channel_id: str, ts: str) -> None:
        gone = self.channels[channel_id].ephemerals.pop(ts)
        self.publish("ephemeral_deleted", channel=channel_id, user=gone["to"], ts=ts)

    def set_reactions(self, channel_id: str, ts: str, reactions: list[dict[str, Any]]) -> None:
        message = self.channels[channel_id].messages[ts]
        message["reactions"] = reactions
        self.publish("reaction", channel=channel_id, ts=ts, reactions=reactions)

    def set_status(self, channel_id: str, thread_ts: str, status: str) -> None:
        """The line "Crosstalk is ..." under a thread; it goes after two minutes or a reply."""
        statuses = self.channels[channel_id].statuses
        if status:
            statuses[thread_ts] = (status, self.now() + STATUS_LIFETIME_S)
        else:
            statuses.pop(thread_ts, None)
        self.publish("status", channel=channel_id, thread_ts=thread_ts, status=status)

    def show_view(self, user_id: str, view: dict[str, Any]) -> None:
        self.views[view["id"]] = view
        self.publish("view", user=user_id, view=view)

    def show_home(self, user_id: str, view: dict[str, Any]) -> None:
        self.homes[user_id] = view
        self.publish("home", user=user_id, view=view)

    def close_view(self, user_id: str, view_id: str) -> None:
        del self.views[view_id]
        self.publish("view_closed", user=user_id, view_id=view_id)
