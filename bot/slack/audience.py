"""Who reads a place, as Slack says when an answer is about to be posted there.

On any doubt it is the least privileged audience: guests and people of other companies.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.approval import SlackPeople
from bot.slack.approval.people import is_inside
from bot.slack.clients import Clients
from bot.slack.history.calls import Calls
from bot.slack.history.rights import is_external
from bot.slack.render import escaped
from bot.slack.thread import SLACK_FAILURES
from orchestrator.approve.audience import kept_from
from orchestrator.compile import Plan
from orchestrator.question import Requester
from orchestrator.semantic import Audience, SemanticModel

log = structlog.get_logger(__name__)

PATIENCE_S = 20.0
KNOWN_S = 300.0
PAGE = 1_000
READERS: dict[Audience, str] = {
    "direct": "the policy shows that to nobody",
    "private": "the policy keeps that out of this channel",
    "public": "everybody in the company can read this channel",
    "shared": "guests or people of other companies can read this channel",
}
UNKNOWN = "I could not make sure who can read this channel"
STRANGER = "I could not make sure that <@{}> is a full member of this workspace"


def is_direct(channel: str) -> bool:
    """Whether a place is the bot's conversation with one person."""
    return channel.startswith("D")


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer shows: its plan, and the model with all that the plan reads."""

    plan: Plan
    model: SemanticModel

    def to_all(self) -> bool:
        """Whether the policy keeps nothing of it from anybody."""
        postings = self.model.policies.audience.postings
        return not any(kept_from(posting, self.plan, self.model) for posting in postings)

    def refusal(self, audience: Audience, channel: str, readers: str = "") -> str | None:
        """Why it may not be posted in a channel that stands for an audience, in mrkdwn."""
        posting = self.model.policies.audience.of(audience, channel)
        if not (reasons := kept_from(posting, self.plan, self.model)):
            return None
        return f"{escaped(', '.join(reasons))}, and {readers or READERS[audience]}"


class Audiences:
    """Holds answers against the policy of those who would read them.

    A channel's members are read each time; who is a full member of a workspace is remembered for
    five minutes, and whoever came since then counts as a guest. `clock` gives seconds.
    """

    def __init__(self, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients = clients
        self._clock = clock
        self._known: dict[str, tuple[frozenset[str], float]] = {}

    async def refusal(self, shown: Shown, asker: Requester, channel: str) -> str | None:
        """Why this may not be posted in a channel, in mrkdwn and without values; None when it may.
        Where the policy keeps nothing of it from anybody, Slack is not asked."""
        if shown.to_all():
            return None
        if is_direct(channel):
            return await self._refusal_alone(shown, asker, channel)
        try:
            return await self._refusal_here(shown, asker.team, channel)
        except (*SLACK_FAILURES, KeyError, TypeError) as error:
            log.warning("audience_unknown", reason=type(error).__name__)
            return shown.refusal("shared", channel, UNKNOWN)

    async def _refusal_alone(self, shown: Shown, asker: Requester, channel: str) -> str | None:
        people = SlackPeople(self._clients.of(asker.team))
        if (await people.decider(asker.team, asker.user)).is_member:
            return shown.refusal("direct", channel)
        return shown.refusal("shared", channel, STRANGER.format(asker.user))

    async def _refusal_here(self, shown: Shown, team: str, channel: str) -> str | None:
        client = self._clients.of(team)
        info = (await Calls(client, PATIENCE_S).call("conversations.info", channel=channel))[
            "channel"
        ]
        if is_external(info):
            return shown.refusal("shared", channel)
        audience = "private" if info["is_private"] else "public"
        if (said := shown.refusal(audience, channel)) is not None:
            return said
        if await self._has_guests(client, team, channel):
            return shown.refusal("shared", channel)
        return None

    async def _has_guests(self, client: AsyncWebClient, team: str, channel: str) -> bool:
        calls = Calls(client, PATIENCE_S)
        members, until = self._known.get(team, (frozenset[str](), 0.0))
        if until <= self._clock():
            until = self._clock() + KNOWN_S
            people = await calls.listed("users.list", "members", team_id=team, limit=PAGE)
            members = frozenset(str(one["id"]) for one in people if is_inside(one, team))
            self._known[team] = (members, until)
        here: list[Any] = await calls.listed(
            "conversations.members", "members", channel=channel, limit=PAGE
        )
        return not members.issuperset(here)
