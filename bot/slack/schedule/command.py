"""`/schedule`: make a schedule or an alert, list one's own, stop one."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import QueryError
from bot.slack.conversation import Conversation
from bot.slack.pace import reason
from bot.slack.render import escaped
from bot.slack.schedule.due import CLOSED
from bot.slack.schedule.rule import examples, read_rule
from orchestrator.question import Requester, question
from orchestrator.store import Schedule, Schedules

COMMAND = "/schedule"
MOST = 20
_ALERT = re.compile(r"tell\s+me\s+when\b[\s:,]*", re.IGNORECASE)
_STOP = re.compile(r"stop\s+(\S+)", re.IGNORECASE)


def register(app: AsyncApp, schedules: Schedules, conversation: Conversation) -> None:
    """Listen to the command."""
    app.command(COMMAND)(_Command(schedules, conversation).typed)


@dataclass(frozen=True, slots=True)
class _Command:
    schedules: Schedules
    conversation: Conversation

    async def typed(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """What was typed behind the command; its writer alone is told what came of it."""
        await ack()
        team, user, text = body["team_id"], body["user_id"], str(body.get("text") or "").strip()
        if text.lower() in ("", "help"):
            said = f"{examples()}\n`{COMMAND} list` shows yours, `{COMMAND} stop <id>` ends one."
            await respond(text=said.replace("<id>", "&lt;id&gt;"))
        elif text.lower() == "list":
            await respond(text=listed(await self.schedules.owned(team, user)))
        elif stop := _STOP.fullmatch(text):
            await respond(text=await self._stop(team, user, stop[1]))
        else:
            await respond(text=await self._add(team, user, body["channel_id"], text, client))

    async def _stop(self, team: str, user: str, schedule_id: str) -> str:
        owned = {one.id for one in await self.schedules.owned(team, user)}
        at = self.conversation.desk.clock()
        if schedule_id in owned and await self.schedules.end(schedule_id, at, "stopped"):
            return f"Stopped `{schedule_id}`."
        named = escaped(schedule_id.replace("`", ""))
        return f"You have no schedule `{named}`. `{COMMAND} list` shows yours."

    async def _add(
        self, team: str, user: str, channel: str, text: str, client: AsyncWebClient
    ) -> str:
        time_zone, at = await self.conversation.zone_of(team, user), self.conversation.desk.clock()
        try:
            rule, rest = read_rule(text)
            alert = _ALERT.match(rest)
            asked = question(rest[alert.end() :] if alert else rest, Requester(team, user))
        except QueryError as error:
            return escaped(str(error))
        if len(await self.schedules.owned(team, user)) >= MOST:
            return f"You have {MOST} schedules, which is the most. Stop one: `{COMMAND} list`."
        schedule = Schedule(
            secrets.token_hex(4),
            team,
            user,
            channel,
            asked.text,
            rule.words,
            time_zone,
            on_change=alert is not None,
            next_at=at if alert else rule.after(at, time_zone),
        )
        await self.schedules.add(schedule)
        try:
            await client.chat_postMessage(channel=channel, text=announced(schedule))
        except SlackApiError as error:
            await self.schedules.end(schedule.id, at, "not announced")
            if reason(error) not in CLOSED:
                raise
            return "I can't write here, so there is no schedule. Invite me to this channel first."
        next_at = rule.after(at, time_zone)
        return f"Next at {when(next_at, time_zone)}. `{COMMAND} stop {schedule.id}` ends it."


def announced(schedule: Schedule) -> str:
    """What a channel is told of a new schedule (mrkdwn)."""
    what = f"{schedule.rule} ({escaped(schedule.time_zone)})"
    who, asked = f"<@{schedule.user}>", f"“{escaped(schedule.question)}”"
    if schedule.on_change:
        return f"🔔 {who} wants to be told here when the result of {asked} changes: {what}."
    return f"🗓️ {who} wants {asked} answered here {what}."


def listed(owned: list[Schedule]) -> str:
    """A person's schedules, a line each (mrkdwn)."""
    if not owned:
        return f"You have no schedules. {examples()}"
    return "\n".join(
        f"{'🔔' if one.on_change else '🗓️'} `{one.id}` {one.rule}: “{escaped(one.question, 100)}” "
        f"in <#{one.channel}>, next at {when(one.next_at, one.time_zone)}"
        for one in owned
    )


def when(at: datetime, time_zone: str) -> str:
    """A moment by the clock of a time zone."""
    return f"{at.astimezone(ZoneInfo(time_zone)):%A, %d %B %Y, %H:%M} ({time_zone})"
