"""“Share in the thread”: an answer that went to its asker alone is posted where it was asked.

What is shared is the message as it stands in the direct conversation: its rows are kept nowhere
else. Whether the channel may see it is looked at when the button is pressed, and once more when it
is posted.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import FileUnreadable
from bot.runs import Runs
from bot.slack.answer.files import csv_file
from bot.slack.answer.post import file_name, upload_file
from bot.slack.approval.card import context, mention
from bot.slack.approval.listeners import pressed
from bot.slack.audience import Shown
from bot.slack.conversation import Conversation, is_ended
from bot.slack.delivery import SHARE
from bot.slack.pace import courtesy
from bot.slack.render import SHOW_PLAN, Message, plain_message
from bot.slack.thread import ASIDE, SLACK_FAILURES, Thread
from orchestrator.pipeline import Pipeline
from orchestrator.proposing import Refused, asker_of
from orchestrator.store import StoredRun, Work

log = structlog.get_logger(__name__)

SHARED = "shared"  # the kind of work
NOT_YOURS = "Only the person who asked can share this answer."
CHANGED = "The semantic model has changed since, so who may see this is not known. Ask again there."
GONE = "The answer does not stand here any more. Ask again in the channel."
FILE_STAYS = "The file with the whole table is with {} alone."


def register(app: AsyncApp, sharing: "Sharing", runs: Runs) -> None:
    """Listen to the button."""

    async def share(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        click, ts = pressed(body), str(body["message"]["ts"])
        run = await sharing.pipeline.recall(click.run_id)
        is_own = run is not None and (run.team, run.user) == (click.team, click.user)
        refused = await sharing.refusal(run) if run is not None and is_own else NOT_YOURS
        if run is None or refused is not None:
            await Thread(client, click.channel, ts).whisper(click.user, refused or NOT_YOURS)
            return
        payload = {"run_id": run.run_id, "channel": click.channel, "ts": ts}
        await runs.put(run.thread, [f"share {run.run_id}"], SHARED, payload)

    app.action(SHARE)(share)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Posts answers where they were asked that went to their askers alone."""

    pipeline: Pipeline
    conversation: Conversation

    async def refusal(self, run: StoredRun) -> str | None:
        """Why a run's answer may not be posted where it was asked, as things are now."""
        try:
            pipeline = await self.conversation.files.of_plan(run)
            plan = pipeline.proposals.problem(run.sql)
        except FileUnreadable as error:
            return f"This can't be shared: {error}"
        if isinstance(plan, Refused):
            return CHANGED
        shown = Shown(plan, pipeline.model)
        said = await self.conversation.audiences.refusal(shown, asker_of(run), run.channel)
        return f"This can't be shared: {said}." if said is not None else None

    async def do(self, work: Work) -> None:
        """Post the answer under a message (`channel`, `ts`) of the direct conversation where it was
        asked (`run_id`). Raises NotNow when Slack is away."""
        run = await self.pipeline.recall(str(work.payload["run_id"]))
        if run is None:
            return
        thread = self.conversation.desk.thread(run, work.work_id)
        if await is_ended(thread, work):
            return
        own = await thread.elsewhere(str(work.payload["channel"]), str(work.payload["ts"]))
        head, answer = await own.with_its_answer()
        refused = GONE if answer is None else await self.refusal(run)
        if answer is None or refused is not None:
            await own.post(Message(refused or GONE))
            return
        message = shared_message(answer, run.user)
        await thread.post(message)
        if file_name(run.run_id) in str(message.blocks):
            await self._file(run, own, thread)
        await _settled(own, head)

    async def tell(self, work: Work, sentence: str) -> None:
        """One sentence where the button was pressed."""
        run = await self.pipeline.recall(str(work.payload["run_id"]))
        if run is not None:
            thread = self.conversation.desk.thread(run, work.work_id)
            own = await thread.elsewhere(str(work.payload["channel"]), str(work.payload["ts"]))
            await own.post(plain_message(sentence))

    async def _file(self, run: StoredRun, own: Thread, thread: Thread) -> None:
        """Put the whole table into the thread too, or say where it is."""
        table = self.conversation.kept.find(run.run_id, own.place)
        if table is None:
            await thread.post(Message(FILE_STAYS.format(mention(run.user))), ASIDE)
        else:
            file = await asyncio.to_thread(csv_file, table, file_name(run.run_id))
            await upload_file(thread, file)


def shared_message(answer: dict[str, Any], user: str) -> Message:
    """An answer as it stands in Slack, for those in the channel: of its buttons only that is left
    which needs no rows, and somebody vouches for it."""
    blocks = [context(f"Shared by {mention(user)}")]
    for block in answer.get("blocks") or []:
        copied = {name: value for name, value in block.items() if name != "block_id"}
        if block["type"] == "actions":
            copied["elements"] = [one for one in block["elements"] if one["action_id"] == SHOW_PLAN]
        blocks.append(copied)
    return Message(str(answer["text"]), blocks)


async def _settled(own: Thread, head: dict[str, Any]) -> None:
    """Take the button away."""
    try:
        with courtesy():
            await own.edit(own.ts, Message(f"{head['text']}\nYou have shared it in the thread."))
    except SLACK_FAILURES as error:
        log.info("courtesy_failed", what="shared", reason=type(error).__name__)
