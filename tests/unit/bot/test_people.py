"""User groups as Slack tells of them."""

from typing import Any

from bot.slack.approval.people import PeopleAtAGlance, SlackPeople
from tests.unit.bot.builders import FakeClient

GROUPS = [
    {"id": "S1", "handle": "data-owners"},
    {"id": "S2", "handle": "legal"},
    {"id": "S3", "handle": "old", "date_delete": 1},
]
USERS = {"S1": ["U1", "U2"], "S2": ["U3"], "S3": ["U4"]}


class Groups(FakeClient):
    """A Slack with groups."""

    async def usergroups_list(self) -> dict[str, Any]:
        """The groups."""
        self.calls.append(("usergroups_list", {}))
        return {"usergroups": GROUPS}

    async def usergroups_users_list(self, usergroup: str) -> dict[str, Any]:
        """The people of one."""
        self.calls.append(("usergroups_users_list", {"usergroup": usergroup}))
        return {"users": USERS[usergroup]}


async def test_a_decision_reads_membership_each_time() -> None:
    """Nothing is remembered between two questions about the same group."""
    client = Groups()
    people = SlackPeople(client.port)
    for _ in range(2):
        assert await people.members("data-owners") == {"U1", "U2"}
        assert await people.members("old") == frozenset()
    assert len(client.of("usergroups_users_list")) == 2
    assert len(client.of("usergroups_list")) == 4


async def test_a_display_reads_each_group_once() -> None:
    """The list of groups is read once, and the people of each once; names cost nothing more."""
    client = Groups()
    people = PeopleAtAGlance(client.port)
    for _ in range(2):
        assert await people.members("data-owners") == {"U1", "U2"}
        assert await people.members("legal") == {"U3"}
        assert await people.members("old") == frozenset()
        assert await people.mention("legal") == "<!subteam^S2>"
    assert [one["usergroup"] for one in client.of("usergroups_users_list")] == ["S1", "S2"]
    assert len(client.of("usergroups_list")) == 1
