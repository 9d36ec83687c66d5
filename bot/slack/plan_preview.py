"""A plan that is shown before it runs: picture, queries, estimates and risk, and three buttons."""

import asyncio
from datetime import datetime

import structlog

from bot import plan_picture
from bot.slack.answer.sql import folded, folded_sql
from bot.slack.approval.card import MARKS, button
from bot.slack.asked import Asked
from bot.slack.conversation import Conversation, is_ended
from bot.slack.render import Block, Message, clipped, context, header, problem_message, section
from bot.slack.thread import SLACK_FAILURES, Thread
from orchestrator.explain import Explained, ExplainedStep, about, explain, heading, values, why
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.store import StoredRun, Work

log = structlog.get_logger(__name__)

PLAN, PLANNED = "plan", "planned"  # the kinds of work: to show a plan, and to run one that is shown
RUN, EDIT, CANCEL, EDITED = "plan_run", "plan_edit", "plan_cancel", "plan_edited"
OPEN = ("planned", "waiting")
MAX_QUERIES, MAX_REASONS, MAX_ALT_TEXT, MAX_SHOWN = 30, 8, 1_000, 1_500
NEXT = {
    "low": "Run starts it at once.",
    "medium": "Run asks you to confirm it first.",
    "high": "Run asks for an approval first.",
}


class PlanPreview:
    """Shows plans in their threads, and runs or ends those that are shown."""

    def __init__(self, pipeline: Pipeline, conversation: Conversation) -> None:
        self._pipeline = pipeline
        self._conversation = conversation

    async def show(self, work: Work) -> None:
        """Propose what was asked (`asdict` of an Asked, and `sql` where that was given) and show
        the plan in its thread, with its picture before it. Nothing is run."""
        asked = Asked.of(work.payload)
        thread = self._conversation.thread(asked, work)
        if await is_ended(thread, work):
            return
        came = await self._conversation.propose(asked, sql=work.payload.get("sql"))
        if not isinstance(came, Proposed):
            await thread.post(problem_message(came))
            return
        await self._pipeline.store.planned(came.run_id)
        sources = self._pipeline.model.sources
        kinds = {name: spec.kind for name, spec in sources.items()}
        files = {file.entity: "file" for file in came.draft.files}
        plan = explain(came.plan, kinds | files)
        await _picture(thread, plan, came.run_id)
        await thread.post(preview(asked.text, came, plan))

    async def run(self, work: Work) -> None:
        """Run a plan that was shown (`run_id`), or put it before those who decide on it first."""
        run_id = str(work.payload["run_id"])
        request = await self._pipeline.approvals.of(run_id)
        if request is None or request.status != "waiting":
            await self._conversation.run_approved(work)
        elif run := await self._pipeline.recall(run_id):
            desk = self._conversation.desk
            thread = desk.thread(run, work.work_id)
            if not await is_ended(thread, work):
                await desk.ask(run_id, thread)

    def now(self) -> datetime:
        """The moment by the bot's clock."""
        return self._conversation.desk.clock()

    async def end(self, run: StoredRun, by: str) -> None:
        """Take back a plan that was shown and not run."""
        request = await self._pipeline.approvals.of(run.run_id)
        if request is None or request.status != "waiting":
            await self._pipeline.store.finish(run.run_id, "cancelled", {"by": by})
            return
        ended = await self._pipeline.approvals.close(request, "withdrawn", self.now(), by=by)
        if ended is not None:
            await self._conversation.desk.show(ended)


def preview(asked: str, proposed: Proposed, plan: Explained) -> Message:
    """The plan in words, its queries folded away; without these where Slack refuses so much."""
    risk = proposed.risk
    reads = "\n".join(["Reads", *map(_read, plan.steps)])
    head = [header("The plan, not run yet"), section(clipped(asked, MAX_SHOWN))]
    body = [section(f"{why(plan)}\n{reads}"), section(_risk(proposed))]
    then = "Run starts it at once: a grant of this channel covers it."
    is_granted = proposed.approved is not None and risk.level != "low"
    said = then if is_granted else NEXT[risk.level]
    tail = [context(f"{said} Only who asked can press these."), _buttons(proposed.run_id)]
    queries = [_query(step) for step in plan.steps[:MAX_QUERIES]]
    sql = folded_sql(proposed.plan.sql)
    join = folded("The join in DuckDB", plan.join, sections=2)
    return Message(
        "The plan, not run yet",
        [*head, sql, *body, *queries, join, *tail],
        [*head, *body, *tail],
    )


async def _picture(thread: Thread, plan: Explained, run_id: str) -> None:
    """The plan as a picture. The message after it says all of it, so its failure costs nothing."""
    picture = await asyncio.to_thread(plan_picture.png, plan)
    alt_text = clipped(plan_picture.described(plan), MAX_ALT_TEXT)
    try:
        await thread.upload(f"plan-{run_id[:8]}.png", picture, alt_text)
    except SLACK_FAILURES as error:
        log.warning("picture_not_uploaded", reason=type(error).__name__)


def _read(step: ExplainedStep) -> str:
    return f"• {step.source}: {step.entity}, {about(step) or 'rows unknown'}"


def _risk(proposed: Proposed) -> str:
    risk = proposed.risk
    mark = MARKS.get(risk.level, "🟢")
    if not risk.reasons:
        return f"{mark} Risk: {risk.level}. No rule of the policy asks for a decision."
    return "\n".join(
        [f"{mark} Risk: {risk.level}", *(f"• {reason}" for reason in risk.reasons[:MAX_REASONS])]
    )


def _query(step: ExplainedStep) -> Block:
    return folded(heading(step), "\n".join([step.query, *values(step)]), sections=1)


def _buttons(run_id: str) -> Block:
    return {
        "type": "actions",
        "elements": [
            button("Run", RUN, run_id, style="primary"),
            button("Edit", EDIT, run_id),
            button("Cancel", CANCEL, run_id),
        ],
    }
