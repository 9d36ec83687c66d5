"""The buttons under an answer, and the one that stops a run."""

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.answer import post_workbook
from bot.slack.answer.message import DOWNLOAD_XLSX
from bot.slack.conversation import Conversation
from bot.slack.progress import STOP
from bot.slack.render import SHOW_PLAN, plan_modal
from bot.slack.running import Person, StopOutcome
from bot.slack.thread import Thread
from orchestrator.pipeline import Pipeline
from orchestrator.store import Stops

NOT_YOURS = "Only the person who asked can stop this run."
ENDED = "This run has ended."
UNDER_WAY = frozenset({"proposed", "planned", "approved"})
"""How a run stands that has not ended: a shown plan has no Stop button before it runs."""


def register(app: AsyncApp, pipeline: Pipeline, conversation: Conversation, stops: Stops) -> None:
    """Listen to “Show plan”, “Download as XLSX” and “Stop”."""

    async def show_plan(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        stored = await pipeline.recall(body["actions"][0]["value"])
        is_ours = stored is not None and stored.team == body["team"]["id"]
        view = plan_modal(stored if is_ours else None)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def download(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        run_id, user = body["actions"][0]["value"], body["user"]["id"]
        await post_workbook(_thread(body, client), conversation.kept, run_id, user)

    async def stop(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        user = body["user"]["id"]
        run_id, person = body["actions"][0]["value"], (body["team"]["id"], user)
        done = conversation.running.stop(run_id, person)
        if done == "unknown":
            done = await _wished(run_id, person)
        if done != "stopped":
            said = NOT_YOURS if done == "denied" else ENDED
            await _thread(body, client).whisper(user, said)

    async def _wished(run_id: str, person: Person) -> StopOutcome:
        """The same of a run in another process, which looks for such wishes."""
        run = await pipeline.recall(run_id)
        if run is None or run.status not in UNDER_WAY:
            return "unknown"
        if (run.team, run.user) != person:
            return "denied"
        await stops.wish(run_id, *person)
        return "stopped"

    app.action(SHOW_PLAN)(show_plan)
    app.action(DOWNLOAD_XLSX)(download)
    app.action(STOP)(stop)


def _thread(body: dict[str, Any], client: AsyncWebClient) -> Thread:
    """The thread that the pressed button stands in."""
    message = body["message"]
    ts = message.get("thread_ts") or message["ts"]
    return Thread(client, body["channel"]["id"], ts)
