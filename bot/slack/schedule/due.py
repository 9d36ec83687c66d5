"""What is due: swept from the store into the queue, and done there as the person who wants it.

The queue takes the work of a schedule's one time once, whoever sweeps, and only then is its next
time set; so of two replicas one acts, and a crash between the two loses nothing.
"""

import hashlib
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from adapters.errors import CrosstalkError
from bot.runs import NotNow, Runs
from bot.slack.clients import Clients
from bot.slack.pace import is_away, reason
from bot.slack.posed import Posed, pose
from bot.slack.render import escaped
from bot.slack.schedule.rule import read_rule
from bot.slack.thread import SLACK_FAILURES
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question
from orchestrator.store import Schedule, Schedules, Work

log = structlog.get_logger(__name__)

SCHEDULED = "scheduled"
SWEEP_S = 20.0
GONE = frozenset({"user_not_found", "user_not_visible"})
CLOSED = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})
NEEDS_APPROVAL = (
    "each check would need an approval. Once this channel has a grant for it, make the alert again"
)


async def sweep(schedules: Schedules, runs: Runs, at: datetime) -> None:
    """Put what is due by now into the queue; what was missed meanwhile is done once."""
    for schedule in await schedules.due(at):
        lane = f"{schedule.team}:schedule:{schedule.id}"
        key = f"schedule {schedule.id} {schedule.next_at.isoformat()}"
        await runs.put(lane, [key], SCHEDULED, {"schedule_id": schedule.id})
        rule, _ = read_rule(schedule.rule)
        await schedules.advance(schedule, rule.after(at, schedule.time_zone))


class Scheduled:
    """Does the work of schedules."""

    def __init__(
        self,
        pipeline: Pipeline,
        clients: Clients,
        schedules: Schedules,
        runs: Runs,
        clock: Callable[[], datetime],
    ) -> None:
        self._pipeline = pipeline
        self._clients = clients
        self._schedules = schedules
        self._runs = runs
        self._clock = clock

    async def do(self, work: Work) -> None:
        """Pose the question of a schedule, or check its alert. Raises NotNow when Slack is away."""
        schedule = await self._schedules.of(str(work.payload["schedule_id"]))
        if schedule is None:
            return
        try:
            if await self._is_gone(schedule):
                await self._end(schedule, "its person has left the workspace")
            elif schedule.on_change:
                await self._check(schedule, work)
            else:
                await self._pose(schedule, work, f"🗓️ {schedule.rule} for")
        except SlackApiError as error:
            if is_away(error):
                raise NotNow("Slack does not answer") from error
            if reason(error) not in CLOSED:
                raise
            await self._end(schedule, "I can't write to its channel any more", schedule.user)
        except SLACK_FAILURES as error:
            raise NotNow("Slack does not answer") from error

    async def tell(self, work: Work, sentence: str) -> None:
        """One sentence where a schedule's answers go."""
        schedule = await self._schedules.of(str(work.payload["schedule_id"]))
        if schedule is not None:
            await self._say(schedule, schedule.channel, f"“{schedule.question}”: {sentence}")

    async def _pose(self, schedule: Schedule, work: Work, why: str) -> None:
        who = (schedule.team, schedule.user, schedule.channel)
        key = f"posed {work.work_id}"
        client = self._clients.of(schedule.team)
        await pose(Posed(key, *who, schedule.question, why), client, self._runs)

    async def _check(self, schedule: Schedule, work: Work) -> None:
        """Find whether an alert's result has changed. Only then is the question posed, to be
        answered like any other; the first result is what later ones are compared with."""
        proposed = await self._proposed(schedule)
        if proposed is not None and proposed.approved is None:
            await self._withdraw(proposed.run_id)
            await self._end(schedule, NEEDS_APPROVAL)
            return
        approved = proposed.approved if proposed is not None else None
        answer = await self._answered(approved) if approved is not None else None
        digest = result_digest(answer)
        if digest == schedule.digest:
            return
        if answer is None or answer.failed:
            await self._pose(schedule, work, "⚠️ I could not check this alert for")
        elif schedule.digest is not None:
            await self._pose(schedule, work, "🔔 The result has changed for")
        await self._schedules.result(schedule, digest)

    async def _proposed(self, schedule: Schedule) -> Proposed | None:
        """The plan of an alert's question as of now; None when there is none. That may pass, as
        when Claude or the user groups can't be reached."""
        requester = Requester(schedule.team, schedule.user, schedule.time_zone, schedule.channel)
        asked = question(
            schedule.question, requester, asked_at=self._clock(), channel=schedule.channel
        )
        try:
            came = await self._pipeline.propose(asked)
        except CrosstalkError as error:
            came = error
        if isinstance(came, Proposed):
            return came
        log.info("alert_not_planned", schedule=schedule.id, reason=type(came).__name__)
        return None

    async def _withdraw(self, run_id: str) -> None:
        """End the request of a plan that nobody shall decide on."""
        request = await self._pipeline.approvals.of(run_id)
        if request is not None:
            await self._pipeline.approvals.close(
                request, "withdrawn", self._clock(), reason=NEEDS_APPROVAL
            )

    async def _answered(self, approved: ApprovedPlan) -> Answer:
        async with aclosing(self._pipeline.run(approved)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.answer
        raise RuntimeError(f"run {approved.run_id} ended without an answer")

    async def _is_gone(self, schedule: Schedule) -> bool:
        """Whether the account of a schedule's person is closed."""
        try:
            found = await self._clients.of(schedule.team).users_info(user=schedule.user)
        except SlackApiError as error:
            if reason(error) in GONE:
                return True
            raise
        profile: dict[str, Any] = found.get("user") or {}
        return bool(profile.get("deleted"))

    async def _end(self, schedule: Schedule, why: str, channel: str = "") -> None:
        """End a schedule and say so, in its channel or another."""
        if await self._schedules.end(schedule.id, self._clock(), why[:255]):
            kind = "alert" if schedule.on_change else "schedule"
            said = f"The {kind} “{schedule.question}” ({schedule.rule}) has ended: {why}"
            await self._say(schedule, channel or schedule.channel, f"{said.rstrip('.')}.")

    async def _say(self, schedule: Schedule, channel: str, sentence: str) -> None:
        try:
            client = self._clients.of(schedule.team)
            await client.chat_postMessage(channel=channel, text=escaped(sentence))
        except SLACK_FAILURES as error:
            log.warning("schedule_not_told", reason=type(error).__name__)


def result_digest(answer: Answer | None) -> str:
    """sha256 of what an answer's rows are, in whatever order. Sums of floats differ in their last
    digits from run to run, so nine digits count. All failures are the same result, and None is one.
    """
    if answer is None or answer.failed:
        return hashlib.sha256(b"failed").hexdigest()
    rows = sorted(repr([_rounded(value) for value in row.values()]) for row in answer.rows())
    said = [answer.table.column_names, answer.partial, rows]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _rounded(value: Any) -> Any:
    return f"{value:.9g}" if isinstance(value, float) else value
