"""The methods that read: conversations.*, users.*, team.info and auth.test."""

from typing import Any

from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Channel, Message, User, by_ts


def need_for(call: Call, channel: Channel, what: str) -> None:
    """Channels and direct conversations are under different scopes."""
    call.need(f"{'im' if channel.is_im else 'channels'}:{what}")


def described(call: Call, channel: Channel) -> dict[str, Any]:
    """A conversation as Slack describes it."""
    common: dict[str, Any] = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": False,
        "is_im": channel.is_im,
        "is_mpim": False,
        "is_private": False,
        "context_team_id": call.workspace.team_id,
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
        "num_members": len(channel.members),
    }


def profile(call: Call, user: User) -> dict[str, Any]:
    """A person as Slack describes them."""
    return {
        "id": user.id,
        "team_id": call.workspace.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": {"real_name": user.real_name, "display_name": user.name},
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
    return {"channel": described(call, channel)}


def list_conversations(call: Call) -> dict[str, Any]:
    """conversations.list: public channels unless other types are asked for."""
    types = set(str(call.arguments.get("types") or "public_channel").split(","))
    if unknown := types - {"public_channel", "private_channel", "im", "mpim"}:
        raise RefusedError(
            "invalid_types", messages=[f"[ERROR] unknown type: {t}" for t in unknown]
        )
    for kind, scope in (("public_channel", "channels:read"), ("im", "im:read")):
        if kind in types:
            call.need(scope)
    wanted = [
        c
        for c in call.workspace.channels.values()
        if ("im" if c.is_im else "public_channel") in types
        and (not c.is_im or call.app.bot_user_id in c.members)
    ]
    found, paging = call.page(wanted, 1000)
    return {"channels": [described(call, c) for c in found], **paging}


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
        user_id = call.text("users")
        if user_id not in call.workspace.users or user_id == call.app.bot_user_id:
            raise RefusedError("user_not_found")
        channel = call.workspace.open_im(user_id, call.app.bot_user_id)
    return {"channel": described(call, channel) if call.flag("return_im") else {"id": channel.id}}


def user_info(call: Call) -> dict[str, Any]:
    """users.info."""
    user = call.workspace.users.get(call.text("user"))
    if user is None:
        raise RefusedError("user_not_found")
    return {"user": profile(call, user)}


def list_users(call: Call) -> dict[str, Any]:
    """users.list."""
    found, paging = call.page(list(call.workspace.users.values()), 1000)
    return {"members": [profile(call, user) for user in found], **paging}


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
    "users.info": Method(user_info, "users:read"),
    "users.list": Method(list_users, "users:read"),
}
