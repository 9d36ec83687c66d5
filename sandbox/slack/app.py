"""The app as the workspace knows it: its ids, its tokens, its scopes and what it listens to."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from sandbox.slack.workspace import new_id

SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:write",
        "search:read.public",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "file_shared",
        "member_joined_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "tokens_revoked",
    }
)

COMMANDS = frozenset({"/ask", "/plan", "/sources", "/history", "/schedule", "/crosstalk"})


@dataclass(frozen=True)
class Shortcut:
    """An entry in the menu of each message, or in the global one."""

    callback_id: str
    name: str
    type: Literal["message", "global"]


SHORTCUTS = (
    Shortcut("ask_about_message", "Ask Crosstalk about this", "message"),
    Shortcut("ask", "Ask Crosstalk", "global"),
)

EVENT_SCOPES = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "file_shared": "files:read",
    "app_uninstalled": None,
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "tokens_revoked": None,
}


ConversationsTier = Literal["internal", "distributed"]
"""How much an app may read: one that is sold outside the Marketplace may read very little."""


@dataclass
class App:
    """One installed app; nothing secret shows in its repr."""

    bot_user_id: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    name: str = "Crosstalk"
    scopes: frozenset[str] = SCOPES
    events: frozenset[str] = EVENTS
    conversations_tier: ConversationsTier = "internal"
    commands: frozenset[str] = COMMANDS
    shortcuts: tuple[Shortcut, ...] = SHORTCUTS
    has_home: bool = True
    id: str = field(default_factory=lambda: new_id("A"))
    bot_id: str = field(default_factory=lambda: new_id("B"))
    client_id: str = field(default_factory=lambda: f"{secrets.randbelow(10**12)}.1")
    client_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)

    def hears(self, event: str) -> bool:
        """Whether the app asked for this kind of event and may have it."""
        scope = EVENT_SCOPES[event]
        return event in self.events and (scope is None or scope in self.scopes)
