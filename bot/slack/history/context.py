"""What a question's thread says above it, when the question points there."""

import re
from collections.abc import Sequence
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.asked import Asked
from bot.slack.history.coercion import Message, is_said, plain
from bot.slack.pace import courtesy

log = structlog.get_logger(__name__)

MOST_TEXTS = 10
MOST_DIRECT = 15
MOST_CHARACTERS = 500
_POINTS = re.compile(
    r"\b(?:(?:this|that|these|those)(?! (?:day|week|month|quarter|year)\b)|same|above|mentioned)\b",
    re.IGNORECASE,
)


async def thread_messages(client: AsyncWebClient, asked: Asked) -> list[Message] | None:
    """What people have said in the question's thread up to it, oldest first; where a question opens
    a thread in a direct conversation, the last of that. None when Slack does not give it soon."""
    where: dict[str, Any] = {"channel": asked.channel, "latest": asked.ts, "inclusive": True}
    is_alone = asked.thread_ts == asked.ts
    try:
        with courtesy():
            if asked.direct and is_alone:
                answer = await client.conversations_history(**where, limit=MOST_DIRECT)
            else:
                answer = await client.conversations_replies(**where, ts=asked.thread_ts)
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.info("thread_not_read", reason=type(error).__name__)
        return None
    messages: list[Message] = answer["messages"] or []
    return sorted(filter(is_said, messages), key=lambda message: message["ts"])


def thread_texts(messages: Sequence[Message], asked: Asked) -> tuple[str, ...]:
    """The last texts of the question's thread; none when it opens the thread or does not point to
    any. What a message quotes is left out: it may be an answer of the bot, with rows in it."""
    if asked.thread_ts == asked.ts or not _POINTS.search(asked.text):
        return ()
    said = [m for m in messages if m["ts"] != asked.ts]
    return tuple(plain(one.get("text") or "")[:MOST_CHARACTERS] for one in said[-MOST_TEXTS:])
