"""The time zones of people's Slack profiles."""

import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from bot.slack.clients import Clients
from bot.slack.thread import SLACK_FAILURES

log = structlog.get_logger(__name__)

KNOWN_S = 600.0


class TimeZones:
    """Reads profiles, each at most once in ten minutes. `other` is the zone of whoever's own was
    never known; `clock` gives seconds."""

    def __init__(
        self, clients: Clients, other: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clients = clients
        self._other = other
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    async def of(self, team: str, user: str) -> str:
        """The zone in a person's profile; the one that was last known when Slack does not say."""
        zone, until = self._known.get((team, user), (self._other, 0.0))
        if self._clock() < until:
            return zone
        try:
            info = await self._clients.of(team).users_info(user=user)
            profile: dict[str, Any] = info.get("user") or {}
            zone = ZoneInfo(profile["tz"]).key
        except (*SLACK_FAILURES, KeyError, TypeError, ValueError, OSError) as error:
            log.info("time_zone_unknown", reason=type(error).__name__)
            return zone
        self._known[team, user] = (zone, self._clock() + KNOWN_S)
        return zone
