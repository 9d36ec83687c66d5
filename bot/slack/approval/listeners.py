"""The buttons and modals of requests. A press is acknowledged, checked and decided on."""

import asyncio
from dataclasses import dataclass
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import FileNotNow, FileUnreadable
from bot.runs import Runs
from bot.slack.approval import card
from bot.slack.approval.desk import Click
from bot.slack.conversation import Conversation
from orchestrator.approve.decide import Choice, Closed, denied
from orchestrator.pipeline import Pipeline, Refused
from orchestrator.store import StoredRun

CHOICES = {
    card.APPROVE: Choice.APPROVE,
    card.ALWAYS: Choice.APPROVE,
    card.CONFIRM: Choice.CONFIRM,
    card.WITHDRAW: Choice.WITHDRAW,
}
APPROVED = "approved"
SOON_S = 2.0  # a modal's answer is awaited for three
FILE_SLOW = Refused("The file that this reads can't be had now. Try again in a moment.")
MODALS = {card.EDIT: Choice.EDIT, card.REJECT: Choice.REJECT}


def register(app: AsyncApp, pipeline: Pipeline, conversation: Conversation, runs: Runs) -> None:
    """Listen to the buttons and modals."""
    listeners = _Listeners(pipeline, conversation, runs)
    for action in CHOICES:
        app.action(action)(listeners.decide)
    for action in MODALS:
        app.action(action)(listeners.open_modal)
    app.view(card.EDITED)(listeners.edited)
    app.view(card.REJECTED)(listeners.rejected)


@dataclass(frozen=True, slots=True)
class _Listeners:
    pipeline: Pipeline
    conversation: Conversation
    runs: Runs

    async def decide(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A button that decides by itself."""
        await ack()
        desk, click, action = self.conversation.desk, pressed(body), body["actions"][0]["action_id"]
        people, choice = desk.people(click.workspace), CHOICES[action]
        try:
            pipeline = await self._pipeline_for(click.run_id, choice)
        except FileNotNow as error:
            await desk.settle(Refused(str(error)), click)
            return
        except FileUnreadable as error:
            await desk.lost(click.run_id, error)
            return
        came = await pipeline.decisions.decide(
            click.run_id,
            choice,
            await people.decider(click.team, click.user),
            people,
            desk.clock(),
            always=action == card.ALWAYS,
        )
        await self._start(await desk.settle(came, click))

    async def open_modal(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """A button that asks for words first. Who may not decide gets no modal."""
        await ack()
        desk, click = self.conversation.desk, pressed(body)
        choice = MODALS[body["actions"][0]["action_id"]]
        request = await self.pipeline.approvals.of(click.run_id)
        run = await self.pipeline.recall(click.run_id)
        if request is None or run is None or request.status != "waiting":
            await desk.settle(Closed(request), click)
            return
        people = desk.people(click.workspace)
        decider = await people.decider(click.team, click.user)
        if (refused := await denied(choice, request, decider, people)) is not None:
            await desk.settle(refused, click)
            return
        is_edit = choice is Choice.EDIT
        view = card.edit_modal(run) if is_edit else card.reject_modal(request)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def edited(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Other SQL: what is wrong with it is said in the modal."""
        desk, sql = self.conversation.desk, typed(body)
        run_id = str(body["view"]["private_metadata"])
        pipeline = await pipeline_soon(self.conversation, await self.pipeline.recall(run_id))
        problem = pipeline.decisions.problem(sql, desk.clock()) if pipeline else FILE_SLOW
        if problem is not None:
            said = "\n".join([problem.message, *problem.details])
            await ack(response_action="errors", errors={card.INPUT: said[: card.MAX_REASON]})
            return
        assert pipeline is not None
        await ack()
        click = await self._submitted(body)
        people = desk.people(click.workspace)
        decider = await people.decider(click.team, click.user)
        came = await pipeline.decisions.edit(click.run_id, sql, decider, people, desk.clock())
        await self._start(await desk.settle(came, click))

    async def rejected(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A rejection with its reason."""
        await ack()
        desk, click = self.conversation.desk, await self._submitted(body)
        people = desk.people(click.workspace)
        came = await self.pipeline.decisions.decide(
            click.run_id,
            Choice.REJECT,
            await people.decider(click.team, click.user),
            people,
            desk.clock(),
            reason=typed(body),
        )
        await desk.settle(came, click)

    async def _pipeline_for(self, run_id: str, choice: Choice) -> Pipeline:
        """Where a plan is made certain again; to take it back needs no file. Who may not decide
        sets nothing in motion. Raises FileUnreadable."""
        request = await self.pipeline.approvals.of(run_id)
        if choice is Choice.WITHDRAW or request is None or request.status != "waiting":
            return self.pipeline
        return await self.conversation.files.for_run(await self.pipeline.recall(run_id))

    async def _start(self, run_id: str) -> None:
        """Start a run that may run now; none for ""."""
        if run_id:
            await start(self.pipeline, self.runs, run_id)

    async def _submitted(self, body: dict[str, Any]) -> Click:
        """Who has submitted a modal; a modal has no channel, so it is that of the card."""
        run_id = str(body["view"]["private_metadata"])
        request = await self.pipeline.approvals.of(run_id)
        place = request.card if request is not None else None
        return Click(
            run_id, *person(body), place[0] if place else body["user"]["id"], workspace(body)
        )


async def pipeline_soon(conversation: Conversation, run: StoredRun | None) -> Pipeline | None:
    """The pipeline for a stored plan, while a modal waits; None when its files take too long, or
    are gone."""
    try:
        async with asyncio.timeout(SOON_S):
            return await conversation.files.for_run(run)
    except (TimeoutError, FileUnreadable):
        return None


async def start(pipeline: Pipeline, runs: Runs, run_id: str) -> None:
    """Start an approved run after all other work of its thread, unless it has been before."""
    run = await pipeline.recall(run_id)
    if run is not None:
        await runs.put(run.thread, [f"run {run_id}"], APPROVED, {"run_id": run_id})


def pressed(body: dict[str, Any]) -> Click:
    """Who has pressed a button, where, and the id that it bears."""
    channel = (body.get("channel") or {}).get("id") or body["user"]["id"]
    return Click(
        str(body["actions"][0].get("value", "")), *person(body), str(channel), workspace(body)
    )


def person(body: dict[str, Any]) -> tuple[str, str]:
    """(team, user) of who did it: their own team, which may be another than the channel's."""
    user = body["user"]
    return str(user.get("team_id") or (body.get("team") or {}).get("id", "")), str(user["id"])


def workspace(body: dict[str, Any]) -> str:
    """Where it was done: the workspace of a modal's app, of a message, or else the person's own."""
    installed = (body.get("view") or {}).get("app_installed_team_id")
    return str(installed or (body.get("team") or {}).get("id") or person(body)[0])


def typed(body: dict[str, Any]) -> str:
    """What was typed into a modal."""
    return str(body["view"]["state"]["values"][card.INPUT][card.INPUT]["value"] or "")
