"""Reads channels page by page, threads after them, within a budget of messages and time."""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slack_sdk.errors import SlackApiError

from bot.slack.history.calls import Calls, next_cursor
from bot.slack.history.coercion import Channel, Message, is_message, moment, stamp
from bot.slack.pace import LeftOut, reason

PAGE = 200
_GONE = frozenset({"channel_not_found", "not_in_channel", "thread_not_found"})


@dataclass(frozen=True, slots=True)
class _Page:
    """What is to be read: a channel outside its threads, or one thread, from `cursor` on."""

    channel: Channel
    thread: str | None = None
    cursor: str = ""


class Reading:
    """People's messages of some channels between two moments, both included.

    Slack tells of a reply only in its thread, so channels are read from `threads` before the
    first moment on. `is_cut` says that the budget ended before the messages did.
    """

    def __init__(
        self,
        calls: Calls,
        bot_user_id: str,
        first: datetime | None,
        last: datetime | None,
        *,
        threads: timedelta,
        most: int,
    ) -> None:
        self._calls = calls
        self._bot_user_id = bot_user_id
        self._first = first
        self._last = last
        self._threads = threads
        self._left = most
        self.is_cut = False

    async def pages(
        self, channels: tuple[Channel, ...]
    ) -> AsyncGenerator[list[tuple[Channel, Message]]]:
        """A page of each channel in turn, newest first, then of each thread."""
        waiting = deque(_Page(channel) for channel in channels)
        seen: set[tuple[str, str]] = set()
        while waiting:
            page = waiting.popleft()
            if self._left <= 0:
                self.is_cut = True
                return
            try:
                messages, cursor = await self._read(page)
            except LeftOut:
                if not seen:
                    raise
                self.is_cut = True
                return
            self._left -= len(messages)
            if cursor:
                waiting.append(replace(page, cursor=cursor))
            if page.thread is None:
                waiting.extend(_Page(page.channel, m["ts"]) for m in messages if self._has_new(m))
            fresh = [m for m in messages if (page.channel.id, m["ts"]) not in seen]
            seen.update((page.channel.id, m["ts"]) for m in messages)
            yield [(page.channel, m) for m in fresh if is_message(m, self._bot_user_id)]

    async def _read(self, page: _Page) -> tuple[list[Message], str]:
        in_thread = page.thread is not None
        since = self._first
        if since is not None and not in_thread:
            since -= self._threads
        try:
            answer = await self._calls.read(
                "conversations.replies" if in_thread else "conversations.history",
                channel=page.channel.id,
                ts=page.thread,
                oldest=since and stamp(since),
                latest=self._last and stamp(self._last),
                inclusive=1,
                limit=min(PAGE, self._left),
                cursor=page.cursor,
            )
        except SlackApiError as error:
            if reason(error) in _GONE:
                return [], ""
            raise
        return answer["messages"], next_cursor(answer)

    def _has_new(self, root: Message) -> bool:
        """Whether a thread has replies that may be of the period."""
        if not root.get("reply_count"):
            return False
        return self._first is None or moment(root["latest_reply"]) >= self._first
