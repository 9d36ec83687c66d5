"""The buttons under a plan that is shown, and the modal in which its SQL is edited."""

from dataclasses import asdict, dataclass
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import Runs
from bot.slack import plan_preview
from bot.slack.approval import card
from bot.slack.approval.listeners import person, pressed, typed
from bot.slack.asked import Asked
from bot.slack.plan_preview import PlanPreview
from bot.slack.thread import SLACK_FAILURES, Thread
from orchestrator.pipeline import Pipeline
from orchestrator.store import StoredRun

log = structlog.get_logger(__name__)

NOT_YOURS = "Only who asked for this plan can run, edit or cancel it. Use /plan for one of yours."
OVER = "This plan has been run, edited or cancelled already. Use /plan to see it anew."


def register(app: AsyncApp, pipeline: Pipeline, preview: PlanPreview, runs: Runs) -> None:
    """Listen to Run, Edit and Cancel."""
    listeners = _Listeners(pipeline, preview, runs)
    app.action(plan_preview.RUN)(listeners.run)
    app.action(plan_preview.EDIT)(listeners.edit)
    app.action(plan_preview.CANCEL)(listeners.cancel)
    app.view(plan_preview.EDITED)(listeners.edited)


@dataclass(frozen=True, slots=True)
class _Listeners:
    pipeline: Pipeline
    preview: PlanPreview
    runs: Runs

    async def run(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Start it, after all other work of its thread; two presses start it once."""
        await ack()
        if (run := await self._own(body, client)) is not None:
            payload = {"run_id": run.run_id}
            await self.runs.put(
                run.thread, [f"planned {run.run_id}"], plan_preview.PLANNED, payload
            )
            await _settled(body, client, f"▶️ Run by {card.mention(run.user)}")

    async def edit(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Open its SQL in a modal."""
        await ack()
        if (run := await self._own(body, client)) is not None:
            view = card.edit_modal(run, plan_preview.EDITED)
            await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def cancel(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """End it."""
        await ack()
        if (run := await self._own(body, client)) is not None:
            await self.preview.end(run, run.user)
            await _settled(body, client, f"↩️ Cancelled by {card.mention(run.user)}")

    async def edited(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Other SQL: what is wrong with it is said in the modal; else its plan is shown."""
        view, sql = body["view"], typed(body)
        run = await self.pipeline.recall(str(view["private_metadata"]))
        if (problem := self._problem(run, person(body), sql)) is not None:
            await ack(response_action="errors", errors={card.INPUT: problem[: card.MAX_REASON]})
            return
        await ack()
        assert run is not None
        await self.preview.end(run, run.user)
        payload = {**asdict(_asked(run)), "sql": sql}
        await self.runs.put(run.thread, [f"edit {view['id']}"], plan_preview.PLAN, payload)

    def _problem(self, run: StoredRun | None, by: tuple[str, str], sql: str) -> str | None:
        if (refused := _refusal(run, by)) is not None:
            return refused
        found = self.pipeline.decisions.problem(sql, self.preview.now())
        return "\n".join([found.message, *found.details]) if found else None

    async def _own(self, body: dict[str, Any], client: AsyncWebClient) -> StoredRun | None:
        """The plan of a pressed button; None when whoever pressed was told why they can't."""
        click = pressed(body)
        run = await self.pipeline.recall(click.run_id)
        if (refused := _refusal(run, (click.team, click.user))) is None:
            return run
        message = body["message"]
        thread = Thread(client, click.channel, message.get("thread_ts") or message["ts"])
        await thread.whisper(click.user, refused)
        return None


def _refusal(run: StoredRun | None, by: tuple[str, str]) -> str | None:
    """Why a person can't do anything with a plan, or None when they can."""
    if run is None:
        return OVER
    if (run.team, run.user) != by:
        return NOT_YOURS
    return None if run.status in plan_preview.OPEN else OVER


def _asked(run: StoredRun) -> Asked:
    """The question of a shown plan, in the thread that it opened."""
    ts = run.thread.rpartition(":")[2]
    return Asked("", run.team, run.channel, run.user, ts, ts, run.question)


async def _settled(body: dict[str, Any], client: AsyncWebClient, said: str) -> None:
    """Put what was done in the buttons' place."""
    message = body["message"]
    kept = [block for block in message["blocks"] if block["type"] not in ("actions", "context")]
    try:
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=message["ts"],
            text=said,
            blocks=[*kept, card.context(said)],
        )
    except SLACK_FAILURES as error:
        log.info("courtesy_failed", what="plan", reason=type(error).__name__)
