"""What every Web API method is given and how it refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.slack.app import App
from sandbox.slack.hooks import Triggers
from sandbox.slack.workspace import Channel, Message, Workspace

Arguments = dict[str, Any]


class RefusedError(Exception):
    """Slack says no: the error's name, and whatever else the answer carries."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **fields: Any) -> None:
        super().__init__(error)
        self.error = error
        self.fields: dict[str, Any] = dict(fields)
        if messages:
            self.fields["response_metadata"] = {"messages": messages}


@dataclass
class Call:
    """One call of one method by the app."""

    workspace: Workspace
    app: App
    triggers: Triggers
    arguments: Arguments

    def text(self, name: str) -> str:
        """A required argument."""
        value = self.arguments.get(name)
        if value is None or value == "":
            raise RefusedError(
                "invalid_arguments", messages=[f"[ERROR] missing required field: {name}"]
            )
        return str(value)

    def flag(self, name: str) -> bool:
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def need(self, scope: str) -> None:
        if scope not in self.app.scopes:
            provided = ",".join(sorted(self.app.scopes))
            raise RefusedError("missing_scope", needed=scope, provided=provided)

    def channel(self, name: str = "channel") -> Channel:
        """The conversation that an argument names, if the bot can know of it."""
        channel = self.workspace.channels.get(self.text(name))
        if channel is None or not self.sees(channel):
            raise RefusedError("channel_not_found")
        return channel

    def sees(self, channel: Channel) -> bool:
        """Whether the bot can know of a conversation: it is public, or the bot is in it."""
        return channel.kind == "public_channel" or self.app.bot_user_id in channel.members

    def joined_channel(self, name: str = "channel") -> Channel:
        channel = self.channel(name)
        if self.app.bot_user_id not in channel.members:
            raise RefusedError("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str) -> Message:
        message = channel.messages.get(self.text(name))
        if message is None:
            raise RefusedError("message_not_found")
        return message

    def page(self, items: list[Any], most: int) -> tuple[list[Any], dict[str, Any]]:
        """The part of a list that cursor and limit ask for, and the cursor of the next part."""
        try:
            limit = int(self.arguments.get("limit") or min(100, most))
            start = int(str(self.arguments.get("cursor") or "at:0").removeprefix("at:"))
        except ValueError:
            error = "invalid_cursor" if self.arguments.get("cursor") else "invalid_limit"
            raise RefusedError(error) from None
        if not 1 <= limit <= most:
            raise RefusedError("invalid_limit")
        end = start + limit
        cursor = f"at:{end}" if end < len(items) else ""
        return items[start:end], {"response_metadata": {"next_cursor": cursor}}


@dataclass(frozen=True)
class Method:
    """A Web API method: what it does, and the scope it needs whatever its arguments are."""

    run: Callable[[Call], dict[str, Any]]
    scope: str | None = None
    takes_app_token: bool = False
