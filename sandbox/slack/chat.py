"""The methods that write: chat.*, reactions.* and assistant.threads.setStatus."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from sandbox.slack.block_kit import MARKDOWN_CHARACTERS
from sandbox.slack.blocks import checked_blocks, with_ids
from sandbox.slack.method import Arguments, Call, Method, RefusedError
from sandbox.slack.workspace import Channel, Message

TEXT_CHARACTERS = 4_000
STREAMING = "in_progress"
EMOJI_FILE = Path(__file__).parent / "page" / "emoji.json"


@cache
def emoji_names() -> frozenset[str]:
    """The emoji that this workspace knows, the same that the page can show."""
    return frozenset(json.loads(EMOJI_FILE.read_text(encoding="utf-8")))


def content(arguments: Arguments) -> dict[str, Any]:
    """The text and blocks of a message, as they will be stored, if Slack would take them."""
    markdown: Any = arguments.get("markdown_text")
    text: Any = arguments.get("text")
    blocks: Any = arguments.get("blocks")
    if markdown and (text or blocks):
        raise RefusedError("markdown_text_conflict")
    if not (text or blocks or markdown):
        raise RefusedError("no_text")
    if len(str(text or "")) > TEXT_CHARACTERS or len(str(markdown or "")) > MARKDOWN_CHARACTERS:
        raise RefusedError("msg_too_long")
    if markdown:
        blocks = [{"type": "markdown", "text": markdown}]
        text = markdown
    stored: dict[str, Any] = {"text": str(text or "")}
    if blocks:
        stored["blocks"] = with_ids(checked_blocks(blocks))
    return stored


def metadata(arguments: Arguments) -> dict[str, Any]:
    """The metadata of a message, if it was given and is well formed."""
    given: Any = arguments.get("metadata")
    if given is None:
        return {}
    fields = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    kind, payload = fields.get("event_type"), fields.get("event_payload")
    if not (isinstance(kind, str) and kind and isinstance(payload, dict)):
        raise RefusedError("invalid_metadata_format")
    if len(fields) > 2 or not storable(payload):
        raise RefusedError("invalid_metadata_schema")
    return {"metadata": fields}


def storable(value: Any) -> bool:
    """Whether metadata may hold it: text, numbers, booleans, and objects and lists of them."""
    if isinstance(value, dict):
        return all(map(storable, cast("dict[str, Any]", value).values()))
    if isinstance(value, list):
        return all(map(storable, cast("list[Any]", value)))
    return isinstance(value, (str, int, float))


def written_by_bot(call: Call) -> dict[str, Any]:
    """What marks a message as this app's."""
    profile = {"id": call.app.bot_id, "app_id": call.app.id, "name": call.app.name}
    return {
        "user": call.app.bot_user_id,
        "bot_id": call.app.bot_id,
        "app_id": call.app.id,
        "bot_profile": {**profile, "deleted": False, "team_id": call.workspace.team_id},
    }


def thread(call: Call, channel: Channel) -> dict[str, Any]:
    """The thread that a message goes into; its ts must be that of a root message."""
    ts = call.arguments.get("thread_ts")
    if not ts:
        return {}
    if not channel.thread(str(ts)):
        raise RefusedError("thread_not_found")
    return {"thread_ts": str(ts)}


def post_message(call: Call) -> dict[str, Any]:
    """chat.postMessage: a user's id stands for the conversation with them."""
    if call.text("channel") in call.workspace.users:
        user_id = call.text("channel")
        channel = call.workspace.open_im(user_id, call.app.bot_user_id)
    else:
        channel = call.joined_channel()
    message = call.workspace.post(
        channel.id,
        {
            **written_by_bot(call),
            **content(call.arguments),
            **metadata(call.arguments),
            **thread(call, channel),
        },
    )
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def own_message(call: Call, channel: Channel, error: str) -> Message:
    """A message of this app, which alone it may change."""
    message = call.message(channel, "ts")
    if message.get("bot_id") != call.app.bot_id:
        raise RefusedError(error)
    return message


