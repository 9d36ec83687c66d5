"""What happens for one question, from the eyes on it to the answer under it."""

import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import CrosstalkError
from bot.metrics import Metrics
from bot.slack.answer import KeptTables, Reader, post_answer
from bot.slack.asked import Asked
from bot.slack.progress import Progress
from bot.slack.render import plain_message, problem_message
from bot.slack.running import Running, Stopped, stopped_message
from bot.slack.thread import SLACK_FAILURES, Thread
from orchestrator.answer import Answer
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question

log = structlog.get_logger(__name__)


def now() -> datetime:
    """The clock of every day."""
    return datetime.now(UTC)


class Conversation:
    """Answers questions of one workspace. `time_zone` is for people whose own is not known."""

    def __init__(
        self,
        pipeline: Pipeline,
        client: AsyncWebClient,
        metrics: Metrics,
        *,
        time_zone: str = "UTC",
        clock: Callable[[], datetime] = now,
        min_interval_s: float = 3.0,
    ) -> None:
        self.running = Running()
        self.kept = KeptTables()
        self._pipeline = pipeline
        self._client = client
        self._metrics = metrics
        self._time_zone = time_zone
        self._clock = clock
        self._min_interval_s = min_interval_s
        self._time_zones: dict[tuple[str, str], str] = {}

    async def say(self, asked: Asked, sentence: str) -> None:
        """One sentence in the question's thread."""
        await self._thread(asked).post(plain_message(sentence))

    async def answer(self, asked: Asked) -> None:
        """Answer a question once, however often Slack tells of it."""
        if not await self._pipeline.store.first_seen(asked.event_id, asked.message):
            return
        outcome, began = "error", time.monotonic()
        try:
            outcome = await self._answer(asked, self._thread(asked))
        finally:
            self._metrics.count(outcome, time.monotonic() - began)

    async def _answer(self, asked: Asked, thread: Thread) -> str:
        await _harmless("react", thread.react(asked.ts, "eyes"))
        await _harmless("status", thread.status("is reading the question…"))
        requester = Requester(asked.team, asked.user, await self._zone_of(asked))
        try:
            proposed = await self._pipeline.propose(
                question(
                    asked.text,
                    requester,
                    asked_at=self._clock(),
                    channel=asked.channel,
                    thread=asked.thread,
                    earlier=await self._pipeline.store.turns(asked.thread),
                )
            )
        except CrosstalkError as error:
            await thread.post(problem_message(error))
            return "refused"
        if not isinstance(proposed, Proposed):
            await thread.post(problem_message(proposed))
            return type(proposed).__name__.lower()
        answer = await self._run(proposed, requester, thread)
        if answer is None:
            return "stopped"
        await post_answer(thread, answer, Reader(requester.team, requester.user), self.kept)
        return "failed" if answer.failed else "partial" if answer.partial else "answered"

    async def _run(self, proposed: Proposed, requester: Requester, thread: Thread) -> Answer | None:
        """The run's answer; None when it was stopped, which its thread has then been told."""
        interval_s, asker = self._min_interval_s, (requester.team, requester.user)
        progress = Progress(thread, proposed.plan, proposed.run_id, min_interval_s=interval_s)
        try:
            async with progress:
                followed = self._followed(proposed, progress)
                return await self.running.until_done(proposed.run_id, {asker}, followed)
        except Stopped as stopped:
            outcome = {"by": stopped.by[1], "seconds": round(stopped.seconds, 3)}
            await self._pipeline.store.finish(proposed.run_id, "stopped", outcome)
            await thread.post(stopped_message(stopped, progress.read))
            return None

    async def _followed(self, proposed: Proposed, progress: Progress) -> Answer:
        async with aclosing(self._pipeline.run(proposed.approved)) as events:
            async for event in events:
                progress.show(event)
                if isinstance(event, Finished):
                    return event.answer
        raise RuntimeError(f"run {proposed.run_id} ended without an answer")

    async def _zone_of(self, asked: Asked) -> str:
        person = (asked.team, asked.user)
        if person not in self._time_zones:
            try:
                info = await self._client.users_info(user=asked.user)
                profile: dict[str, Any] = info.get("user") or {}
                self._time_zones[person] = ZoneInfo(profile["tz"]).key
            except (*SLACK_FAILURES, KeyError, TypeError, ValueError, OSError) as error:
                log.info("time_zone_unknown", reason=type(error).__name__)
                return self._time_zone
        return self._time_zones[person]

    def _thread(self, asked: Asked) -> Thread:
        return Thread(self._client, asked.channel, asked.thread_ts)


async def _harmless(what: str, call: Awaitable[None]) -> None:
    """Await what is nice to have: its failure costs nobody the answer."""
    try:
        await call
    except SLACK_FAILURES as error:
        log.info("courtesy_failed", what=what, reason=type(error).__name__)
