"""Search for words: by Slack itself where the workspace has Real-time Search, else in what was
read."""

from collections.abc import Iterable
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.slack.history.calls import Calls, next_cursor
from bot.slack.history.coercion import Channel, Message, is_message, plain
from bot.slack.history.rights import Rights
from bot.slack.pace import is_away
from orchestrator.retrieve.lexical import Words

Found = tuple[Channel, Message]
_PAGE = 20


async def real_time(
    calls: Calls, action_token: str, rights: Rights, text: str, most: int
) -> list[Found] | None:
    """The messages of public channels that Slack finds for the asker, best first.

    None when the workspace has no such search, or the token of the asker's message has expired.
    """
    if not action_token:
        return None
    try:
        if not (await calls.read("assistant.search.info")).get("is_ai_search_enabled"):
            return None
        return await _pages(calls, action_token, rights, text, most)
    except SlackApiError as error:
        if is_away(error):
            raise
        return None


async def _pages(
    calls: Calls, action_token: str, rights: Rights, text: str, most: int
) -> list[Found]:
    known = {channel.id: channel for channel in rights.channels}
    found: list[Found] = []
    cursor = ""
    while len(found) < most:
        answer = await calls.read(
            "assistant.search.context",
            query=text,
            action_token=action_token,
            channel_types="public_channel",
            content_types="messages",
            limit=min(_PAGE, most),
            cursor=cursor,
        )
        for hit in answer["results"]["messages"]:
            place = hit["channel_id"]
            message = _message(hit)
            if rights.of_public(place) and is_message(message, rights.bot_user_id):
                channel = known.get(place) or Channel(place, hit["channel_name"])
                found.append((channel, message))
        cursor = next_cursor(answer)
        if not cursor:
            break
    return found[:most]


def _message(hit: dict[str, Any]) -> Message:
    """A hit in the form of history; search does not tell of reactions."""
    return {
        "ts": hit["message_ts"],
        "bot_id": hit.get("is_author_bot"),
        "user": hit["author_user_id"],
        "text": hit["content"],
        "thread_ts": hit.get("thread_ts"),
        "reactions": None,
    }


def ranked(messages: Iterable[Found], text: str, most: int) -> list[Found]:
    """The messages that share a word with the text, best first."""
    known = list(messages)
    places = Words.of([plain(message.get("text") or "") for _, message in known]).ranked(text)
    return [known[place] for place in places[:most]]
