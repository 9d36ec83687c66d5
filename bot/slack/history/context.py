"""What a question's thread says above it, when the question points there."""

import re
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
MOST_CHARACTERS = 500
_POINTS = re.compile(
    r"\b(?:(?:this|that|these|those)(?! (?:day|week|month|quarter|year)\b)|same|above|mentioned)\b",
    re.IGNORECASE,
)


async def thread_texts(client: AsyncWebClient, asked: Asked) -> tuple[str, ...]:
    """The last texts of people in the question's thread, oldest first; none when the question does
    not point to any, or when Slack does not give them soon."""
    if asked.thread_ts == asked.ts or not _POINTS.search(asked.text):
        return ()
    try:
        with courtesy():
            answer = await client.conversations_replies(
                channel=asked.channel, ts=asked.thread_ts, latest=asked.ts
            )
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.info("thread_not_read", reason=type(error).__name__)
        return ()
    messages: list[Message] = answer["messages"] or []
    said = [m for m in messages if is_said(m) and m["ts"] != asked.ts]
    return tuple(_words(message)[:MOST_CHARACTERS] for message in said[-MOST_TEXTS:])


def _words(message: Message) -> str:
    """What a message says and quotes."""
    quoted: list[Any] = [one.get("text") for one in message.get("attachments") or []]
    return plain("\n".join(text for text in (message.get("text"), *quoted) if text))
