"""What the checks of an alert come to."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from adapters.errors import AccessDenied, CredentialError
from bot.runs import Runs
from bot.slack.clients import OneWorkspace
from bot.slack.schedule.due import Scheduled
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification
from orchestrator.store import Schedule, Schedules, Work
from tests.unit.bot.builders import FakeClient, FakePipeline

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
ALERT = Schedule("s1", "T1", "U1", "C1", "how many?", "every hour", "UTC", True, NOON)


class OneAlert:
    """The schedules of a store with one alert, and a queue that takes everything."""

    def __init__(self) -> None:
        self.alert = ALERT
        self.ended = ""
        self.posed: list[dict[str, Any]] = []

    async def of(self, schedule_id: str) -> Schedule | None:
        """As Schedules.of."""
        return None if self.ended else self.alert

    async def result(self, schedule: Schedule, digest: str) -> bool:
        """As Schedules.result."""
        self.alert = replace(schedule, digest=digest)
        return True

    async def end(self, schedule_id: str, at: datetime, why: str) -> bool:
        """As Schedules.end."""
        self.ended = why
        return True

    async def put(self, lane: str, keys: Any, kind: str, payload: dict[str, Any]) -> bool:
        """As Runs.put."""
        self.posed.append(payload)
        return True


async def checked(alert: OneAlert, client: FakeClient, proposes: Any = None) -> None:
    """Check the alert, while questions come to this."""
    scheduled = Scheduled(
        FakePipeline(proposes).port,
        OneWorkspace(client.port),
        cast("Schedules", alert),
        cast("Runs", alert),
        lambda: NOON,
    )
    await scheduled.do(Work("w1", "T1:schedule:s1", "scheduled", {"schedule_id": "s1"}))


@pytest.mark.parametrize(
    "came",
    [
        Clarification("Which month?"),
        Refused("There is no table t."),
        CredentialError("Vault is sealed."),
        AccessDenied(("The groups of who asks can't be read.",)),
    ],
)
async def test_a_check_that_can_not_be_planned_ends_no_alert(came: Any) -> None:
    """It is told once, however often it comes, and so is the first check that works again."""
    alert, client = OneAlert(), FakeClient()
    await checked(alert, client)
    assert alert.posed == []
    for proposes in (came, came, None, None):
        await checked(alert, client, proposes)
    assert alert.ended == ""
    told = [post["text"] for post in client.of("chat_postMessage")]
    assert [text.split(" for ")[0] for text in told] == [
        "⚠️ I could not check this alert",
        "🔔 The result has changed",
    ]
    assert [asked["text"] for asked in alert.posed] == ["how many?", "how many?"]
