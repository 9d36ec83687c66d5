"""Real-time Search: assistant.search.info and assistant.search.context, as the asker may read."""

import re
from typing import Any

from sandbox.slack.hooks import ActionTokens, SpentError
from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Channel, Message, Workspace, by_ts

SCOPES = {
    "im": "search:read.im",
    "mpim": "search:read.mpim",
    "private_channel": "search:read.private",
    "public_channel": "search:read.public",
}
MOST_RESULTS = 20
CONTEXT = 2


class Search:
    """The two methods, which a workspace may have switched off."""

    def __init__(self, tokens: ActionTokens, *, enabled: bool) -> None:
        self._tokens = tokens
        self._enabled = enabled
        self.methods = {
            "assistant.search.context": Method(self._context),
            "assistant.search.info": Method(self._info, SCOPES["public_channel"]),
        }

    def _info(self, _: Call) -> dict[str, Any]:
        return {"is_ai_search_enabled": self._enabled}

    def _context(self, call: Call) -> dict[str, Any]:
        """Messages with words of the query, from conversations that the asking person may read."""
        query = call.text("query")
        types = chosen(call, "channel_types", "public_channel", SCOPES)
        chosen(call, "content_types", "messages", ("messages",))
        for kind in sorted(types):
            call.need(SCOPES[kind])
        if not self._enabled:
            raise RefusedError("assistant_search_context_disabled")
        try:
            asker = self._tokens.asker(str(call.arguments.get("action_token", "")))
        except SpentError as spent:
            raise RefusedError(str(spent)) from None
        places = [
            channel
            for channel in call.workspace.channels.values()
            if channel.kind in types and may_read(call.workspace, asker, channel)
        ]
        found = sorted_hits(call, hits(call, query, places))
        page, paging = call.page(found, MOST_RESULTS)
        return {"results": {"messages": [shown(call, *hit) for hit in page]}, **paging}


def chosen(call: Call, name: str, default: str, known: Any) -> set[str]:
    """A list among the arguments, given with commas or as JSON."""
    given = call.arguments.get(name) or default
    values = set(given if isinstance(given, list) else re.findall(r"\w+", str(given)))
    if unknown := values - set(known):
        messages = [f"[ERROR] {name} cannot be {value}" for value in sorted(unknown)]
        raise RefusedError("invalid_arguments", messages=messages)
    return values


def may_read(workspace: Workspace, user_id: str, channel: Channel) -> bool:
    """Members of the workspace read every public channel, guests only those they are in."""
    if user_id in channel.members:
        return True
    return channel.kind == "public_channel" and workspace.users[user_id].is_full_member


Hit = tuple[Channel, Message, int]


def hits(call: Call, query: str, places: list[Channel]) -> list[Hit]:
    """The messages that have words of the query, with the number of those words."""
    words = set(re.findall(r"\w{3,}", query.lower()))
    after, before = bound(call, "after", 0.0), bound(call, "before", float("inf"))
    found: list[Hit] = []
    for channel in places:
        for message in channel.messages.values():
            if "bot_id" in message and not call.flag("include_bots"):
                continue
            score = len(words & set(re.findall(r"\w+", message["text"].lower())))
            if score and after < by_ts(message) < before:
                found.append((channel, message, score))
    return found


def bound(call: Call, name: str, otherwise: float) -> float:
    """A moment among the arguments, in seconds since 1970."""
    try:
        return float(call.arguments.get(name) or otherwise)
    except ValueError:
        raise RefusedError(
            "invalid_arguments", messages=[f"[ERROR] {name} must be an integer"]
        ) from None


def sorted_hits(call: Call, found: list[Hit]) -> list[Hit]:
    """In the order that was asked for: by score, the newest first among equals, or by time."""
    by = str(call.arguments.get("sort") or "score")
    order = str(call.arguments.get("sort_dir") or "desc")
    if by not in {"score", "timestamp"} or order not in {"asc", "desc"}:
        raise RefusedError("invalid_arguments", messages=["[ERROR] unknown order"])
    weight = 1 if by == "score" else 0
    key = lambda hit: (hit[2] * weight, by_ts(hit[1]))  # noqa: E731
    return sorted(found, key=key, reverse=order == "desc")


def shown(call: Call, channel: Channel, message: Message, _: int) -> dict[str, Any]:
    """A message as search shows it."""
    author = call.workspace.users.get(message["user"])
    result: dict[str, Any] = {
        "author_name": author.real_name if author else "",
        "author_user_id": message["user"],
        "team_id": message["team"],
        "channel_id": channel.id,
        "channel_name": channel.name,
        "message_ts": message["ts"],
        "content": message["text"],
        "is_author_bot": "bot_id" in message,
        "permalink": call.workspace.permalink(channel, message),
    }
    if "thread_ts" in message:
        result["thread_ts"] = message["thread_ts"]
    if call.flag("include_context_messages"):
        result["context_messages"] = surroundings(channel, message)
    return result


def surroundings(channel: Channel, message: Message) -> dict[str, list[dict[str, Any]]]:
    """What was said just before and after, in the same thread or outside threads."""
    root = message.get("thread_ts")
    beside = (m for m in channel.messages.values() if m.get("thread_ts") == root)
    said = sorted(beside, key=by_ts)
    at = said.index(message)
    brief = [{"user_id": m["user"], "ts": m["ts"], "text": m["text"]} for m in said]
    return {"before": brief[max(0, at - CONTEXT) : at], "after": brief[at + 1 : at + 1 + CONTEXT]}
