"""The methods that read conversations, and team.info and auth.test."""

from typing import Any

from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Channel, Message, by_ts

SCOPES = {"im": "im", "mpim": "mpim", "private_channel": "groups", "public_channel": "channels"}


def need_for(call: Call, channel: Channel, what: str) -> None:
    """Channels, private channels and direct conversations are under different scopes."""
    call.need(f"{SCOPES[channel.kind]}:{what}")


def described(call: Call, channel: Channel, *, counted: bool = False) -> dict[str, Any]:
    """A conversation as Slack describes it, its members counted only when that is asked for."""
    team_id = call.workspace.team_id
    common: dict[str, Any] = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": False,
        "is_im": channel.is_im,
        "is_mpim": False,
        "is_private": channel.is_private,
        "context_team_id": team_id,
    }
    if channel.is_im:
        (user,) = (m for m in channel.members if m != call.app.bot_user_id)
        return {**common, "user": user, "is_open": True}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_general": channel.name == "general",
        "is_member": call.app.bot_user_id in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "is_shared": bool(channel.shared_with),
        "is_ext_shared": bool(channel.shared_with),
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "conversation_host_id": team_id,
        "shared_team_ids": [team_id, *channel.shared_with],
        **({"num_members": len(channel.members)} if counted else {}),
    }


def presented(call: Call, channel: Channel, message: Message) -> Message:
    """A message as history shows it: threads counted, metadata only when asked for."""
    shown = {k: v for k, v in message.items() if k != "metadata" or wants_metadata(call)}
    replies = [m for m in channel.thread(message["ts"]) if m is not message]
    if replies:
        users = list(dict.fromkeys(m["user"] for m in replies))
        shown |= {
            "thread_ts": message["ts"],
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
        }
    elif "thread_ts" in message and message["thread_ts"] in channel.messages:
        shown["parent_user_id"] = channel.messages[message["thread_ts"]].get("user")
    return shown


def wants_metadata(call: Call) -> bool:
    """Metadata is left out of history unless it is asked for."""
    return call.flag("include_all_metadata")


def within(call: Call, messages: list[Message]) -> list[Message]:
    """The messages between oldest and latest, the ends only when inclusive."""
    try:
        oldest = float(call.arguments.get("oldest") or 0)
        latest = float(call.arguments.get("latest") or "inf")
    except ValueError:
        raise RefusedError("invalid_ts_oldest") from None
    ends = call.flag("inclusive")
    return [
        m for m in messages if oldest < by_ts(m) < latest or (ends and by_ts(m) in (oldest, latest))
    ]


def history(call: Call) -> dict[str, Any]:
    """conversations.history: what is not inside a thread, newest first."""
    channel = call.channel()
    need_for(call, channel, "history")
    channel = call.joined_channel()
    roots = (m for m in channel.messages.values() if "thread_ts" not in m)
    found, paging = call.page(within(call, sorted(roots, key=by_ts, reverse=True)), 999)
    more = bool(paging["response_metadata"]["next_cursor"])
    messages = [presented(call, channel, m) for m in found]
    return {"messages": messages, "has_more": more, "pin_count": 0, **(paging if more else {})}


def replies(call: Call) -> dict[str, Any]:
    """conversations.replies: the root, then its replies, oldest first."""
    channel = call.channel()
    need_for(call, channel, "history")
    channel = call.joined_channel()
    given = channel.messages.get(call.text("ts"))
    thread = channel.thread(given.get("thread_ts", given["ts"])) if given else []
    if not thread:
        raise RefusedError("thread_not_found")
    found, paging = call.page([thread[0], *within(call, thread[1:])], 1000)
    more = bool(paging["response_metadata"]["next_cursor"])
    messages = [presented(call, channel, m) for m in found]
    return {"messages": messages, "has_more": more, **(paging if more else {})}


def info(call: Call) -> dict[str, Any]:
    """conversations.info."""
    channel = call.channel()
    need_for(call, channel, "read")
    return {"channel": described(call, channel, counted=call.flag("include_num_members"))}


def list_conversations(call: Call) -> dict[str, Any]:
    """conversations.list: public channels unless other types are asked for."""
    found, paging = call.page(visible(call), 1000)
    return {"channels": [described(call, c, counted=True) for c in found], **paging}


def list_of_user(call: Call) -> dict[str, Any]:
    """users.conversations: those of one person, the bot itself by default, that the bot can see."""
    user_id = str(call.arguments.get("user") or call.app.bot_user_id)
    if user_id not in call.workspace.users:
        raise RefusedError("user_not_found")
    found, paging = call.page([c for c in visible(call) if user_id in c.members], 1000)
    return {"channels": [described(call, c) for c in found], **paging}


def visible(call: Call) -> list[Channel]:
    """The conversations of the types asked for that the bot may know of."""
    types = set(str(call.arguments.get("types") or "public_channel").split(","))
    if unknown := types - SCOPES.keys():
        raise RefusedError(
            "invalid_types", messages=[f"[ERROR] unknown type: {t}" for t in unknown]
        )
    for kind in sorted(types):
        call.need(f"{SCOPES[kind]}:read")
    channels = call.workspace.channels.values()
    return [c for c in channels if c.kind in types and call.sees(c)]


def members(call: Call) -> dict[str, Any]:
    """conversations.members."""
    channel = call.channel()
    need_for(call, channel, "read")
    found, paging = call.page(channel.members, 1000)
    return {"members": found, **paging}


def open_conversation(call: Call) -> dict[str, Any]:
    """conversations.open, with one person."""
    if call.arguments.get("channel"):
        channel = call.channel()
    else:
        user_id, *others = call.text("users").split(",")
        if others:
            call.need("mpim:write")
            raise RefusedError("method_not_supported_for_channel_type")
        if user_id not in call.workspace.users or user_id == call.app.bot_user_id:
            raise RefusedError("user_not_found")
        if call.workspace.users[user_id].deleted:
            raise RefusedError("user_disabled")
        channel = call.workspace.open_im(user_id, call.app.bot_user_id)
    return {"channel": described(call, channel) if call.flag("return_im") else {"id": channel.id}}


def team_info(call: Call) -> dict[str, Any]:
    """team.info."""
    team = call.workspace
    return {"team": {"id": team.team_id, "name": team.team_name, "domain": team.team_domain}}


def auth_test(call: Call) -> dict[str, Any]:
    """auth.test: who this token is."""
    return {
        "url": f"https://{call.workspace.team_domain}.slack.com/",
        "team": call.workspace.team_name,
        "team_id": call.workspace.team_id,
        "user": call.workspace.users[call.app.bot_user_id].name,
        "user_id": call.app.bot_user_id,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": False,
    }


METHODS = {
    "auth.test": Method(auth_test),
    "conversations.history": Method(history),
    "conversations.info": Method(info),
    "conversations.list": Method(list_conversations),
    "conversations.members": Method(members),
    "conversations.open": Method(open_conversation, "im:write"),
    "conversations.replies": Method(replies),
    "team.info": Method(team_info, "team:read"),
    "users.conversations": Method(list_of_user),
}
