"""The app as Slack is told of it: what it hears, what it may do, and how Slack reaches it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import yaml

HEADER = """\
# The Slack app: api.slack.com/apps, “Create New App”, “From a manifest”.
# Made by `crosstalk manifest`; `crosstalk manifest --help` names the other variants.
"""

EVENTS: Mapping[str, str | None] = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "tokens_revoked": None,
}
"""What the bot listens to, with the scope that it takes."""
FOLLOW_UPS = frozenset({"message.channels", "message.groups"})

METHODS: Mapping[str, frozenset[str]] = {
    "apps.connections.open": frozenset(),
    "assistant.search.context": frozenset({"search:read.public"}),
    "assistant.search.info": frozenset({"search:read.public"}),
    "assistant.threads.setStatus": frozenset({"chat:write"}),
    "auth.test": frozenset(),
    "chat.delete": frozenset({"chat:write"}),
    "chat.getPermalink": frozenset(),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.stopStream": frozenset({"chat:write"}),
    "chat.stream": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.history": frozenset({"channels:history", "groups:history", "im:history"}),
    "conversations.info": frozenset({"channels:read", "groups:read", "im:read"}),
    "conversations.members": frozenset({"channels:read", "groups:read"}),
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": frozenset({"channels:history", "groups:history", "im:history"}),
    "files.info": frozenset({"files:read"}),
    "files.upload.v2": frozenset({"files:write"}),
    "reactions.add": frozenset({"reactions:write"}),
    "usergroups.list": frozenset({"usergroups:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.conversations": frozenset({"channels:read", "groups:read"}),
    "users.info": frozenset({"users:read", "users:read.email"}),
    "users.list": frozenset({"users:read"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
}
"""The Web API methods that the bot may call, with the scopes that each takes."""

COMMANDS: Mapping[str, tuple[str, str]] = {
    "/ask": ("Ask the company's data", "which customers churned last month?"),
    "/plan": ("Show what a question would read, without reading it", "<question> or last"),
    "/sources": ("The sources, and how they are", ""),
    "/history": ("Your latest questions", ""),
    "/schedule": ("Ask now and then, or when something changes", '"every Monday 9:00" <question>'),
    "/crosstalk": ("Help, and what else there is", "help"),
}
SHORTCUTS: Mapping[str, tuple[str, str, str]] = {
    "ask_about_message": ("message", "Ask Crosstalk about this", "Ask about what stands here"),
    "ask": ("global", "Ask Crosstalk", "Ask the company's data"),
}
SCOPES = sorted(
    {scope for scope in EVENTS.values() if scope}
    | {scope for scopes in METHODS.values() for scope in scopes}
    | {"commands"}
)


class Variant(StrEnum):
    """For one workspace, for several by OAuth, or for one with Slack's view of an agent."""

    internal = "internal"
    distributed = "distributed"
    agent = "agent"


def manifest(
    variant: Variant = Variant.internal, http: str | None = None, *, follow_ups: bool = True
) -> dict[str, Any]:
    """The manifest as Slack reads it.

    `http` is the bot's own address, for HTTP in place of Socket Mode (and where people install a
    distributed app). Without `follow_ups` the app hears no message in channels that does not
    mention it.
    """
    address = http.rstrip("/") if http else None
    url = {"request_url": f"{address}/slack/events"} if address else {}
    events = [event for event in EVENTS if follow_ups or event not in FOLLOW_UPS]
    oauth: dict[str, Any] = {"scopes": {"bot": SCOPES}}
    if variant is Variant.distributed and address:
        oauth = {"redirect_urls": [f"{address}/slack/oauth_redirect"], **oauth}
    return {
        "display_information": {
            "name": "Crosstalk",
            "description": (
                "Answers questions about your company's data, in the thread where they are asked."
            ),
            "background_color": "#1d3557",
        },
        "features": _features(variant, {"url": url["request_url"]} if url else {}),
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**url, "bot_events": events},
            "interactivity": {"is_enabled": True, **url},
            "org_deploy_enabled": variant is Variant.distributed,
            "socket_mode_enabled": not address,
            "token_rotation_enabled": False,
        },
    }


def _features(variant: Variant, url: dict[str, str]) -> dict[str, Any]:
    features: dict[str, Any] = {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "crosstalk", "always_online": True},
        "shortcuts": [
            {"name": name, "type": kind, "callback_id": callback, "description": description}
            for callback, (kind, name, description) in SHORTCUTS.items()
        ],
        "slash_commands": [
            {
                "command": command,
                **url,
                "description": description,
                **({"usage_hint": hint} if hint else {}),
                "should_escape": False,
            }
            for command, (description, hint) in COMMANDS.items()
        ],
    }
    if variant is Variant.agent:
        features["agent_view"] = {
            "agent_description": "Answers questions about your company's data."
        }
    return features


def as_yaml(made: dict[str, Any]) -> str:
    """The manifest as a file."""
    body = yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=100)
    return HEADER + body
