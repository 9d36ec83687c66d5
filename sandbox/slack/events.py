"""Makes what Slack sends an app: events, block actions, view submissions, slash commands."""

import time
from typing import Any

from sandbox.slack.app import App
from sandbox.slack.hooks import ActionTokens
from sandbox.slack.subscription import Change
from sandbox.slack.views import sent
from sandbox.slack.workspace import Channel, Workspace, new_id

MESSAGE_EVENTS = {
    "im": ("im", "message.im"),
    "private_channel": ("group", "message.groups"),
    "public_channel": ("channel", "message.channels"),
}


def events_for(
    workspace: Workspace, app: App, tokens: ActionTokens, change: Change
) -> list[dict[str, Any]]:
    """The Events API payloads that a change of the workspace brings to the app.

    A mention in a channel brings two: `app_mention`, and the `message` that it is.
    """
    if change["type"] in {"app_uninstalled", "tokens_revoked"}:
        return [enveloped(workspace, app, change)] if app.hears(change["type"]) else []
    channel = workspace.channels.get(change.get("channel", ""))
    if channel is None or app.bot_user_id not in channel.members:
        return []
    written = [*mentions(app, channel, change), *messages(app, channel, change)]
    by_person = change["type"] == "message" and "bot_id" not in change["message"]
    if by_person and "search:read.public" in app.scopes:
        for event in written:
            event["assistant_thread"] = {"action_token": tokens.issue(event["user"])}
    events = [
        *written,
        *shared_files(app, change),
        *opened_homes(workspace, app, change),
        *moves(workspace, app, channel, change),
    ]
    return [enveloped(workspace, app, event, channel) for event in events]


