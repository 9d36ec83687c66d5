"""Two replicas of the bot over one PostgreSQL, against a Slack at its worst.

Events come twice, out of order and under two names; posts are refused with 429; one replica is
killed midway and started again. Slack's limits run on a faster clock, and the replicas are told.
"""

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.slack.thread import ANSWER
from sandbox.postgres import counted
from sandbox.said import part_of
from sandbox.slack import DispatchError, LocalSlack
from sandbox.slack.delivery import Delivery
from sandbox.slack.events import events_for
from sandbox.slack.hooks import ActionTokens
from sandbox.slack.limits import RateLimits
from sandbox.storm.questions import Asked, Threads, make_source, questions, tellings
from sandbox.storm.replicas import Replica
from sandbox.storm.report import Report

ASKERS = ("U0ADA", "U0BEN", "U0CLEO")
EVENTS = frozenset({"app_mention", "message.channels"})
RETRY_DELAYS_S = (0.0, 1.0, 5.0)
LATEST_S = 1.5
START_TIMEOUT_S, STILLNESS_S = 90.0, 60.0
CONNECTIONS = 2  # of each replica


@dataclass(frozen=True)
class Size:
    """How large a storm is. `speed` is how many times faster than Slack's its limits are."""

    questions: int = 5_000
    channels: int = 60
    events_per_s: float = 50.0
    share_of_429s: float = 0.02
    speed: float = 20.0
    lease_s: float = 10.0
    seed: int = 4


async def storm(size: Size, folder: Path, postgres_dsn: str) -> Report:
    """Let a storm loose on two replicas: what came of it.

    `postgres_dsn` names an empty database for their store; `folder` takes their logs.
    """
    dice = random.Random(size.seed)
    slack = LocalSlack(limits=RateLimits(speed=size.speed), events=())
    for user in ASKERS:
        slack.add_user(user[2:].lower(), user_id=user)
    channels = [slack.add_channel(f"storm-{number}").id for number in range(size.channels)]
    threads, asked = questions(size.questions, channels, dice)
    report = Report(len(asked), len(threads.questions), len(channels))
    await slack.start()
    try:
        async with _replicas(size, slack, folder, postgres_dsn) as replicas:
            blow = _Storm(size, slack, threads, report, dice)
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(blow.ask(asked))
                killing = group.create_task(_kill_midway(blow, replicas, report, postgres_dsn))
                await blow.until_all_is_answered(replicas)
                await asking
                await killing
            report.seconds = time.monotonic() - began
        report.left_in_queue = await counted(postgres_dsn, "SELECT count(*) FROM queue")
    finally:
        await slack.stop()
    report.answers = judged(slack, threads)
    report.unended_progress = unended_progress(slack)
    return report


class _Storm:
    """The people who ask, and the Slack that tells of it too often and too late."""

    def __init__(
        self, size: Size, slack: LocalSlack, threads: Threads, report: Report, dice: random.Random
    ) -> None:
        self._size = size
        self._slack = slack
        self._threads = threads
        self._report = report
        self._dice = dice
        self._changes = slack.workspace.subscribe()
        self._delivery = _Timed(slack, report)
        self._halfway = asyncio.Event()
        self._answers = 0

    async def ask(self, asked: list[Asked]) -> None:
        """Post every question and tell the bot of it, so many events a second."""
        app = replace(self._slack.app, events=EVENTS)
        workspace = self._slack.workspace
        began = time.monotonic()
        async with asyncio.TaskGroup() as telling:
            for question in asked:
                root = self._threads.root_ts(question)
                user = self._dice.choice(ASKERS)
                words = f"@crosstalk {question.words}"
                question.ts = await self._slack.post_as(user, question.channel, words, root)
                message = workspace.channels[question.channel].messages[question.ts]
                change = {"type": "message", "channel": question.channel, "message": message}
                for payload in tellings(
                    events_for(workspace, app, ActionTokens(), change), self._dice
                ):
                    self._report.events += 1
                    telling.create_task(self._tell(payload))
                due = began + self._report.events / self._size.events_per_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _tell(self, payload: dict[str, Any]) -> None:
        await asyncio.sleep(self._dice.uniform(0, LATEST_S))
        await self._delivery.event(payload)

    async def until_all_is_answered(self, replicas: list[Replica]) -> None:
        """Watch the answers come, refusing some posts; give up when none has come for long."""
        with contextlib.suppress(TimeoutError):
            while self._answers < self._report.questions:
                async with asyncio.timeout(STILLNESS_S):
                    while (part := _posted(await self._changes.get())) is None:
                        pass
                self._report.posts += 1
                self._answers += part == ANSWER
                if self._answers * 2 >= self._report.questions:
                    self._halfway.set()
                if self._dice.random() < self._size.share_of_429s:
                    self._report.refused_posts += 1
                    self._slack.inject("chat.postMessage", retry_after=1)
                for one in replicas:
                    one.check_alive()
        self._halfway.set()

    async def halfway(self) -> None:
        """Until half of the answers are there."""
        await self._halfway.wait()


