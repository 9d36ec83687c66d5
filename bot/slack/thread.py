"""One Slack thread to write in: posts and edits, in plainer forms where blocks are refused.

Every post bears the name of the work and of the part of it that it is, so that whoever takes the
work over, or does not know whether a post arrived, can see what stands there already.
"""

from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import NotNow
from bot.slack.pace import is_away, reason
from bot.slack.render import Block, Message, escaped

log = structlog.get_logger(__name__)

SLACK_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError)
"""What a call to Slack can raise."""
REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
ANSWER, PROGRESS, ASIDE = "answer", "progress", "aside"
PAUSES_S = (0.5, 2.0, 5.0)


class Thread:
    """Where one question was asked; with no `ts` not in a thread, but in the conversation itself.
    Links in what it writes are never unfurled.

    `work` is the id of the work that the posts are for; `since` is the message that brought it.
    """

    def __init__(
        self, client: AsyncWebClient, channel: str, ts: str, *, work: str = "", since: str = "0"
    ) -> None:
        self.channel = channel
        self.ts = ts
        self._client = client
        self._work = work
        self._since = since
        self._is_recalled = False
        self._posted: set[str] = set()
        self._found: dict[str, str] = {}

    @property
    def place(self) -> str:
        """The thread's name: equal names are the same thread."""
        return f"{self.channel}:{self.ts}"

    async def elsewhere(self, channel: str, ts: str = "") -> "Thread":
        """Another place in which the same work posts; what an earlier try has posted there is
        found if it was looked for here. Raises NotNow when Slack is away."""
        since = max(self._since, self.ts, key=float)
        place = Thread(self._client, channel, ts, work=self._work, since=since)
        if self._is_recalled:
            await place.recall()
        return place

    async def recall(self) -> None:
        """Find what an earlier try at the work has posted. Raises NotNow when Slack is away."""
        self._is_recalled = True
        try:
            async for message in self._written():
                noted = payload(message)
                if noted.get("work") == self._work and message["ts"] not in self._posted:
                    self._found[str(noted.get("part"))] = message["ts"]
        except SLACK_FAILURES as error:
            if is_away(error) or not isinstance(error, SlackApiError):
                raise NotNow("the thread can't be read") from error
            log.warning("thread_unreadable", reason=reason(error))

    async def with_its_answer(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The message that opens the thread, and the answer that the same work has posted under it,
        as they stand in Slack. Raises NotNow when Slack is away."""
        try:
            head, *below = [message async for message in self._written()] or [{}]
        except SLACK_FAILURES as error:
            if is_away(error) or not isinstance(error, SlackApiError):
                raise NotNow("the thread can't be read") from error
            return {}, None
        wanted = (payload(head).get("work", ""), ANSWER)
        found = ((payload(one).get("work"), payload(one).get("part")) for one in below)
        return head, dict(zip(found, below, strict=True)).get(wanted)

    def has(self, part: str) -> bool:
        """Whether an earlier try has posted this part."""
        return part in self._found

    def mark(self, part: str, **about: str) -> dict[str, Any] | None:
        """The metadata that names the work and this part of it; None when there is no work."""
        if not self._work:
            return None
        payload = {"work": self._work, "part": part, **about}
        return {"event_type": f"crosstalk_{part}", "event_payload": payload}

    async def post(self, message: Message, part: str = ANSWER, **about: str) -> str:
        """Say it in the thread, in the richest form that Slack takes: the new message's ts. `about`
        is kept in its metadata.

        What an earlier try has posted as the same part is edited instead. Once the answer stands
        there the work counts as done, so it comes last. Raises NotNow when Slack is away.
        """
        pauses_s = iter(PAUSES_S)
        while True:
            try:
                mark = self.mark(part, **about)
                return await self._edited(part, mark, message) or await self._send(mark, message)
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                if not is_away(error):
                    raise
                log.warning("post_unsure", part=part, reason=type(error).__name__)
                if (pause_s := next(pauses_s, None)) is None:
                    raise NotNow("Slack does not take the post") from error
            await sleep(pause_s)
            await self.recall()

    async def edit(self, ts: str, message: Message, mark: dict[str, Any] | None = None) -> None:
        """Replace a message that was posted here; without a `mark` it keeps the one that it has."""

        async def send(text: str, blocks: list[Block] | None) -> str:
            await self._client.chat_update(
                channel=self.channel, ts=ts, text=text, **_given(blocks=blocks, metadata=mark)
            )
            return ts

        await _in_some_form(message, send)

    async def delete(self, ts: str) -> None:
        """Take back a message that was posted here."""
        await self._client.chat_delete(channel=self.channel, ts=ts)

    async def begin_stream(self, team: str, user: str) -> AsyncChatStream:
        """A message that grows in the thread, for this person to read; see bot.slack.answer."""
        return await self._client.chat_stream(
            channel=self.channel,
            thread_ts=self.ts,
            recipient_team_id=team,
            recipient_user_id=user,
            buffer_size=1,
        )

    async def end_stream(self, ts: str) -> None:
        """End a message that was growing, as it stands."""
        await self._client.chat_stopStream(channel=self.channel, ts=ts)

    async def upload(self, name: str, content: bytes, alt_text: str | None = None) -> None:
        """Put a file into the thread; a picture has words for those who can't see it."""
        await self._client.files_upload_v2(
            channel=self.channel,
            thread_ts=self.ts,
            filename=name,
            content=content,
            alt_txt=alt_text,
        )

    async def whisper(self, user: str, sentence: str) -> None:
        """A sentence that one person alone sees."""
        await self._client.chat_postEphemeral(
            channel=self.channel, thread_ts=self.ts, user=user, text=escaped(sentence)
        )

    async def status(self, sentence: str) -> None:
        """Show what the bot is doing under the thread, for at most two minutes."""
        await self._client.assistant_threads_setStatus(
            channel_id=self.channel, thread_ts=self.ts, status=sentence
        )

    async def react(self, ts: str, emoji: str) -> None:
        """Put an emoji on a message of this thread's channel."""
        await self._client.reactions_add(channel=self.channel, timestamp=ts, name=emoji)

    async def _send(self, mark: dict[str, Any] | None, message: Message) -> str:
        async def send(text: str, blocks: list[Block] | None) -> str:
            sent = await self._client.chat_postMessage(
                channel=self.channel,
                thread_ts=self.ts or None,
                text=text,
                unfurl_links=False,
                unfurl_media=False,
                **_given(blocks=blocks, metadata=mark),
            )
            return str(sent["ts"])

        ts = await _in_some_form(message, send)
        self._posted.add(ts)
        return ts

    async def _edited(self, part: str, mark: dict[str, Any] | None, message: Message) -> str | None:
        """Take over what was found: its ts, or None when there is nothing to take over."""
        ts = self._found.pop(part, None)
        if ts is None:
            return None
        try:
            await self.edit(ts, message, mark)
        except SlackApiError as error:
            if reason(error) == "message_not_found":
                return None
            raise
        self._posted.add(ts)
        return ts

    async def _written(self) -> AsyncIterator[dict[str, Any]]:
        """What stands in the thread, or in the conversation, since the work began."""
        cursor: str | None = None
        while cursor != "":
            about: dict[str, Any] = {"oldest": self._since, "cursor": cursor}
            about |= {"channel": self.channel, "include_all_metadata": True}
            if self.ts:
                page = await self._client.conversations_replies(ts=self.ts, **about)
            else:
                page = await self._client.conversations_history(**about)
            for message in page.get("messages") or []:
                yield message
            following: dict[str, Any] = page.get("response_metadata") or {}
            cursor = following.get("next_cursor") or ""


def payload(message: dict[str, Any]) -> dict[str, Any]:
    """What the bot has noted in a message's metadata; empty without any."""
    return (message.get("metadata") or {}).get("event_payload") or {}


def _given(**arguments: Any) -> dict[str, Any]:
    """The arguments that have a value."""
    return {name: value for name, value in arguments.items() if value}


async def _in_some_form(
    message: Message, send: Callable[[str, list[Block] | None], Awaitable[str]]
) -> str:
    """Send a message's forms, one after the other, until Slack does not refuse the blocks."""
    for text, blocks in message.forms():
        try:
            return await send(text, blocks)
        except SlackApiError as error:
            if blocks is None or reason(error) not in REFUSED_BLOCKS:
                raise
            log.warning("blocks_refused", reasons=error.response.get("errors"))
    raise AssertionError("a message has a form without blocks")
