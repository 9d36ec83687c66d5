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
        "users:read",
    }
)
EVENTS = frozenset(
    {
        "app_mention",
        "file_shared",
        "message.channels",
        "message.im",
    }
)

EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "file_shared": "files:read",
    "message.channels": "channels:history",
    "message.im": "im:history",
}


ConversationsTier = Literal["internal", "distributed"]
"""How much an app may read: one that is sold outside the Marketplace may read very little."""


@dataclass(frozen=True)
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
    id: str = field(default_factory=lambda: new_id("A"))
    bot_id: str = field(default_factory=lambda: new_id("B"))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)

    def hears(self, event: str) -> bool:
        """Whether the app asked for this kind of event and may have it."""
        return event in self.events and EVENT_SCOPES[event] in self.scopes
