"""An answer's words as they would be spoken: streamed where they are many, else posted at once.

A stream can end at any time: Slack ends it after five minutes, a reader by a click. So there is a
ladder: what could not be streamed is written over the message begun, and where that can't be, the
message begun is taken back and a new one posted. There is never more than one full answer.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_chat_stream import AsyncChatStream

from bot.slack.answer.message import AnswerMessage
from bot.slack.pace import courtesy, reason
from bot.slack.render import Message
from bot.slack.thread import ANSWER, SLACK_FAILURES, Thread

log = structlog.get_logger(__name__)

STREAM_FROM = 400
"""Fewer characters are read at a glance: streamed, they would come later, and no better."""
PIECE = 200
MOST_CHARACTERS = 10_000
MOST_S = 200.0
"""Well under the five minutes after which Slack ends a stream."""
MAY_STREAM = frozenset({"streaming_state_conflict", "cant_delete_message"})
"""What Slack says to whoever edits or deletes a message that still streams."""
_MARKDOWN = re.compile(r"([\\`*_\[\]~#|])")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom an answer is for: in a channel, Slack streams to one person's question."""

    team: str
    user: str


class _TookTooLong(Exception):
    """The stream would soon be ended by Slack."""


async def streamed(
    thread: Thread,
    answer: AnswerMessage,
    reader: Reader,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Say an answer in its thread: the ts of its message. `clock` gives seconds."""
    if thread.has(ANSWER) or not STREAM_FROM <= len(answer.text) <= MOST_CHARACTERS:
        return await thread.post(answer.message())
    stream = await thread.begin_stream(reader.team, reader.user)
    try:
        with courtesy():
            await _spoken(stream, answer, clock, thread.mark(ANSWER))
    except (*SLACK_FAILURES, _TookTooLong) as error:
        why = reason(error) if isinstance(error, SlackApiError) else type(error).__name__
        log.warning("stream_failed", reason=why)
        return await _written(thread, stream.ts, answer.message())
    return str(stream.ts)


async def _spoken(
    stream: AsyncChatStream,
    answer: AnswerMessage,
    clock: Callable[[], float],
    mark: dict[str, Any] | None,
) -> None:
    began = clock()
    for piece in pieces("\n\n".join([*answer.said, *answer.doubts])):
        if clock() - began > MOST_S:
            raise _TookTooLong
        await stream.append(markdown_text=piece)
    await stream.stop(blocks=[*answer.below, *answer.small_print], metadata=mark)


async def _written(thread: Thread, begun: str | None, message: Message) -> str:
    """The whole answer in place of what was begun: over it, or else anew."""
    if begun is None:
        return await thread.post(message)
    mark = thread.mark(ANSWER)
    try:
        await _once_ended(thread, begun, lambda: thread.edit(begun, message, mark))
    except SLACK_FAILURES as error:
        log.warning("begun_message_lost", reason=type(error).__name__)
    else:
        return begun
    try:
        await _once_ended(thread, begun, lambda: thread.delete(begun))
    except SLACK_FAILURES as error:
        log.warning("begun_message_stays", reason=type(error).__name__)
    return await thread.post(message)


async def _once_ended(thread: Thread, ts: str, change: Callable[[], Awaitable[None]]) -> None:
    """Change a message; one that still streams is ended first, for Slack wants it so."""
    try:
        await change()
    except SlackApiError as error:
        if reason(error) not in MAY_STREAM:
            raise
        await thread.end_stream(ts)
        await change()


def pieces(text: str) -> Iterator[str]:
    """The text as Markdown that shows it as it is, in pieces that are cut between words."""
    start = 0
    while start < len(text):
        end = start + PIECE
        space = text.rfind(" ", start + 1, end) if end < len(text) else -1
        end = space if space > 0 else end
        yield markdown(text[start:end])
        start = end


def markdown(text: str) -> str:
    """Text as Markdown that shows it as it is."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", safe)