def mentions(app: App, channel: Channel, change: Change) -> list[dict[str, Any]]:
    """An app_mention, for a mention by somebody else outside direct messages."""
    if change["type"] != "message" or channel.is_im or not app.hears("app_mention"):
        return []
    message = {k: v for k, v in change["message"].items() if k != "subtype"}
    if change["message"].get("subtype") in {"channel_join", "channel_leave"}:
        return []
    if message["user"] == app.bot_user_id or f"<@{app.bot_user_id}>" not in message["text"]:
        return []
    return [{**message, "type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}]


def messages(app: App, channel: Channel, change: Change) -> list[dict[str, Any]]:
    """A message event: as posted, or about an edit or a deletion."""
    kind, event_name = MESSAGE_EVENTS[channel.kind]
    if not app.hears(event_name):
        return []
    where = {"channel": channel.id, "channel_type": kind}
    if change["type"] == "message":
        message = change["message"]
        event = {**message, **where, "event_ts": message["ts"]}
        if "thread_ts" in message:
            event["parent_user_id"] = channel.messages.get(message["thread_ts"], {}).get("user")
        return [event]
    if change["type"] == "message_changed":
        ts = change["message"].get("edited", change)["ts"]
        about = {"message": change["message"], "previous_message": change["previous"]}
    elif change["type"] == "message_deleted":
        ts = change["ts"]
        about = {"deleted_ts": ts, "previous_message": change["previous"]}
    else:
        return []
    subtype = {"type": "message", "subtype": change["type"], "hidden": True}
    return [{**subtype, **about, **where, "ts": ts, "event_ts": ts}]


def shared_files(app: App, change: Change) -> list[dict[str, Any]]:
    """A file_shared event, which names the file and nothing else of it."""
    if change["type"] != "file_shared" or not app.hears("file_shared"):
        return []
    about = {name: change[name] for name in ("type", "file_id", "user_id", "event_ts")}
    return [{**about, "file": {"id": change["file_id"]}, "channel_id": change["channel"]}]


def opened_homes(workspace: Workspace, app: App, change: Change) -> list[dict[str, Any]]:
    """An app_home_opened, with the view that is on Home once there is one."""
    if change["type"] != "app_home_opened" or not app.hears("app_home_opened"):
        return []
    event = {**change, "event_ts": workspace.new_ts()}
    home = workspace.homes.get(change["user"])
    return [{**event, "view": sent(home)} if home and change["tab"] == "home" else event]


def moves(workspace: Workspace, app: App, channel: Channel, change: Change) -> list[dict[str, Any]]:
    """A member_joined_channel or member_left_channel, of a channel that the bot is in."""
    kind = change["type"]
    if kind not in {"member_joined_channel", "member_left_channel"} or not app.hears(kind):
        return []
    if channel.is_private and "groups:read" not in app.scopes:
        return []
    event = {k: v for k, v in change.items() if k != "member"}
    about = {"user": change["member"], "channel_type": "G" if channel.is_private else "C"}
    return [{**event, **about, "team": workspace.team_id, "event_ts": workspace.new_ts()}]


def enveloped(
    workspace: Workspace, app: App, event: dict[str, Any], channel: Channel | None = None
) -> dict[str, Any]:
    """The outside of every event."""
    return {
        "token": app.verification_token,
        "team_id": workspace.team_id,
        "context_team_id": workspace.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": channel is not None and bool(channel.shared_with),
        "event_context": f"4-{new_id('E')}",
    }


def interaction(workspace: Workspace, app: App, kind: str, user_id: str) -> dict[str, Any]:
    """What every interaction payload begins with."""
    user = workspace.users[user_id]
    team_id = user.team_id or workspace.team_id
    return {
        "type": kind,
        "user": {"id": user_id, "username": user.name, "name": user.name, "team_id": team_id},
        "api_app_id": app.id,
        "token": app.verification_token,
        "team": {"id": workspace.team_id, "domain": workspace.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def block_actions(
    workspace: Workspace,
    app: App,
    *,
    user_id: str,
    channel: Channel,
    message: dict[str, Any],
    action: dict[str, Any],
    state: dict[str, Any],
) -> dict[str, Any]:
    """Somebody pressed a button or chose from a menu in a message."""
    is_ephemeral = message.get("is_ephemeral", False)
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": is_ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    payload = {
        **interaction(workspace, app, "block_actions", user_id),
        "container": container,
        "channel": {"id": channel.id, "name": shown_name(channel)},
        "state": {"values": state},
        "actions": [{**action, "action_ts": workspace.new_ts()}],
    }
    return payload if is_ephemeral else {**payload, "message": message}


def view_actions(
    workspace: Workspace, app: App, user_id: str, view: dict[str, Any], action: dict[str, Any]
) -> dict[str, Any]:
    """Somebody pressed or chose in a modal or on Home: no channel, no message, no response URL."""
    return {
        **interaction(workspace, app, "block_actions", user_id),
        "container": {"type": "view", "view_id": view["id"]},
        "view": sent(view),
        "state": view["state"],
        "actions": [{**action, "action_ts": workspace.new_ts()}],
    }


def message_action(
    workspace: Workspace,
    app: App,
    *,
    user_id: str,
    channel: Channel,
    message: dict[str, Any],
    callback_id: str,
) -> dict[str, Any]:
    """Somebody chose a shortcut from the menu of a message."""
    return {
        **interaction(workspace, app, "message_action", user_id),
        "callback_id": callback_id,
        "action_ts": workspace.new_ts(),
        "message_ts": message["ts"],
        "channel": {"id": channel.id, "name": shown_name(channel)},
        "message": message,
    }


def shown_name(channel: Channel) -> str:
    """The name that payloads give a conversation."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def view_event(
    workspace: Workspace, app: App, kind: str, user_id: str, view: dict[str, Any]
) -> dict[str, Any]:
    """Somebody submitted a modal (view_submission) or closed it (view_closed)."""
    payload = {**interaction(workspace, app, kind, user_id), "view": sent(view)}
    cleared = {"is_cleared": view["clear_on_close"]}
    extra = cleared if kind == "view_closed" else {"response_urls": []}
    return {**payload, **extra}


def slash_command(
    workspace: Workspace, app: App, *, user_id: str, channel: Channel, command: str, text: str
) -> dict[str, Any]:
    """Somebody typed a slash command; it never says in which thread."""
    return {
        "token": app.verification_token,
        "team_id": workspace.team_id,
        "team_domain": workspace.team_domain,
        "channel_id": channel.id,
        "channel_name": shown_name(channel),
        "user_id": user_id,
        "user_name": workspace.users[user_id].name,
        "command": command,
        "text": text,
        "api_app_id": app.id,
        "is_enterprise_install": "false",
    }
