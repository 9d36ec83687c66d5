"""Who may decide: identity is (team, user), and whatever is not known denies."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.approve.decide import Choice, Decider, denied
from orchestrator.approve.request import Binding, Request, binding_from
from orchestrator.approve.risk import Hit, Risk
from orchestrator.plan import Draft, Usage, draft_of

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
BINDING = Binding("plan", (("sales", "f1"), ("support", "f2")), "model", "policy", "T1", "U1")
HIGH = Risk((Hit("pii:customer.email", "high", "customer.email is personal data"),), (), 5, 5)
MEDIUM = Risk((Hit("free_form", "medium", "the SQL was written by hand"),), (), 5, 5)


def request(risk: Risk = HIGH, **changes: Any) -> Request:
    """A request that U1 of T1 has made, of the group `approvers`."""
    one = Request("r1", BINDING, risk, NOON, NOON + timedelta(hours=24), group="approvers")
    return replace(one, **changes)


class Groups:
    """The groups of a team, by name."""

    def __init__(self, **groups: set[str]) -> None:
        self._groups = groups

    async def members(self, group: str) -> frozenset[str]:
        """Who is in a group."""
        return frozenset(self._groups.get(group, ()))


GROUPS = Groups(approvers={"U1", "U2", "U3"}, directors={"U9"})


async def allowed(
    choice: Choice,
    one: Request,
    user: str = "U2",
    team: str = "T1",
    is_member: bool = True,
    groups: Groups = GROUPS,
) -> bool:
    """Whether somebody may decide so."""
    return await denied(choice, one, Decider(team, user, is_member), groups) is None


@pytest.mark.parametrize("choice", [Choice.APPROVE, Choice.REJECT, Choice.EDIT])
async def test_a_member_of_the_group_decides(choice: Choice) -> None:
    """A full member of the group, of this team, may approve, reject and edit."""
    assert await allowed(choice, request())


@pytest.mark.parametrize("choice", [Choice.APPROVE, Choice.REJECT, Choice.CONFIRM])
async def test_nobody_decides_on_their_own(choice: Choice) -> None:
    """The asker is refused though they are in the group, and though they are alone in it."""
    assert not await allowed(choice, request(), "U1")
    assert not await allowed(choice, request(), "U1", groups=Groups(approvers={"U1"}))


@pytest.mark.parametrize(
    "who",
    [
        {"user": "U4"},
        {"team": "T2"},
        {"is_member": False},
        {"groups": Groups()},
        {"groups": Groups(approvers=set())},
        {"user": "approvers"},
        {"user": ""},
        {"user": "U9"},
    ],
)
async def test_all_others_are_refused(who: dict[str, Any]) -> None:
    """Others, other teams, guests, and everybody while the group is empty or unknown."""
    for choice in (Choice.APPROVE, Choice.REJECT, Choice.EDIT):
        assert not await allowed(choice, request(), **who)


async def test_the_second_group_decides_once_it_was_escalated() -> None:
    """Before, it may not; after, both groups may."""
    one = request(escalation="directors")
    assert not await allowed(Choice.APPROVE, one, "U9")
    escalated = replace(one, escalated=True)
    assert await allowed(Choice.APPROVE, escalated, "U9")
    assert await allowed(Choice.APPROVE, escalated, "U2")


async def test_who_wrote_the_query_does_not_approve_it() -> None:
    """An approver's edit is for another approver to decide on."""
    assert not await allowed(Choice.APPROVE, request(edited_by="U2"), "U2")
    assert await allowed(Choice.APPROVE, request(edited_by="U2"), "U3")


async def test_a_confirmation_is_the_asker_s_alone() -> None:
    """Medium risk is confirmed by who asked, guest or not, and by nobody else."""
    assert await allowed(Choice.CONFIRM, request(MEDIUM), "U1", is_member=False)
    assert not await allowed(Choice.CONFIRM, request(MEDIUM), "U2")
    assert not await allowed(Choice.CONFIRM, request(MEDIUM), "U1", team="T2")
    assert not await allowed(Choice.CONFIRM, request(HIGH), "U2")


async def test_only_the_asker_withdraws_and_edits_besides_the_approvers() -> None:
    """Withdrawing is the asker's; editing too, and the approvers'."""
    assert await allowed(Choice.WITHDRAW, request(), "U1")
    assert not await allowed(Choice.WITHDRAW, request(), "U2")
    assert await allowed(Choice.EDIT, request(), "U1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"plan": "x"}, "the plan has changed"),
        ({"fingerprints": (("sales", "f1"), ("support", "x"))}, "the schema of support"),
        ({"fingerprints": (("sales", "f1"),)}, "the schema of support"),
        ({"model": "x"}, "the semantic model has changed"),
        ({"policy": "x", "model": "x"}, "the policy has changed"),
        ({"user": "U2"}, "the plan has changed"),
    ],
)
def test_a_binding_says_what_has_changed(change: dict[str, Any], said: str | None) -> None:
    """Anything that a decision is bound to changes the digest, and is named."""
    now = replace(BINDING, **change)
    found = BINDING.difference(now)
    assert found is None if said is None else said in str(found)
    assert (BINDING.digest == now.digest) is (not change)


def test_bindings_and_drafts_come_back_from_the_store() -> None:
    """What JSON keeps of them is the whole of them."""
    assert binding_from(asdict(BINDING)) == BINDING
    draft = Draft("SELECT 1", "claude", 0.5, ("a", "b"), "{n}", ("w",), Usage(1, 2, 3, 4, 0.5))
    assert draft_of(asdict(draft), "", "") == draft
    assert draft_of(None, "SELECT 2", "sql") == Draft("SELECT 2", "sql")
