"""Choices that are to be remembered: the two buttons, and the command that lists and forgets them.

For themselves anybody may; for a channel only who is in it, as Slack says at that moment.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.approval.card import mention, section, when
from bot.slack.approval.listeners import person, pressed
from bot.slack.clarify import REMEMBER_CHANNEL, REMEMBER_ME, Meant, settled_message
from bot.slack.conversation import Conversation
from bot.slack.history.calls import Calls
from bot.slack.render import Message, escaped, header
from bot.slack.thread import SLACK_FAILURES, Thread
from orchestrator.pipeline import Pipeline
from orchestrator.plan.remembering import terms_of
from orchestrator.question import Remembered
from orchestrator.store import Choices

log = structlog.get_logger(__name__)

PATIENCE_S = 10.0
SHORT_ID, MOST_LISTED, PAGE = 8, 40, 1_000
NOT_YOURS = "Only who chose can have it remembered. Ask the question yourself, and choose."
NOT_HERE = (
    "Only members of this channel decide what words mean in it, and Slack does not tell me that "
    "you are one. Join the channel, or have it remembered for yourself."
)
NONE = (
    "Nothing is remembered for you or this channel. When I ask back what a word means, choose, and "
    "then press “Remember for me”."
)
NO_CHOICE = "No choice of yours or of this channel has that id. `/crosstalk choices` lists them."
WHICH = "Say which: `/crosstalk choices forget <id>`, with an id of `/crosstalk choices`."


def register(app: AsyncApp, pipeline: Pipeline, conversation: Conversation) -> None:
    """Listen to “Remember for me” and “Remember for this channel”."""
    listeners = _Listeners(pipeline, conversation)
    app.action(REMEMBER_ME)(listeners.for_me)
    app.action(REMEMBER_CHANNEL)(listeners.for_channel)


@dataclass(frozen=True, slots=True)
class _Listeners:
    pipeline: Pipeline
    conversation: Conversation

    async def for_me(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Have a choice remembered for whoever made it."""
        await ack()
        await self._remember(body, client, is_for_all=False)

    async def for_channel(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Have a choice remembered for all who ask in the channel."""
        await ack()
        await self._remember(body, client, is_for_all=True)

    async def _remember(
        self, body: dict[str, Any], client: AsyncWebClient, *, is_for_all: bool
    ) -> None:
        click, message = pressed(body), body["message"]
        thread = Thread(client, click.channel, message.get("thread_ts") or message["ts"])
        meant, team = Meant.of(click.run_id), body["team"]["id"]
        if meant is None:
            return
        if click.user != meant.by or person(body)[0] != team:
            await thread.whisper(click.user, NOT_YOURS)
            return
        if is_for_all and not await is_in(client, click.channel, click.user):
            await thread.whisper(click.user, NOT_HERE)
            return
        await self.pipeline.choices.remember(
            team,
            click.user,
            meant.words,
            meant.meaning,
            await asyncio.to_thread(terms_of, meant.meaning, self.pipeline.model),
            self.conversation.desk.clock(),
            click.channel if is_for_all else "",
        )
        whom = f"this channel by {mention(click.user)}" if is_for_all else mention(click.user)
        said = f"Remembered for {whom}: {_reading(meant.words, meant.meaning)}. "
        try:
            shown = settled_message(body, said + "`/crosstalk choices` lists and forgets.")
            await thread.edit(message["ts"], shown)
        except SLACK_FAILURES as error:
            log.warning("choice_not_shown", reason=type(error).__name__)


async def is_in(client: AsyncWebClient, channel: str, user: str) -> bool:
    """Whether somebody is a member of a channel now; not when Slack does not say."""
    try:
        asked = {"channel": channel, "limit": PAGE}
        members: list[Any] = await Calls(client, PATIENCE_S).listed(
            "conversations.members", "members", **asked
        )
    except (*SLACK_FAILURES, KeyError) as error:
        log.warning("members_not_read", reason=type(error).__name__)
        return False
    return user in members


async def commanded(
    choices: Choices, client: AsyncWebClient, whose: tuple[str, str, str], words: list[str]
) -> Message:
    """`/crosstalk choices`, with `forget <id>` after it or not, by (team, user, channel)."""
    held = await choices.of(*whose)
    match words:
        case []:
            return choices_message(held)
        case ["forget", choice_id]:
            return Message(await _forgotten(choices, client, whose, held, choice_id))
        case _:
            return Message(escaped(WHICH))


def choices_message(held: tuple[Remembered, ...]) -> Message:
    """How words are read for a person and in their channel, each with the id that forgets it."""
    if not held:
        return Message(NONE)
    lines = [section(_line(one)) for one in held[:MOST_LISTED]]
    return Message("How words are read", [header("How words are read"), *lines])


async def _forgotten(
    choices: Choices,
    client: AsyncWebClient,
    whose: tuple[str, str, str],
    held: tuple[Remembered, ...],
    choice_id: str,
) -> str:
    """Forget one of these choices, named by the beginning of its id: what came of it."""
    team, user, channel = whose
    found = [one for one in held if one.id.startswith(choice_id)]
    if len(found) != 1 or len(choice_id) < SHORT_ID:
        return NO_CHOICE
    (choice,) = found
    if choice.channel and not await is_in(client, channel, user):
        return NOT_HERE
    if not await choices.forget(choice, team):
        return NO_CHOICE
    return f"Forgotten: {_reading(choice.words, choice.meaning)}. From now on I ask again."


def _line(one: Remembered) -> str:
    whose = f"for this channel, by {mention(one.chosen_by)}" if one.channel else "for you"
    said = f"`{one.id[:SHORT_ID]}` {_reading(one.words, one.meaning)}"
    return f"{said}\n{whose}, since {when(one.chosen_at)}"


def _reading(words: str, meaning: str) -> str:
    return f"“{escaped(words)}” is read as {escaped(meaning)}"
