"""A crowd at one bot: everybody asks at once, half of them in one channel.

The bot is a process of its own over the sandbox's real servers, as `crosstalk serve` runs anywhere.
Slack's limits run on a faster clock, and the bot is told.
"""

import asyncio
import contextlib
import random
import re
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bot.periodic import repeated
from orchestrator.answer.compose import NO_ROWS
from orchestrator.semantic import load as load_model
from sandbox.load.questions import Crowd, questions
from sandbox.load.report import ONCE, Report
from sandbox.postgres import counted
from sandbox.process import ServerFailed, free_port
from sandbox.said import is_answer
from sandbox.sandbox import Sandbox
from sandbox.storm.replicas import Replica
from sandbox.vault.leases import Lease

ASKER = "U0MARCO"
FIRST = "which enterprise customers who complained about the website spent the most last quarter?"
START_TIMEOUT_S, STILLNESS_S, SAMPLE_S = 90.0, 90.0, 0.05
MODEL = Path(__file__).parents[2] / "semantic_model.yaml"
_OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = 'sales' AND pid <> pg_backend_pid()"""
_RUNNING = re.compile(r'crosstalk_source_running\{source="(\w+)"\} (\d+)')


@dataclass
class _Asked:
    """One question: when it was posted, and when each of its answers stood there, by their ts."""

    words: str
    is_flood: bool
    at: float
    answers_at: dict[str, float] = field(default_factory=dict[str, float])
    said: str = ""
    is_right: bool = False
    has_place: bool = False


async def load(sandbox: Sandbox, crowd: Crowd, folder: Path) -> Report:
    """Let a crowd ask one bot over this sandbox: what came of it. `folder`, an absolute path, takes
    the bot's store and log. Raises ServerFailed when the bot ends."""
    port = free_port()
    environment = {
        **sandbox.environment,
        "CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{folder}/store.db",
        "CROSSTALK_INDEX_FOLDER": str(folder / "index"),
        "CROSSTALK_HTTP_PORT": str(port),
    }
    bot, report = Replica("bot", folder, MODEL, environment), Report(crowd.questions)
    await bot.start()
    try:
        await sandbox.slack.connections.wait_for(1, START_TIMEOUT_S)
        gathering, seen = _Gathering(sandbox, crowd, bot), dict[str, int]()
        await gathering.warm()
        report.memory_before = _memory(bot.pid, "VmRSS")
        async with _watched(f"http://127.0.0.1:{port}/metrics", seen):
            await gathering.ask()
            await gathering.until_all_are_answered()
        gathering.judge(report)
        report.memory_peak = _memory(bot.pid, "VmHWM")
    finally:
        await bot.stop()
    await _sources_bore(sandbox, seen, report)
    return report


