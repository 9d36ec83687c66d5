"""Which user groups somebody is in, and their address, for the policy's rules of access."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.approval.people import is_full_member
from bot.slack.clients import Clients
from bot.slack.thread import SLACK_FAILURES
from orchestrator.question import Requester

log = structlog.get_logger(__name__)

KNOWN_S = 60.0


class SlackStanding:
    """The port `People` over Slack. Only full members of the workspace have groups and an address.

    A workspace's groups are read at once and remembered for a minute; `clock` gives seconds. What
    can't be read is not known, which gives no rights.
    """

    def __init__(self, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients = clients
        self._clock = clock
        self._groups: dict[str, tuple[dict[str, frozenset[str]], float]] = {}

    async def known(self, requester: Requester) -> Requester:
        """The same person with groups (ids and handles) and e-mail address."""
        client = self._clients.of(requester.team)
        try:
            profile = await _member(client, requester)
            if profile is None:
                return replace(requester, groups=frozenset(), email="")
            groups = await self._groups_of(client, requester.team)
        except (*SLACK_FAILURES, KeyError, TypeError) as error:
            log.warning("standing_not_read", reason=type(error).__name__)
            return replace(requester, groups=frozenset(), email="")
        own = frozenset(name for name, members in groups.items() if requester.user in members)
        return replace(requester, groups=own, email=str(profile.get("email") or ""))

    async def _groups_of(self, client: AsyncWebClient, team: str) -> dict[str, frozenset[str]]:
        groups, until = self._groups.get(team, ({}, 0.0))
        if until > self._clock():
            return groups
        listed = await client.usergroups_list(include_users=True, team_id=team)
        found: list[dict[str, Any]] = listed.get("usergroups") or []
        live = [one for one in found if not one.get("date_delete")]
        named = [(one[key], one.get("users") or []) for one in live for key in ("id", "handle")]
        groups = {str(name): frozenset(map(str, users)) for name, users in named}
        self._groups[team] = (groups, self._clock() + KNOWN_S)
        return groups


async def _member(client: AsyncWebClient, requester: Requester) -> dict[str, Any] | None:
    """The profile of a full and active member of the workspace; None of anybody else."""
    user: dict[str, Any] = (await client.users_info(user=requester.user)).get("user") or {}
    return (user.get("profile") or {}) if is_full_member(user, requester.team) else None
