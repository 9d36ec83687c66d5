"""Reads a workspace's messages with the rights of the person who asks, and gives Arrow.

Locks of a query, in order: the guard, the asker's rights as Slack tells them at this moment, a
budget of channels, messages and time, row and byte caps. Nothing is kept between calls.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from datetime import timedelta
from typing import Any

import pyarrow as pa
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import Capabilities, Fetched, Limits, Take
from adapters.coercion import to_table
from adapters.credentials import Credential
from adapters.errors import SourceRefused
from adapters.limits import pour
from adapters.query import NativeQuery, VectorQuery
from adapters.schema import Catalog
from bot.slack.history import errors
from bot.slack.history.calls import Calls
from bot.slack.history.coercion import Author, Channel, Filter, holds, period, values
from bot.slack.history.credentials import Asker
from bot.slack.history.guard import check
from bot.slack.history.introspect import OF_CHANNELS, OF_PEOPLE, SCORE, catalog
from bot.slack.history.reading import Reading
from bot.slack.history.rights import Rights, rights_of
from bot.slack.history.search import Found, ranked, real_time
from bot.slack.pace import reason

OpenClient = Callable[[str], AsyncWebClient]
"""A bot token to a client that keeps to Slack's limits."""


class SlackAdapter:
    """One workspace. `channel_number` finds a number in a channel's name: a pattern with a group.

    Of the channels that may be read `max_channels` are, and `max_messages` messages of them; of a
    thread that began more than `thread_days` before the period asked for, nothing.
    """

    kind = "slack"
    capabilities = Capabilities(
        language="vector",
        comparisons=frozenset({"=", "in", ">", ">=", "<", "<="}),
        exact=frozenset({"int64", "string", "bool", "timestamptz"}),
        vector_search=True,
        personal=True,
    )

    def __init__(
        self,
        source: str,
        *,
        client: OpenClient,
        channel_number: str | None = None,
        max_channels: int | str = 100,
        max_messages: int | str = 5_000,
        thread_days: int | str = 30,
    ) -> None:
        self.source = source
        self._client = client
        self._number = _pattern(channel_number) if channel_number else None
        self._max_channels = int(max_channels)
        self._max_messages = int(max_messages)
        self._threads = timedelta(days=int(thread_days))

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The one relation that every workspace has; nobody is asked."""
        return catalog(self.source)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Read or search messages, up to the budget and the caps. Raises SourceError."""
        if not isinstance(query, VectorQuery):
            raise SourceRefused(f"{self.source} takes vector queries alone.")
        check(query, self.source)
        if not isinstance(credential, Asker):
            raise SourceRefused(f"{self.source} is read with a person's rights, and none is given.")
        with self._translated():
            async with asyncio.timeout(limits.timeout_s):
                calls = Calls(self._client(credential.api_key), limits.timeout_s)
                rights = await rights_of(credential, calls, self.source, self._number)
                fetch = _Fetch(self.source, query, calls, rights)
                wanted = fetch.channels()
                reading = Reading(
                    calls,
                    rights.bot_user_id,
                    *fetch.period(),
                    threads=self._threads,
                    most=self._max_messages,
                )
                pages = reading.pages(wanted[: self._max_channels])
                batches = (
                    fetch.rows(pages)
                    if query.text is None
                    else fetch.hits(pages, query.text, credential.action_token)
                )
                fetched = await pour(batches, limits, take)
        is_cut = reading.is_cut or (fetch.has_read and len(wanted) > self._max_channels)
        return Fetched(fetched.rows, fetched.truncated or is_cut)

    @contextlib.contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except errors.CAUGHT as error:
            raise errors.translate(error, self.source) from error


class _Fetch:
    """One query on its way: channels, then messages, then rows. `has_read` once it needed what
    channels hold."""

    def __init__(self, source: str, query: VectorQuery, calls: Calls, rights: Rights) -> None:
        self._source = source
        self._query = query
        self._calls = calls
        self._rights = rights
        self._authors: dict[str, Author] = {}
        self._filters: list[Filter] = [
            (path, operator, frozenset(value) if operator == "in" else value)
            for path, operator, value in query.filters
        ]
        self.has_read = False

    def channels(self) -> tuple[Channel, ...]:
        """The readable channels that the filters leave. Raises SourceRefused when those that they
        name may not be read in the place of the answer."""
        of_channels = self._filters_of(OF_CHANNELS)
        found = tuple(one for one in self._rights.channels if holds(of_channels, one.values))
        if of_channels and not found:
            kept = [one for one in self._rights.hidden if holds(of_channels, one.values)]
            if kept:
                raise SourceRefused(
                    f"{self._source} has that in channels that not everybody here may read. "
                    "Ask in a direct message."
                )
        return found

    def period(self) -> tuple[Any, Any]:
        """The first and last moment of the query."""
        return period(self._filters)

    async def rows(self, pages: AsyncGenerator[list[Found]]) -> AsyncGenerator[pa.Table]:
        """The messages that meet the filters, a batch a page."""
        self.has_read = True
        left = self._query.limit
        async with contextlib.aclosing(pages):
            async for page in pages:
                batch = (await self._table(page)).slice(0, left)
                left -= batch.num_rows
                if batch.num_rows:
                    yield batch
                if not left:
                    return

    async def hits(
        self, pages: AsyncGenerator[list[Found]], text: str, action_token: str
    ) -> AsyncGenerator[pa.Table]:
        """The messages nearest to a text, best first."""
        most = self._query.limit
        found = await real_time(self._calls, action_token, self._rights, text, most)
        if found is None:
            self.has_read = True
            async with contextlib.aclosing(pages):
                read = [one async for page in pages for one in page]
            found = ranked(read, text, most)
        yield await self._table(found)

    async def _table(self, found: Iterable[Found]) -> pa.Table:
        rows: list[list[Any]] = []
        of_people = self._filters_of(OF_PEOPLE)
        others = [one for one in self._filters if one not in of_people]
        needs_people = bool(of_people or OF_PEOPLE & {*self._query.paths})
        for rank, (channel, message) in enumerate(found):
            row = values(message, channel, self._rights.site) | {SCORE: 1 / (1 + rank)}
            if not holds(others, row):
                continue
            if needs_people:
                author = await self._author(message["user"])
                row |= {"author": author.name, "author_email": author.email}
            if holds(of_people, row):
                rows.append([row[path] for path in self._query.paths])
        return to_table(rows, self._query.columns)

    def _filters_of(self, paths: frozenset[str]) -> list[Filter]:
        return [one for one in self._filters if one[0] in paths]

    async def _author(self, user_id: str) -> Author:
        """A person by name; by the id when Slack knows nobody of it."""
        if user_id not in self._authors:
            try:
                person = (await self._calls.call("users.info", user=user_id))["user"]
            except SlackApiError as error:
                if reason(error) != "user_not_found":
                    raise
                person = {}
            profile: dict[str, Any] = person.get("profile") or {}
            name = person.get("real_name") or profile.get("real_name") or user_id
            self._authors[user_id] = Author(name, profile.get("email"))
        return self._authors[user_id]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"not a pattern: {text}") from error
    if pattern.groups != 1:
        raise ValueError(f"not a pattern with one group: {text}")
    return pattern