class _Timed(Delivery):
    """Slack's delivery with its retries, which notes how long each acknowledgement took."""

    def __init__(self, slack: LocalSlack, report: Report) -> None:
        super().__init__(slack.app, slack.connections, None, retry_delays_s=RETRY_DELAYS_S)
        self._report = report

    async def _send(
        self, kind: str, payload: dict[str, Any], retry: tuple[int, str] | None = None
    ) -> Any:
        began = time.monotonic()
        try:
            reply = await super()._send(kind, payload, retry)
        except DispatchError as failure:
            self._report.redelivered += 1
            if str(failure) == "timeout":
                self._report.acks_s.append(time.monotonic() - began)
            raise
        self._report.acks_s.append(time.monotonic() - began)
        return reply


@contextlib.asynccontextmanager
async def _replicas(
    size: Size, slack: LocalSlack, folder: Path, postgres_dsn: str
) -> AsyncGenerator[list[Replica]]:
    model = await asyncio.to_thread(make_source, folder)
    no_model = await asyncio.to_thread(lambda: str(folder.resolve() / "no-model"))
    environment = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "CROSSTALK_STORE_URL": postgres_dsn.replace("postgresql://", "postgresql+asyncpg://"),
        "CROSSTALK_SLACK_SPEED": str(size.speed),
        "CROSSTALK_LEASE_SECONDS": str(size.lease_s),
        # an empty folder: no replica spends its start on loading weights
        "CROSSTALK_EMBEDDING_MODEL": no_model,
    }
    replicas = [Replica(name, folder, model, environment) for name in ("one", "other")]
    try:
        for one in replicas:
            await one.start()
        await slack.connections.wait_for(CONNECTIONS * len(replicas), START_TIMEOUT_S)
        yield replicas
    finally:
        for one in replicas:
            await one.stop()


async def _kill_midway(
    blow: _Storm, replicas: list[Replica], report: Report, postgres_dsn: str
) -> None:
    """Kill one replica while it is at work, and start it again."""
    await blow.halfway()
    await replicas[0].kill()
    held = "SELECT count(*) FROM queue WHERE owner IS NOT NULL"
    report.under_way_when_killed = await counted(postgres_dsn, held)
    await replicas[0].start()


def _posted(change: dict[str, Any]) -> str | None:
    """Which part of its work a new message of the bot is; None for any other change."""
    return part_of(change.get("message") or {}) if change["type"] == "message" else None


def judged(slack: LocalSlack, threads: Threads) -> Counter[str]:
    """How many questions were answered once, twice, wrongly or not at all.

    What a thread's answers say is held against what was asked there.
    """
    counts: Counter[str] = Counter()
    for asked in threads.questions.values():
        messages = slack.workspace.channels[asked[0].channel].thread(asked[0].ts)
        wanted = Counter(question.answer for question in asked)
        works: Counter[str] = Counter()
        for message in messages:
            metadata = message.get("metadata")
            if metadata is None:
                continue
            payload = metadata["event_payload"]
            works[f"{payload['work']} {payload['part']}"] += 1
            if payload["part"] != ANSWER:
                continue
            found = [n for n in _numbers(message["text"]) if wanted[n] > 0]
            counts["answered once" if found else "answered wrongly or too often"] += 1
            if found:
                wanted[found[0]] -= 1
        if missing := wanted.total():
            counts["not answered"] += missing
        if doubled := sum(count - 1 for count in works.values()):
            counts["posts that stand there twice"] += doubled
    return counts


def unended_progress(slack: LocalSlack) -> int:
    """How many progress messages still say that something is being read."""
    messages = (m for c in slack.workspace.channels.values() for m in c.messages.values())
    return sum(
        m["metadata"]["event_type"] == "crosstalk_progress" and not m["text"].startswith("Done")
        for m in messages
        if "metadata" in m
    )


def _numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]
