"""What happens for one question, from the eyes on it to the answer under it."""

import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from adapters.errors import CrosstalkError, FileNotNow, FileUnreadable
from bot.metrics import Metrics
from bot.runs import NotNow
from bot.slack.answer import KeptTables
from bot.slack.approval import ApprovalDesk
from bot.slack.asked import Asked
from bot.slack.audience import Audiences
from bot.slack.clarify import clarification_message
from bot.slack.clients import Clients
from bot.slack.delivery import Delivery, asked_elsewhere
from bot.slack.files.message import file_message
from bot.slack.files.thread import MOST_BYTES, ThreadFiles
from bot.slack.greeting import greet, show_place
from bot.slack.history.coercion import Message
from bot.slack.history.context import thread_messages, thread_texts
from bot.slack.overheard import is_asked, is_sure
from bot.slack.progress import Progress
from bot.slack.render import plain_message, problem_message
from bot.slack.running import Running, Stopped, stopped_message
from bot.slack.thread import ANSWER, PROGRESS, Thread
from bot.slack.time_zones import TimeZones
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.deciding import Stale
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.plan import Clarification
from orchestrator.question import Requester, Turn, question
from orchestrator.store import Work

IGNORED = "ignored"


def now() -> datetime:
    """The clock of every day."""
    return datetime.now(UTC)


