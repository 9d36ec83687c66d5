"""One Slack thread to write in: posts and edits, with a plain fallback for refused blocks."""

from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.render import Message

log = structlog.get_logger(__name__)

REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class Thread:
    """Where one question was asked. Links in what it writes are never unfurled."""

    def __init__(self, client: AsyncWebClient, channel: str, ts: str) -> None:
        self._client = client
        self._channel = channel
        self._ts = ts

    async def post(self, message: Message) -> str:
        """Say it in the thread: the new message's ts."""
        how: dict[str, Any] = {"thread_ts": self._ts, "unfurl_links": False, "unfurl_media": False}
        post, channel = self._client.chat_postMessage, self._channel
        try:
            sent = await post(channel=channel, text=message.text, blocks=message.blocks, **how)
        except SlackApiError as error:
            _raise_unless_blocks(error)
            sent = await post(channel=channel, text=message.text, **how)
        return str(sent["ts"])

    async def edit(self, ts: str, message: Message) -> None:
        """Replace a message that was posted here."""
        update, channel = self._client.chat_update, self._channel
        try:
            await update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        except SlackApiError as error:
            _raise_unless_blocks(error)
            await update(channel=channel, ts=ts, text=message.text)

    async def status(self, sentence: str) -> None:
        """Show what the bot is doing under the thread, for at most two minutes."""
        await self._client.assistant_threads_setStatus(
            channel_id=self._channel, thread_ts=self._ts, status=sentence
        )

    async def react(self, ts: str, emoji: str) -> None:
        """Put an emoji on a message of this thread's channel."""
        await self._client.reactions_add(channel=self._channel, timestamp=ts, name=emoji)


def _raise_unless_blocks(error: SlackApiError) -> None:
    if error.response["error"] not in REFUSED_BLOCKS:
        raise error
    log.warning("blocks_refused", reasons=error.response.get("errors"))