class _Gathering:
    """Those who ask, and what Slack shows them."""

    def __init__(self, sandbox: Sandbox, crowd: Crowd, bot: Replica) -> None:
        self._slack = sandbox.slack
        self._bot = bot
        self._words = questions(crowd.questions, random.Random(crowd.seed))
        names = ["flood", *(f"quiet-{number}" for number in range(crowd.channels))]
        self._flood, *self._others = [sandbox.slack.add_channel(name).id for name in names]
        self._changes = sandbox.slack.workspace.subscribe()
        self._asked: dict[tuple[str, str], _Asked] = {}

    async def warm(self) -> None:
        """Have one question answered that is about a meaning, so that the embedding model, which is
        loaded behind the scenes, is there. Raises ServerFailed when it is not answered."""
        ts = await self._slack.post_as(ASKER, self._flood, f"@crosstalk {FIRST}")

        def answers_it(change: dict[str, Any]) -> bool:
            message: dict[str, Any] = change.get("message") or {}
            return message.get("thread_ts") == ts and is_answer(message)

        try:
            await self._changes.until(answers_it, START_TIMEOUT_S)
        except TimeoutError:
            self._bot.check_alive()
            raise ServerFailed("the bot does not answer its first question.") from None

    async def ask(self) -> None:
        """Post every question as fast as Slack takes them, those of the flood first."""
        half = len(self._words) // 2
        for number, words in enumerate(self._words):
            quiet = self._others[number % len(self._others)]
            channel = self._flood if number < half else quiet
            at = time.monotonic()
            ts = await self._slack.post_as(ASKER, channel, f"@crosstalk {words}")
            self._asked[channel, ts] = _Asked(words, channel == self._flood, at)

    async def until_all_are_answered(self) -> None:
        """Watch the answers come; give up when nothing has been said for long."""
        try:
            while not all(one.answers_at for one in self._asked.values()):
                async with asyncio.timeout(STILLNESS_S):
                    self._take(await self._changes.get())
                self._bot.check_alive()
        except TimeoutError:
            return

    def _take(self, change: dict[str, Any]) -> None:
        message: dict[str, Any] = change.get("message") or {}
        ts = message.get("thread_ts") or change.get("thread_ts") or ""
        asked = self._asked.get((str(change.get("channel")), str(ts)))
        if asked is None or message.get("user") == ASKER:
            return
        if change["type"] == "status":
            asked.has_place |= "ahead" in str(change["status"])
            return
        if is_answer(message):
            asked.answers_at.setdefault(message["ts"], time.monotonic())
            asked.said = str(message["text"])
            kinds = {block["type"] for block in message.get("blocks") or []}
            has_table = bool(kinds & {"data_table", "table"})
            asked.is_right |= has_table or asked.said.startswith(NO_ROWS)

    def judge(self, report: Report) -> None:
        """Take what everybody has met with into the report."""
        for one in self._asked.values():
            outcome = _outcome(one)
            report.outcomes[outcome] += 1
            if outcome != ONCE:
                report.others.append(f"{outcome}: {one.words} {one.said}".strip())
            report.told_their_place += one.has_place
            if one.answers_at:
                took = min(one.answers_at.values()) - one.at
                (report.flood_s if one.is_flood else report.others_s).append(took)
        last = max(at for one in self._asked.values() for at in (one.at, *one.answers_at.values()))
        report.seconds = last - min(one.at for one in self._asked.values())


def _outcome(asked: _Asked) -> str:
    if not asked.answers_at:
        return "never answered"
    if len(asked.answers_at) > 1:
        return "answered more than once"
    return ONCE if asked.is_right else "told why there is no answer"


@contextlib.asynccontextmanager
async def _watched(url: str, most: dict[str, int]) -> AsyncGenerator[None]:
    """Note the most queries that each source is seen to have while the block lasts."""

    async def sample() -> None:
        for source, running in _RUNNING.findall((await client.get(url)).text):
            most[source] = max(most.get(source, 0), int(running))

    async with httpx.AsyncClient(timeout=10.0) as client, repeated(sample, SAMPLE_S):
        yield


async def _sources_bore(sandbox: Sandbox, seen: Mapping[str, int], report: Report) -> None:
    """Hold the most at once against each source's cap: where logins are made for each query, by
    the leases in Vault, of which none may be missed; elsewhere by what was seen."""
    leases = sandbox.vault.leases if sandbox.vault is not None else []
    for name, source in load_model(MODEL, {}).sources.items():
        spans = [_span(one) for one in leases if one.role == source.vault_role]
        report.most_at_once[name] = (
            max(seen.get(name, 0), _most_overlapping(spans)),
            source.max_parallel,
        )
    report.leases_left = sum(one.live for one in leases)
    report.connections_left = await counted(sandbox.postgres.admin_dsn("sales"), _OTHERS)


def _span(lease: Lease) -> tuple[float, float]:
    """From when to when somebody could log in with a lease."""
    ended = lease.ended_at or datetime.now(UTC)
    return lease.issued_at.timestamp(), ended.timestamp()


def _most_overlapping(spans: list[tuple[float, float]]) -> int:
    """How many spans of time lay over one another at most."""
    ends = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, step in ends:
        now += step
        most = max(most, now)
    return most


def _memory(pid: int, what: str) -> int:
    """Bytes that a process has in memory (VmRSS), or had at most (VmHWM); Linux tells."""
    found = re.search(
        rf"^{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
    )
    if found is None:
        raise ServerFailed("the system does not tell how much memory the bot takes.")
    return int(found[1]) * 1024
