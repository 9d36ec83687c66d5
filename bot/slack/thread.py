"""One Slack thread to write in: posts and edits, in plainer forms where blocks are refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.render import Block, Message, escaped

log = structlog.get_logger(__name__)

SLACK_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError)
"""What a call to Slack can raise."""
REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class Thread:
    """Where one question was asked. Links in what it writes are never unfurled."""

    def __init__(self, client: AsyncWebClient, channel: str, ts: str) -> None:
        self._client = client
        self._channel = channel
        self._ts = ts

    @property
    def place(self) -> str:
        """The thread's name: equal names are the same thread."""
        return f"{self._channel}:{self._ts}"

    async def post(self, message: Message) -> str:
        """Say it in the thread, in the richest form that Slack takes: the new message's ts."""

        async def send(text: str, blocks: list[Block] | None) -> str:
            sent = await self._client.chat_postMessage(
                channel=self._channel,
                thread_ts=self._ts,
                text=text,
                unfurl_links=False,
                unfurl_media=False,
                **_given(blocks),
            )
            return str(sent["ts"])

        return await _in_some_form(message, send)

    async def edit(self, ts: str, message: Message) -> None:
        """Replace a message that was posted here."""

        async def send(text: str, blocks: list[Block] | None) -> str:
            await self._client.chat_update(
                channel=self._channel, ts=ts, text=text, **_given(blocks)
            )
            return ts

        await _in_some_form(message, send)

    async def delete(self, ts: str) -> None:
        """Take back a message that was posted here."""
        await self._client.chat_delete(channel=self._channel, ts=ts)

    async def begin_stream(self, team: str, user: str) -> AsyncChatStream:
        """A message that grows in the thread, for this person to read; see bot.slack.answer."""
        return await self._client.chat_stream(
            channel=self._channel,
            thread_ts=self._ts,
            recipient_team_id=team,
            recipient_user_id=user,
            buffer_size=1,
        )

    async def end_stream(self, ts: str) -> None:
        """End a message that was growing, as it stands."""
        await self._client.chat_stopStream(channel=self._channel, ts=ts)

    async def upload(self, name: str, content: bytes, alt_text: str | None = None) -> None:
        """Put a file into the thread; a picture has words for those who can't see it."""
        await self._client.files_upload_v2(
            channel=self._channel,
            thread_ts=self._ts,
            filename=name,
            content=content,
            alt_txt=alt_text,
        )

    async def whisper(self, user: str, sentence: str) -> None:
        """A sentence that one person alone sees."""
        await self._client.chat_postEphemeral(
            channel=self._channel, thread_ts=self._ts, user=user, text=escaped(sentence)
        )

    async def status(self, sentence: str) -> None:
        """Show what the bot is doing under the thread, for at most two minutes."""
        await self._client.assistant_threads_setStatus(
            channel_id=self._channel, thread_ts=self._ts, status=sentence
        )

    async def react(self, ts: str, emoji: str) -> None:
        """Put an emoji on a message of this thread's channel."""
        await self._client.reactions_add(channel=self._channel, timestamp=ts, name=emoji)


def _given(blocks: list[Block] | None) -> dict[str, Any]:
    return {"blocks": blocks} if blocks else {}


async def _in_some_form(
    message: Message, send: Callable[[str, list[Block] | None], Awaitable[str]]
) -> str:
    """Send a message's forms, one after the other, until Slack does not refuse the blocks."""
    for text, blocks in message.forms():
        try:
            return await send(text, blocks)
        except SlackApiError as error:
            if blocks is None or error.response["error"] not in REFUSED_BLOCKS:
                raise
            log.warning("blocks_refused", reasons=error.response.get("errors"))
    raise AssertionError("a message has a form without blocks")
