"""The slash commands: acknowledged at once, answered to who typed them alone or in a thread."""

import re
from dataclasses import dataclass
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import lists, remembering
from bot.slack.approval.listeners import person, pressed
from bot.slack.asked import unescaped
from bot.slack.conversation import Conversation
from bot.slack.opening import Opener, Place
from bot.slack.plan_preview import PLAN
from bot.slack.render import Message, escaped, plan_modal
from orchestrator.pipeline import Pipeline

NO_LAST = "You have not asked anything in this channel yet, so there is no plan to show."
NOT_KEPT = "That question is no longer kept, or was not yours. Type it with /ask."
NO_GRANT = "No grant of this channel has that id. `/crosstalk grants` lists them."
WHICH_GRANT = "Say which: `/crosstalk grants revoke <id>`, with an id of `/crosstalk grants`."
NOT_ALLOWED = (
    "Only who gave a grant, or a member of the group that approves here, can revoke it. Ask one of "
    "them to."
)
UNKNOWN = "I don't know “/crosstalk {}”."
_SQL = re.compile(r"(select|with)\s", re.IGNORECASE)


def register(app: AsyncApp, pipeline: Pipeline, conversation: Conversation, opener: Opener) -> None:
    """Listen to the commands, and to the button that asks a question again."""
    listeners = _Listeners(pipeline, conversation, opener)
    app.command("/ask")(listeners.ask)
    app.command("/plan")(listeners.plan)
    app.command("/sources")(listeners.sources)
    app.command("/history")(listeners.history)
    app.command("/crosstalk")(listeners.crosstalk)
    app.action(lists.ASK_AGAIN)(listeners.ask_again)


@dataclass(frozen=True, slots=True)
class _Listeners:
    pipeline: Pipeline
    conversation: Conversation
    opener: Opener

    async def ask(
        self, ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """`/ask <question>`"""
        await ack()
        await self._open(_place(command), _typed(command), client, respond)

    async def plan(
        self, ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """`/plan <question>`, `/plan <SQL>` or `/plan last`"""
        await ack()
        words = _typed(command)
        if words.lower() == "last":
            await self._last_plan(command, client, respond)
            return
        how = {"kind": PLAN, "verb": "wants to see the plan of"}
        how |= {"sql": words} if _SQL.match(words) else {}
        await self._open(_place(command), words, client, respond, **how)

    async def sources(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        """`/sources`"""
        await ack()
        model, registry = self.pipeline.model, self.pipeline.registry
        await registry.refresh(set(model.sources), keep_s=lists.FRESH_S)
        await _tell(respond, lists.sources_message(model, registry))

    async def history(self, ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        """`/history`"""
        await ack()
        place = _place(command)
        runs = await self.pipeline.store.history(place.team, place.user, lists.HISTORY)
        await _tell(respond, lists.history_message(runs))

    async def ask_again(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """A question of the history, in the channel where its button is pressed."""
        await ack()
        click = pressed(body)
        run = await self.pipeline.recall(click.run_id)
        if run is None or (run.team, run.user) != person(body):
            await _tell(respond, Message(NOT_KEPT))
            return
        place = Place(click.team, click.channel, click.user)
        await self._open(place, run.question, client, respond)

    async def crosstalk(
        self, ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """`/crosstalk help | choices [forget <id>] | grants [revoke <id>] | status`"""
        await ack()
        await _tell(respond, await self._said(_place(command), _typed(command), client))

    async def _open(
        self, place: Place, words: str, client: AsyncWebClient, respond: AsyncRespond, **how: str
    ) -> None:
        """Open a thread, or tell who asks why not; without words, what the commands are."""
        if not words:
            await _tell(respond, lists.help_message(self.pipeline.model))
        elif refused := await self.opener.ask(client, place, words, **how):
            await _tell(respond, Message(escaped(refused.message)))

    async def _said(self, place: Place, words: str, client: AsyncWebClient) -> Message:
        match words.lower().split():
            case [] | ["help"]:
                return lists.help_message(self.pipeline.model)
            case ["status"]:
                return await self._status(place)
            case ["choices", *which]:
                whose = (place.team, place.user, place.channel)
                return await remembering.commanded(self.pipeline.choices, client, whose, which)
            case ["grants"]:
                return await self._grants(place)
            case ["grants", "revoke", grant_id]:
                return Message(await self._revoked(place, grant_id))
            case ["grants", "revoke", *_]:
                return Message(escaped(WHICH_GRANT))
            case _:
                known = lists.help_message(self.pipeline.model).blocks or []
                unknown = escaped(UNKNOWN.format(words[:100]))
                return Message(unknown, [lists.section(unknown), *known])

    async def _last_plan(
        self, command: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        place = _place(command)
        runs = await self.pipeline.store.history(place.team, place.user, 1, place.channel)
        if not runs:
            await _tell(respond, Message(NO_LAST))
            return
        await client.views_open(trigger_id=command["trigger_id"], view=plan_modal(runs[0]))

    async def _grants(self, place: Place) -> Message:
        at = self.conversation.desk.clock()
        return lists.grants_message(await self.pipeline.grants.list(place.team, at, place.channel))

    async def _revoked(self, place: Place, grant_id: str) -> str:
        """End a grant of this channel, named by the beginning of its id: what came of it."""
        desk, grants = self.conversation.desk, self.pipeline.grants
        at = desk.clock()
        held = await grants.list(place.team, at, place.channel)
        found = [one for one in held if one.id.startswith(grant_id)]
        if len(found) != 1 or len(grant_id) < lists.SHORT_ID:
            return NO_GRANT
        if found[0].given_by != place.user and not await self._approves(place):
            return NOT_ALLOWED
        if not await grants.revoke(found[0].id, place.team, place.user, at):
            return NO_GRANT
        return f"Revoked `{found[0].id[: lists.SHORT_ID]}`: from now on this is asked each time."

    async def _approves(self, place: Place) -> bool:
        """Whether somebody is a full member, and in the group that approves, as Slack says now."""
        people = self.conversation.desk.people(place.team)
        approvers = self.pipeline.model.policies.approval.approvers
        if approvers is None or place.user not in await people.members(approvers.group):
            return False
        return (await people.decider(place.team, place.user)).is_member

    async def _status(self, place: Place) -> Message:
        model, registry = self.pipeline.model, self.pipeline.registry
        await registry.refresh(set(model.sources), keep_s=lists.FRESH_S)
        lines = [f"• {escaped(name)}: {lists.health(registry, name)}" for name in model.sources]
        waiting = await self.pipeline.approvals.waiting(place.team)
        own = sum(request.binding.user == place.user for request in waiting)
        said = [
            f"Planner: {escaped(self.pipeline.planner.name)}",
            f"Your questions that wait for a decision: {own}",
            *lines,
        ]
        return Message("\n".join(said))


def _typed(command: dict[str, Any]) -> str:
    return unescaped(str(command.get("text") or ""))


def _place(command: dict[str, Any]) -> Place:
    return Place(command["team_id"], command["channel_id"], command["user_id"])


async def _tell(respond: AsyncRespond, message: Message) -> None:
    """Answer who typed the command alone."""
    await respond(
        text=message.text, blocks=message.blocks, response_type="ephemeral", replace_original=False
    )