def update(call: Call) -> dict[str, Any]:
    """chat.update: text without blocks takes the blocks away, and `{}` the metadata."""
    channel = call.joined_channel()
    before = own_message(call, channel, "cant_update_message")
    if before.get("streaming_state") == STREAMING:
        raise RefusedError("streaming_state_conflict")
    edited = {"user": call.app.bot_user_id, "ts": call.workspace.new_ts()}
    emptied = call.arguments.get("metadata") == {}
    about = {"metadata": None} if emptied else metadata(call.arguments)
    message = call.workspace.edit(
        channel.id,
        call.text("ts"),
        {"blocks": None, **content(call.arguments), **about, "edited": edited},
    )
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": message,
    }


def delete(call: Call) -> dict[str, Any]:
    """chat.delete, of the app's own messages."""
    channel = call.joined_channel()
    message = own_message(call, channel, "cant_delete_message")
    if message.get("streaming_state") == STREAMING:
        raise RefusedError("cant_delete_message")
    call.workspace.delete(channel.id, message["ts"])
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(call: Call) -> dict[str, Any]:
    """chat.postEphemeral, to somebody who is in the channel."""
    channel = call.joined_channel()
    user_id = call.text("user")
    if user_id not in channel.members:
        raise RefusedError("user_not_in_channel")
    message = call.workspace.post_ephemeral(
        channel.id,
        user_id,
        {**written_by_bot(call), **content(call.arguments), **thread(call, channel)},
    )
    return {"message_ts": message["ts"]}


def get_permalink(call: Call) -> dict[str, Any]:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": call.workspace.permalink(channel, message)}


def reaction_name(call: Call) -> str:
    """An emoji's name, without colons, that this workspace knows."""
    name = call.text("name")
    if re.sub(r"::skin-tone-[2-6]$", "", name) not in emoji_names():
        raise RefusedError("invalid_name")
    return name


def add_reaction(call: Call) -> dict[str, Any]:
    """reactions.add."""
    channel = call.joined_channel()
    name, message = reaction_name(call), call.message(channel, "timestamp")
    react(call, channel, message, name)
    return {}


def react(call: Call, channel: Channel, message: Message, name: str) -> None:
    """Add the bot to those who reacted so."""
    users = {r["name"]: list(r["users"]) for r in message.get("reactions", [])}
    if call.app.bot_user_id in users.setdefault(name, []):
        raise RefusedError("already_reacted")
    users[name].append(call.app.bot_user_id)
    call.workspace.set_reactions(channel.id, message["ts"], counted(users))


def remove_reaction(call: Call) -> dict[str, Any]:
    """reactions.remove."""
    channel = call.joined_channel()
    name, message = reaction_name(call), call.message(channel, "timestamp")
    users = {r["name"]: list(r["users"]) for r in message.get("reactions", [])}
    if call.app.bot_user_id not in users.get(name, []):
        raise RefusedError("no_reaction")
    users[name].remove(call.app.bot_user_id)
    call.workspace.set_reactions(channel.id, message["ts"], counted(users))
    return {}


def counted(users: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Reactions as messages carry them."""
    return [{"name": n, "users": who, "count": len(who)} for n, who in users.items() if who]


def set_status(call: Call) -> dict[str, Any]:
    """assistant.threads.setStatus."""
    channel = call.joined_channel("channel_id")
    thread_ts = call.text("thread_ts")
    if not channel.thread(thread_ts):
        raise RefusedError("thread_not_found")
    call.workspace.set_status(channel.id, thread_ts, str(call.arguments.get("status", "")))
    return {}


METHODS = {
    "assistant.threads.setStatus": Method(set_status, "chat:write"),
    "chat.delete": Method(delete, "chat:write"),
    "chat.getPermalink": Method(get_permalink),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write"),
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.update": Method(update, "chat:write"),
    "reactions.add": Method(add_reaction, "reactions:write"),
    "reactions.remove": Method(remove_reaction, "reactions:write"),
}