class Conversation:
    """Answers the questions of workspaces. `time_zone` is for people whose own is not known."""

    def __init__(
        self,
        pipeline: Pipeline,
        clients: Clients,
        metrics: Metrics,
        *,
        time_zone: str = "UTC",
        clock: Callable[[], datetime] = now,
        min_interval_s: float = 3.0,
        most_file_bytes: int = MOST_BYTES,
    ) -> None:
        self.files = ThreadFiles(pipeline, clients, most_file_bytes)
        self.desk = ApprovalDesk(pipeline, clients, clock)
        self.running = Running()
        self.kept = KeptTables()
        self.audiences = Audiences(clients)
        self._pipeline = pipeline
        self._clients = clients
        self._metrics = metrics
        self._time_zones = TimeZones(clients, time_zone)
        self._clock = clock
        self._min_interval_s = min_interval_s

    async def say(self, work: Work, sentence: str) -> None:
        """One sentence in the question's thread, unless its answer is there already, or nobody
        there knows that it was taken for a question."""
        asked = Asked.of(work.payload)
        thread = self.thread(asked, work)
        await thread.recall()
        if not thread.has(ANSWER) and (thread.has(PROGRESS) or not asked.overheard):
            await thread.post(plain_message(sentence))

    async def wait(self, work: Work, ahead: int) -> None:
        """Show under a question that so many are before it."""
        asked = Asked.of(work.payload)
        await show_place(asked, self.thread(asked, work), ahead)

    async def answer(self, work: Work) -> None:
        """Answer a question (`asdict` of an Asked), going on from whatever was posted before."""
        asked = Asked.of(work.payload)
        thread = self.thread(asked, work)
        if await is_ended(thread, work):
            return
        outcome, began = "error", time.monotonic()
        try:
            outcome = await self._answer(asked, thread, is_resumed=work.is_resumed)
        finally:
            if outcome != IGNORED:
                self._metrics.count(outcome, time.monotonic() - began)

    async def _answer(self, asked: Asked, thread: Thread, *, is_resumed: bool) -> str:
        if is_resumed and (run_id := await self.desk.begun(asked)):
            await self.desk.ask(run_id, thread)
            return "waiting"
        if asked.overheard:
            return await self._overhear(asked, thread)
        await greet(asked, thread)
        if asked.files and not asked.text:
            return await self._describe(asked, thread)
        pipeline, proposed = await self._proposed(asked)
        match proposed:
            case Proposed():
                return await self._finish(proposed, thread, pipeline)
            case Clarification():
                await thread.post(clarification_message(proposed))
                return "clarification"
            case _:
                await thread.post(problem_message(proposed))
                return "refused"

    async def _describe(self, asked: Asked, thread: Thread) -> str:
        """Say what is in a file that came without a question."""
        try:
            pipeline = await self.files.read(asked)
        except CrosstalkError as error:
            await thread.post(problem_message(error))
            return "refused"
        await thread.post(file_message(pipeline))
        return "described"

    async def _overhear(self, asked: Asked, thread: Thread) -> str:
        """Answer what was not asked by name, or say nothing at all."""
        earlier = await self._earlier(asked)
        if not is_asked(asked.text, asked.user, earlier):
            return IGNORED
        pipeline, proposed = await self._proposed(asked, earlier)
        if not is_sure(proposed) or not isinstance(proposed, Proposed):
            return IGNORED
        await greet(asked, thread)
        return await self._finish(proposed, thread, pipeline)

    async def _earlier(self, asked: Asked) -> tuple[Turn, ...]:
        """What was answered in the thread before, or in the whole of a direct conversation; under
        an answer that came from a channel, what was answered there."""
        store = self._pipeline.store
        if asked.direct:
            client = self._clients.of(asked.team)
            if thread := await asked_elsewhere(client, asked):
                there = await store.turns(thread)
                if any(turn.user == asked.user for turn in there):
                    return (*there, *await store.turns(asked.thread))
            return await store.direct_turns(asked.team, asked.channel, asked.thread)
        return await store.turns(asked.thread)

    async def propose(
        self, asked: Asked, earlier: tuple[Turn, ...] | None = None, sql: str | None = None
    ) -> Proposed | Clarification | Refused | CrosstalkError:
        """The stored plan of a question, or of its semantic SQL; or why there is none. `earlier` is
        what was answered before it, read from its thread by default."""
        return (await self._proposed(asked, earlier, sql))[1]

    async def _proposed(
        self, asked: Asked, earlier: tuple[Turn, ...] | None = None, sql: str | None = None
    ) -> tuple[Pipeline, Proposed | Clarification | Refused | CrosstalkError]:
        """The same, with the pipeline that it is to run in: it may have files of the thread."""
        if earlier is None:
            earlier = await self._earlier(asked)
        zone = await self.zone_of(asked.team, asked.user)
        requester = Requester(asked.team, asked.user, zone, asked.channel)
        messages: Sequence[Message] | None = ()
        if self.files.looks_around(asked, earlier):
            messages = await thread_messages(self._clients.of(asked.team), asked)
        pipeline = self._pipeline
        remembered = await pipeline.choices.of(asked.team, asked.user, asked.channel)
        try:
            asking = await self.files.for_question(asked, earlier, messages)
            pipeline = asking.pipeline
            return pipeline, await pipeline.propose(
                question(
                    asked.text,
                    requester,
                    asked_at=self._clock(),
                    channel=asked.channel,
                    thread=asked.thread,
                    earlier=earlier,
                    context=thread_texts(messages or (), asked),
                    files=asking.files,
                    remembered=remembered,
                ),
                sql,
            )
        except CrosstalkError as error:
            return pipeline, error

    async def _finish(self, proposed: Proposed, thread: Thread, pipeline: Pipeline) -> str:
        if proposed.approved is None:
            await self.desk.ask(proposed.run_id, thread)
            return "waiting"
        return await self._deliver(proposed.approved, thread, pipeline)

    async def run_approved(self, work: Work) -> None:
        """Run what somebody has approved (`run_id`), in the thread where it was asked. What has
        run, or does not hold any more, is not run; the latter is asked anew."""
        thread = await self._thread_of_run(work)
        if thread is None or await is_ended(thread, work):
            return
        outcome, began = "error", time.monotonic()
        try:
            outcome = await self._run_approved(str(work.payload["run_id"]), thread)
        finally:
            self._metrics.count(outcome, time.monotonic() - began)

    async def say_of_run(self, work: Work, sentence: str) -> None:
        """One sentence where an approved run was asked for, unless its answer is there already."""
        thread = await self._thread_of_run(work)
        if thread is None:
            return
        await thread.recall()
        if not thread.has(ANSWER):
            await thread.post(plain_message(sentence))

    async def _run_approved(self, run_id: str, thread: Thread) -> str:
        try:
            pipeline = await self.files.for_run(await self._pipeline.recall(run_id))
        except FileNotNow as error:
            raise NotNow(str(error)) from error
        except FileUnreadable as error:
            await self.desk.lost(run_id, error, thread)
            return "refused"
        came = await pipeline.decisions.approved(run_id, self._clock())
        if isinstance(came, Stale):
            if next_id := await self.desk.anew(came, thread):
                return await self._run_approved(next_id, thread)
            return "refused" if isinstance(came.again, Refused) else "waiting"
        if not isinstance(came, ApprovedPlan):
            return "refused"
        return await self._deliver(came, thread, pipeline)

    async def _thread_of_run(self, work: Work) -> Thread | None:
        run = await self._pipeline.recall(str(work.payload["run_id"]))
        return None if run is None else self.desk.thread(run, work.work_id)

    async def _deliver(self, approved: ApprovedPlan, thread: Thread, pipeline: Pipeline) -> str:
        answer = await self._run(approved, thread, pipeline)
        if answer is None:
            return "stopped"
        delivery = Delivery(pipeline, self._clients, self.audiences, self.kept)
        await delivery.deliver(answer, approved, thread)
        return "failed" if answer.failed else "partial" if answer.partial else "answered"

    async def _run(
        self, approved: ApprovedPlan, thread: Thread, pipeline: Pipeline
    ) -> Answer | None:
        """The run's answer; None when it was stopped, which its thread has then been told."""
        run_id, asker = approved.run_id, (approved.requester.team, approved.requester.user)
        plan, interval_s = approved.validated.plan, self._min_interval_s
        progress = Progress(thread, plan, run_id, min_interval_s=interval_s)
        try:
            async with progress:
                settings = await pipeline.preferences.of(*asker)
                followed = _followed(pipeline, approved, progress, settings.currency)
                return await self.running.until_done(run_id, {asker}, followed)
        except Stopped as stopped:
            outcome = {"by": stopped.by[1], "seconds": round(stopped.seconds, 3)}
            await self._pipeline.store.finish(run_id, "stopped", outcome)
            await thread.post(stopped_message(stopped, progress.read))
            return None

    async def zone_of(self, team: str, user: str) -> str:
        """The time zone that a person has chosen, else that of their profile."""
        if chosen := (await self._pipeline.preferences.of(team, user)).time_zone:
            return chosen
        return await self._time_zones.of(team, user)

    def thread(self, asked: Asked, work: Work) -> Thread:
        """Where a question was asked; what is posted there for a piece of work bears its id."""
        where = (asked.channel, asked.thread_ts)
        return Thread(self._clients.of(asked.team), *where, work=work.work_id, since=asked.ts)


async def _followed(
    pipeline: Pipeline, approved: ApprovedPlan, progress: Progress, currency: str | None
) -> Answer:
    async with aclosing(pipeline.run(approved, currency)) as events:
        async for event in events:
            progress.show(event)
            if isinstance(event, Finished):
                return event.answer
    raise RuntimeError(f"run {approved.run_id} ended without an answer")


async def is_ended(thread: Thread, work: Work) -> bool:
    """Whether somebody who was at the work before has posted its answer."""
    if work.is_resumed:
        await thread.recall()
    return thread.has(ANSWER)
