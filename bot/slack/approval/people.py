"""Who somebody is and which user group they are in, as Slack says at that moment."""

from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.render import escaped
from orchestrator.approve.decide import Decider

log = structlog.get_logger(__name__)

FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError)
_OUTSIDE = ("deleted", "is_restricted", "is_ultra_restricted", "is_stranger")


def is_inside(user: dict[str, Any], team: str) -> bool:
    """Whether one of Slack's users is of a workspace: active, no guest, and no stranger."""
    return user.get("team_id") == team and not any(map(user.get, _OUTSIDE))


def is_full_member(user: dict[str, Any], team: str) -> bool:
    """Whether one of Slack's users is a person of a workspace with all rights there."""
    return is_inside(user, team) and not user.get("is_bot")


class SlackPeople:
    """The port `Members` over Slack's user groups. Nothing is remembered between two calls."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def members(self, group: str) -> frozenset[str]:
        """The user ids in a group, named by handle or id; none when it can't be read."""
        try:
            group_id = await self._id_of(group)
            if group_id is None:
                return frozenset()
            found = await self._client.usergroups_users_list(usergroup=group_id)
        except FAILURES as error:
            log.warning("group_not_read", group=group, reason=type(error).__name__)
            return frozenset()
        users: list[str] = found.get("users") or []
        return frozenset(users)

    async def decider(self, team: str, user: str) -> Decider:
        """The person who decides, with their standing now; no member when Slack does not say."""
        try:
            profile: dict[str, Any] = (await self._client.users_info(user=user)).get("user") or {}
        except FAILURES as error:
            log.warning("person_not_read", reason=type(error).__name__)
            profile = {}
        return Decider(team, user, is_full_member(profile, team))

    async def mention(self, group: str) -> str:
        """What names a group in a message, and tells its people where that can be."""
        try:
            group_id = await self._id_of(group)
        except FAILURES:
            group_id = None
        return f"<!subteam^{group_id}>" if group_id else f"*{escaped(group)}*"

    async def _id_of(self, group: str) -> str | None:
        return next(
            (
                str(one["id"])
                for one in await self._groups()
                if group in (one["id"], one["handle"]) and not one.get("date_delete")
            ),
            None,
        )

    async def _groups(self) -> list[dict[str, Any]]:
        return (await self._client.usergroups_list()).get("usergroups") or []


class PeopleAtAGlance(SlackPeople):
    """The same for one display, where each group is read once; no decision may rest on it."""

    def __init__(self, client: AsyncWebClient) -> None:
        super().__init__(client)
        self._members: dict[str, frozenset[str]] = {}
        self._listed: list[dict[str, Any]] | None = None

    async def members(self, group: str) -> frozenset[str]:
        """As SlackPeople's."""
        if group not in self._members:
            self._members[group] = await super().members(group)
        return self._members[group]

    async def _groups(self) -> list[dict[str, Any]]:
        if self._listed is None:
            self._listed = await super()._groups()
        return self._listed
