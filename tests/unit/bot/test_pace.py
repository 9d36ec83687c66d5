"""The client that keeps Slack's limits, against the local Slack; waiting takes no time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from slack_sdk.errors import SlackApiError

from bot import runs as runs_module
from bot.runs import NotNow, Runs
from bot.slack import pace as pace_module
from bot.slack import thread as thread_module
from bot.slack.pace import LeftOut, PacedClient, Rates, courtesy
from bot.slack.render import plain_message
from bot.slack.thread import ANSWER, PROGRESS, Thread
from orchestrator.store import Pace, Queue, Store, Work
from orchestrator.store.pace import pace as rows
from sandbox.slack import LocalSlack

CHANNEL, ADA = "C0SALES", "U0ADA"


class Waits:
    """Stands in for sleeping: notes how long, and moves all turns nearer by as much."""

    def __init__(self, store: Store) -> None:
        self.seconds: list[float] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self._store = store

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.meanwhile is not None:
            await self.meanwhile()
        passed = {name: rows.c[name] - seconds for name in ("full_at", "held_until")}
        async with self._store.engine.begin() as connection:
            await connection.execute(sa.update(rows).values(**passed))


@pytest.fixture
def waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> Waits:
    """What the client and the thread wait for."""
    waits = Waits(store)
    for module in (pace_module, thread_module):
        monkeypatch.setattr(module, "sleep", waits)
    return waits


@pytest.fixture
async def slack() -> AsyncGenerator[LocalSlack]:
    """A workspace with one channel and one question in it."""
    local = LocalSlack()
    local.add_user("ada", user_id=ADA)
    local.add_channel("sales", channel_id=CHANNEL)
    await local.start()
    yield local
    await local.stop()


@pytest.fixture
def pace(store: Store) -> Pace:
    """The pace of that store."""
    return Pace(store.engine)


def client(slack: LocalSlack, pace: Pace, rates: Rates | None = None) -> PacedClient:
    """A client of the local Slack."""
    rates = rates or Rates()
    return PacedClient(pace, rates, token=slack.bot_token, base_url=slack.api_url)


async def asked(slack: LocalSlack) -> str:
    """The ts of a question."""
    return await slack.post_as(ADA, CHANNEL, "how many?")


def of(slack: LocalSlack, method: str) -> list[dict[str, Any]]:
    """The arguments of every call of a method."""
    return [arguments for name, arguments in slack.calls if name == method]


async def told_nobody(_: Work, sentence: str) -> None:
    """There is nothing to tell in these tests."""
    raise AssertionError(sentence)


class TestPace:
    """Turns, courtesies and 429s."""

    async def test_posts_of_a_channel_wait_their_turn(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """After the burst each post of one channel waits a second more; another channel's none."""
        slack.add_channel("other", channel_id="C0OTHER")
        web = client(slack, pace)
        for _ in range(4):
            await web.chat_postMessage(channel=CHANNEL, text="hi")
        await web.chat_postMessage(channel="C0OTHER", text="hi")
        assert waits.seconds == []
        await web.chat_postMessage(channel=CHANNEL, text="hi")
        assert waits.seconds == [pytest.approx(1, abs=0.9)]

    async def test_courtesies_are_left_out_where_others_wait(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """Once the turn of an edit is minutes off, a courteous one is not sent; another waits."""
        ts, web = await asked(slack), client(slack, pace)
        sent = await web.chat_postMessage(channel=CHANNEL, text="hi", thread_ts=ts)
        posted = str(sent["ts"])
        await pace.hold("chat.update:" + key_of(web), Rates().of("chat.update"), 300)
        with courtesy(), pytest.raises(LeftOut):
            await web.chat_update(channel=CHANNEL, ts=posted, text="courteous")
        assert of(slack, "chat.update") == []
        await web.chat_update(channel=CHANNEL, ts=posted, text="needed")
        assert waits.seconds[0] == pytest.approx(300, abs=5)

    async def test_a_courtesy_leaves_turns_to_others(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """Of four posts at once, a courtesy that spares three gets one; others get the rest."""
        web = client(slack, pace)
        with courtesy(0, spare=3):
            await web.chat_postMessage(channel=CHANNEL, text="hi")
            with pytest.raises(LeftOut):
                await web.chat_postMessage(channel=CHANNEL, text="left out")
        for _ in range(3):
            await web.chat_postMessage(channel=CHANNEL, text="hi")
        assert waits.seconds == []

    async def test_reactions_are_always_a_courtesy(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """Eyes never hold up a question."""
        web = client(slack, pace)
        await pace.hold("reactions.add:" + key_of(web), Rates().of("reactions.add"), 300)
        with pytest.raises(LeftOut):
            await web.reactions_add(channel=CHANNEL, timestamp=await asked(slack), name="eyes")
        assert waits.seconds == []

    async def test_a_429_makes_every_replica_wait(
        self, slack: LocalSlack, store: Store, pace: Pace, waits: Waits
    ) -> None:
        """What Slack says to one client, another keeps too; then the call is made again."""
        web, rate = client(slack, pace), Rates().of("chat.postMessage")
        others: list[float | None] = []

        async def another_replica() -> None:
            key = f"chat.postMessage:{key_of(web)}{CHANNEL}"
            others.append(await Pace(store.engine).take(key, rate))

        waits.meanwhile = another_replica
        slack.inject("chat.postMessage", retry_after=30)
        await web.chat_postMessage(channel=CHANNEL, text="hi")
        assert waits.seconds[0] == pytest.approx(30, abs=2)
        assert others[0] == pytest.approx(31, abs=2)
        assert len(of(slack, "chat.postMessage")) == 2
        assert len(slack.workspace.channels[CHANNEL].messages) == 1

    async def test_a_replica_that_was_frozen_posts_nothing(
        self, slack: LocalSlack, store: Store, pace: Pace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Work that wakes up after its lease ran out says nothing: another replica may have."""
        queue, web, ended = Queue(store.engine), client(slack, pace), asyncio.Event()
        runs, clock = Runs(queue), time.monotonic

        async def freeze_and_post(_: Work) -> None:
            monkeypatch.setattr(runs_module, "monotonic", lambda: clock() + queue.lease_s)
            try:
                await web.chat_postMessage(channel=CHANNEL, text="late")
            finally:
                ended.set()

        runs.handle("question", freeze_and_post, told_nobody)
        runs.start()
        await runs.put("lane", ["Ev1"], "question", {})
        await ended.wait()
        await runs.drain(10)
        assert of(slack, "chat.postMessage") == []

    async def test_without_a_store_there_is_no_pace_but_there_are_answers(
        self, slack: LocalSlack, tmp_path: Path, waits: Waits
    ) -> None:
        """A limiter that can't be read stops nobody."""
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/missing/store.db")
        await client(slack, Pace(store.engine)).chat_postMessage(channel=CHANNEL, text="hi")
        assert len(of(slack, "chat.postMessage")) == 1

    async def test_a_distributed_app_reads_little(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """Its messages come 15 at a time, once a minute, however many are asked for."""
        web, ts = client(slack, pace, Rates("distributed")), await asked(slack)
        for _ in range(2):
            await web.conversations_replies(channel=CHANNEL, ts=ts, limit=1000)
        assert {str(call["limit"]) for call in of(slack, "conversations.replies")} == {"15"}
        assert waits.seconds == [pytest.approx(60, abs=5)]


def key_of(web: PacedClient) -> str:
    """The part of a row's key that names the workspace, with no channel."""
    return web._key("", {}).removeprefix(":")  # pyright: ignore[reportPrivateUsage]


class LostReplies(PacedClient):
    """A client whose connection breaks around its next posts: before they arrive, or after."""

    def __init__(self, *breaks: str, **options: Any) -> None:
        super().__init__(**options)
        self.breaks = list(breaks)

    async def _request(self, *, http_verb: str, api_url: str, req_args: Any) -> dict[str, Any]:
        when = self.breaks.pop(0) if "postMessage" in api_url and self.breaks else ""
        if when == "before":
            raise aiohttp.ServerDisconnectedError
        reply = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        if when == "after":
            raise aiohttp.ServerDisconnectedError
        return reply


class TestLostReplies:
    """A post whose reply is lost stands in the thread once."""

    @pytest.mark.parametrize(
        "breaks", [["before"], ["after"], ["before", "after"], ["before", "before", "before"]]
    )
    async def test_a_post_that_nobody_knows_of_stands_there_once(
        self, slack: LocalSlack, pace: Pace, waits: Waits, breaks: list[str]
    ) -> None:
        """Whether the connection broke before or after Slack took it, the answer is there once."""
        ts = await asked(slack)
        options = {"token": slack.bot_token, "base_url": slack.api_url}
        web = LostReplies(*breaks, pace=pace, rates=Rates(), **options)
        thread = Thread(web, CHANNEL, ts, work="w1", since=ts)
        posted = await thread.post(plain_message("42"))
        again = await thread.post(plain_message("43"))
        texts = [m["text"] for m in slack.workspace.channels[CHANNEL].thread(ts)]
        assert texts == ["how many?", "42", "43"]
        assert posted != again

    @pytest.mark.parametrize("status", [500, 503])
    async def test_a_broken_slack_is_tried_later(
        self, slack: LocalSlack, pace: Pace, waits: Waits, status: int
    ) -> None:
        """After four tries the work is put off, and its post is no failure of the work."""
        ts = await asked(slack)
        slack.inject("chat.postMessage", status=status, times=99)
        thread = Thread(client(slack, pace), CHANNEL, ts, work="w1", since=ts)
        with pytest.raises(NotNow):
            await thread.post(plain_message("42"))
        assert len(of(slack, "chat.postMessage")) == 4

    async def test_what_slack_refuses_is_not_tried_again(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """A channel that is gone stays gone."""
        slack.inject("chat.postMessage", "is_archived", times=99)
        thread = Thread(client(slack, pace), CHANNEL, await asked(slack), work="w1")
        with pytest.raises(SlackApiError, match="is_archived"):
            await thread.post(plain_message("42"))
        assert len(of(slack, "chat.postMessage")) == 1

    async def test_a_long_thread_is_read_to_its_end(
        self, slack: LocalSlack, pace: Pace, waits: Waits
    ) -> None:
        """What was posted before a crash is found behind more messages than one call reads."""
        ts = await asked(slack)
        web = client(slack, pace, Rates("distributed"))
        for _ in range(40):
            await slack.post_as(ADA, CHANNEL, "and?", ts)
        before = Thread(web, CHANNEL, ts, work="w1", since=ts)
        await before.post(plain_message("Reading"), PROGRESS)
        after, other = (Thread(web, CHANNEL, ts, work=w, since=ts) for w in ("w1", "w2"))
        await after.recall()
        await other.recall()
        assert after.has(PROGRESS)
        assert not after.has(ANSWER)
        assert not other.has(PROGRESS)
