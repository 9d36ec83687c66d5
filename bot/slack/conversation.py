"""What happens for one question, from the eyes on it to the answer under it."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import CrosstalkError
from bot.metrics import Metrics
from bot.slack.asked import Asked
from bot.slack.history.context import thread_texts
from bot.slack.progress import Progress
from bot.slack.render import answer_message, plain_message, problem_message
from bot.slack.thread import ANSWER, Thread
from orchestrator.answer import Answer
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question
from orchestrator.store import Work

log = structlog.get_logger(__name__)

SLACK_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError)


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
        self._pipeline = pipeline
        self._client = client
        self._metrics = metrics
        self._time_zone = time_zone
        self._clock = clock
        self._min_interval_s = min_interval_s
        self._time_zones: dict[tuple[str, str], str] = {}

    async def say(self, work: Work, sentence: str) -> None:
        """One sentence in the question's thread, unless its answer is there already."""
        thread = self._thread(Asked.of(work.payload), work)
        if not await _is_ended(thread, work):
            await thread.post(plain_message(sentence))

    async def answer(self, work: Work) -> None:
        """Answer a question (`asdict` of an Asked), going on from whatever was posted before."""
        asked = Asked.of(work.payload)
        thread = self._thread(asked, work)
        if await _is_ended(thread, work):
            return
        outcome, began = "error", time.monotonic()
        try:
            outcome = await self._answer(asked, thread)
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
                    context=await thread_texts(self._client, asked),
                )
            )
        except CrosstalkError as error:
            await thread.post(problem_message(error))
            return "refused"
        if not isinstance(proposed, Proposed):
            await thread.post(problem_message(proposed))
            return type(proposed).__name__.lower()
        answer = await self._run(proposed, thread)
        await thread.post(answer_message(answer))
        return "failed" if answer.failed else "partial" if answer.partial else "answered"

    async def _run(self, proposed: Proposed, thread: Thread) -> Answer:
        answer = None
        async with Progress(thread, proposed.plan, min_interval_s=self._min_interval_s) as progress:
            async for event in self._pipeline.run(proposed.approved):
                progress.show(event)
                if isinstance(event, Finished):
                    answer = event.answer
        if answer is None:
            raise RuntimeError(f"run {proposed.run_id} ended without an answer")
        return answer

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

    def _thread(self, asked: Asked, work: Work) -> Thread:
        where = (asked.channel, asked.thread_ts)
        return Thread(self._client, *where, work=work.work_id, since=asked.ts)


async def _is_ended(thread: Thread, work: Work) -> bool:
    """Whether somebody who was at the work before has posted its answer."""
    if work.is_resumed:
        await thread.recall()
    return thread.has(ANSWER)


async def _harmless(what: str, call: Awaitable[None]) -> None:
    """Await what is nice to have: its failure costs nobody the answer."""
    try:
        await call
    except SLACK_FAILURES as error:
        log.info("courtesy_failed", what=what, reason=type(error).__name__)
