"""The time zones of Slack profiles, and how long they count."""

from bot.slack.clients import OneWorkspace
from bot.slack.time_zones import KNOWN_S, TimeZones
from tests.unit.bot.builders import FakeClient


class Travels:
    """A clock and a Slack in the test's hands."""

    def __init__(self) -> None:
        self.now = 0.0
        self.client = FakeClient()
        self.zones = TimeZones(OneWorkspace(self.client.port), "UTC", lambda: self.now)

    async def of(self) -> str:
        """The zone of the one person."""
        return await self.zones.of("T1", "U1")


async def test_who_travels_is_asked_by_the_new_clock_soon() -> None:
    """A profile is read once in ten minutes, and then anew."""
    one = Travels()
    assert await one.of() == "Europe/Berlin"
    one.client.zone, one.now = "America/Lima", KNOWN_S - 1
    assert await one.of() == "Europe/Berlin"
    one.now = KNOWN_S
    assert await one.of() == "America/Lima"
    assert len(one.client.of("users_info")) == 2


async def test_slack_s_silence_changes_no_zone() -> None:
    """Without a profile the zone is that of everybody, or the one last known, and is asked for
    again the next time."""
    one = Travels()
    one.client.zone = None
    assert await one.of() == "UTC"
    one.client.zone = "Europe/Berlin"
    assert await one.of() == "Europe/Berlin"
    one.now, one.client.broken = KNOWN_S, {"users_info": "upstream error"}
    assert await one.of() == "Europe/Berlin"
    one.client.broken, one.client.zone = {}, "America/Lima"
    assert await one.of() == "America/Lima"
