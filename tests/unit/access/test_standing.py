"""What Slack says of a person's groups and address, and what is made of it when it does not."""

from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.clients import OneWorkspace
from bot.slack.standing import SlackStanding
from orchestrator.question import Requester

ADA = Requester("T1", "U1", place="C1")
MEMBER = {"team_id": "T1", "profile": {"email": "ada@example.com"}}


class Office:
    """Slack with one person and two groups."""

    def __init__(self, user: dict[str, Any], *, fails: bool = False) -> None:
        self.user, self.fails, self.asked = user, fails, 0

    async def users_info(self, user: str) -> dict[str, Any]:
        """The profile."""
        return {"user": self.user}

    async def usergroups_list(self, **_: Any) -> dict[str, Any]:
        """The groups with their people."""
        self.asked += 1
        if self.fails:
            raise SlackApiError("no", {"error": "missing_scope"})
        return {
            "usergroups": [
                {"id": "S1", "handle": "sales", "users": ["U1", "U2"], "date_delete": 0},
                {"id": "S2", "handle": "chiefs", "users": ["U2"], "date_delete": 0},
                {"id": "S3", "handle": "gone", "users": ["U1"], "date_delete": 7},
            ]
        }


def _standing(office: Office, times: list[float] | None = None) -> SlackStanding:
    clients = OneWorkspace(cast("AsyncWebClient", office))
    return SlackStanding(clients, lambda: times.pop(0) if times else 0.0)


async def test_a_member_has_groups_by_id_and_handle_and_an_address() -> None:
    """Groups that are deleted, or of others, do not count."""
    known = await _standing(Office(MEMBER)).known(ADA)
    assert known.groups == {"S1", "sales"}
    assert (known.email, known.place) == ("ada@example.com", "C1")


@pytest.mark.parametrize(
    "user",
    [
        {**MEMBER, "team_id": "T2"},
        {**MEMBER, "is_restricted": True},
        {**MEMBER, "is_stranger": True},
        {**MEMBER, "deleted": True},
        {},
    ],
)
async def test_a_guest_or_stranger_has_neither(user: dict[str, Any]) -> None:
    """Whoever is no full and active member of the workspace has no group, whatever lists say."""
    known = await _standing(Office(user)).known(ADA)
    assert (known.groups, known.email) == (frozenset(), "")


async def test_what_slack_does_not_say_gives_no_rights() -> None:
    """When the groups can't be read, nobody is in one."""
    known = await _standing(Office(MEMBER, fails=True)).known(ADA)
    assert (known.groups, known.email) == (frozenset(), "")


async def test_groups_are_remembered_for_a_minute() -> None:
    """Slack lets an app list groups twenty times a minute."""
    office = Office(MEMBER)
    standing = _standing(office, [0.0, 0.0, 59.0, 61.0, 61.0])
    for _ in range(3):
        await standing.known(ADA)
    assert office.asked == 2
