"""Every known way around an approval, tried through the real bot: none lets anything run."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from sandbox.slack.events import block_actions, slash_command
from sandbox.slack.socket_mode import DispatchError
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, table_of
from tests.wire.office import (
    Message,
    Office,
    buttons,
    is_card,
    opened_office,
    opened_slack,
    run_of,
    with_policy,
)

ADA, LUC, JONAS, ELIN, NORA = "U0ADA", "U0LUC", "U0JONAS", "U0ELIN", "U0NORA"


@pytest.fixture
async def office(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> AsyncGenerator[Office]:
    """The office under the demo's policy."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, model, tmp_path, transport) as one,
    ):
        yield one


async def denied(office: Office, user: str, card: Message, *actions: str) -> str:
    """Press buttons that have to be refused: what the last press is told."""
    said = ""
    for action in actions or ("approval_approve", "approval_always", "approval_reject"):
        await office.press(user, card, action)
        said = await office.told(user)
    assert await office.status(card) == "waiting"
    assert office.runs == 0
    return said


@both_ways
async def test_nobody_approves_their_own(office: Office) -> None:
    """An approver who asks is refused, also when they are alone in the group."""
    card = await office.asked(user=JONAS)
    assert "nobody decides on their own" in await denied(office, JONAS, card)
    office.slack.workspace.groups["S0APPROVERS"].members[:] = [JONAS]
    assert "nobody decides on their own" in await denied(office, JONAS, card)


@both_ways
async def test_who_is_not_in_the_group_can_not_approve(office: Office) -> None:
    """Membership is read at the click: who has left the group since is refused too."""
    card = await office.asked()
    assert "you are none" in await denied(office, ELIN, card)
    office.slack.workspace.groups["S0APPROVERS"].members.remove(LUC)
    assert "you are none" in await denied(office, LUC, card)


@both_ways
async def test_an_empty_or_unreadable_group_denies(office: Office) -> None:
    """With nobody in the group, or a group that can't be read, nobody can approve."""
    card = await office.asked()
    office.slack.inject("usergroups.users.list", "missing_scope", times=3)
    assert "empty or can't be read" in await denied(office, ADA, card)
    office.slack.workspace.groups["S0APPROVERS"].members.clear()
    assert "empty or can't be read" in await denied(office, ADA, card)
    del office.slack.workspace.groups["S0APPROVERS"]
    assert "empty or can't be read" in await denied(office, ADA, card)


async def test_a_name_is_no_identity(office: Office) -> None:
    """Another person with an approver's handle and name, and a group named alike, is refused."""
    double = office.slack.add_user("ada", "Ada Lindqvist")
    office.slack.workspace.channels[SALES].members.append(double.id)
    office.slack.add_group("approvers", "Data approvers", [double.id])
    card = await office.asked()
    assert "you are none" in await denied(office, double.id, card)


async def test_guests_and_those_who_left_can_not_approve(office: Office) -> None:
    """In the group or not: a guest is refused, and so is an account that was deactivated."""
    group = office.slack.workspace.groups["S0APPROVERS"].members
    office.slack.workspace.channels[SALES].members.append(NORA)
    group.append(NORA)
    card = await office.asked()
    assert "no guests" in await denied(office, NORA, card)
    office.slack.workspace.users[ADA].deleted = True
    await raw_press(office, ADA, card["ts"], "approval_approve", run_of(card))
    assert "no guests" in await office.told(ADA)
    assert await office.status(card) == "waiting"


@both_ways
async def test_people_of_other_workspaces_can_not_approve(office: Office) -> None:
    """A press by the same user id of another team is refused, whatever group it is in."""
    card = await office.asked()
    await raw_press(office, ADA, card["ts"], "approval_approve", run_of(card), team="T0OTHER")
    assert "another workspace" in await office.told(ADA)
    assert await office.status(card) == "waiting"


async def test_a_button_s_value_gives_no_right(office: Office) -> None:
    """A forged id decides nothing, and the right id on a forged button no more than the card's."""
    card = await office.asked()
    for value in ("", "f" * 32, "' OR 1=1 --", run_of(card) + "0", "rule"):
        await raw_press(office, ADA, card["ts"], "approval_approve", value)
        assert "no such request" in await office.told(ADA)
    await raw_press(office, ELIN, card["ts"], "approval_approve", run_of(card))
    assert "you are none" in await office.told(ELIN)
    assert await office.status(card) == "waiting"


async def test_a_request_of_another_team_is_not_decided_here(office: Office) -> None:
    """An approver of this workspace presses a button that bears another workspace's request."""
    workspace = office.slack.workspace
    own, workspace.team_id = workspace.team_id, "T0OTHER"
    card = await office.asked()
    workspace.team_id = own
    assert "another workspace" in await denied(office, ADA, card)


async def test_no_words_approve(office: Office) -> None:
    """Texts, mentions, reactions and commands that say “approve” leave the request waiting."""
    card = await office.asked()
    run_id = run_of(card)
    thread = card["thread_ts"]
    await office.slack.post_as(ADA, SALES, "approve", thread)
    office.slack._people.react(  # pyright: ignore[reportPrivateUsage]
        ADA, SALES, card["ts"], "white_check_mark"
    )
    for words in (f"approve {run_id}", f"/approve {run_id}", "yes, run it"):
        await office.slack.post_as(ADA, SALES, f"@crosstalk {words}", thread)
        await office.until(
            lambda m: m["how"] == "message" and m["user"] == office.slack.bot_user_id
        )
    channel = office.slack.workspace.channels[SALES]
    payload = slash_command(
        office.slack.workspace,
        office.slack.app,
        user_id=ADA,
        channel=channel,
        command="/crosstalk",
        text=f"approve {run_id}",
    )
    with contextlib.suppress(DispatchError):
        delivery = office.slack._delivery  # pyright: ignore[reportPrivateUsage]
        await delivery.command(payload)
    assert await office.status(card) == "waiting"
    assert office.runs == 0


@both_ways
async def test_a_changed_schema_is_asked_anew(office: Office, sandbox: Sandbox) -> None:
    """A column that came after the question ends the request at the click; the new one counts."""
    card = await office.asked()
    dsn = sandbox.postgres.admin_dsn("sales")
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("ALTER TABLE public.customers ADD COLUMN nickname text")
        await office.press(ADA, card)
        again = await office.until(is_card)
    finally:
        await connection.execute("ALTER TABLE public.customers DROP COLUMN nickname")
        await connection.close()
    assert await office.status(card) == "stale"
    said = [m for m in office.seen if m["ts"] == card["ts"]][-1]
    assert "the schema of sales has changed" in said["text"]
    assert not buttons(said)
    assert await office.status(again) == "waiting"
    assert office.runs == 0


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"expires_hours": 12}, "the policy has changed"),
        ({"rules": {"pii": {"contact": "forbidden"}}}, "forbids"),
    ],
)
async def test_a_changed_policy_is_asked_anew(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, policy: dict[str, Any], why: str
) -> None:
    """A click after a deploy with another policy decides nothing, for it was asked under the old;
    what is forbidden now is refused."""
    async with opened_slack(sandbox) as slack:
        async with opened_office(sandbox, slack, model, tmp_path) as before:
            card = await before.asked()
        changed = with_policy(model, **policy)
        async with opened_office(sandbox, slack, changed, tmp_path) as after:
            await after.press(ADA, card)
            said = await after.until(lambda m: m["ts"] == card["ts"])
            await after.until(lambda m: m["how"] == "message" and m["ts"] > card["ts"])
            assert why in said["text"]
            assert await after.status(card) == "stale"
            assert after.runs == 0


async def test_a_risk_that_has_risen_is_asked_anew(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Asked at noon and pressed at night, where that is of high risk too: a new reason, so anew."""
    hours = {"pii": {"contact": "high"}, "out_of_hours": {"level": "high"}}
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, with_policy(model, rules=hours), tmp_path) as office,
    ):
        card = await office.asked()
        office.now += timedelta(hours=8)
        await office.press(ADA, card)
        again = await office.until(is_card)
        assert "out of hours" in str(again["blocks"])
        await office.press(ADA, again)
        assert table_of(await office.answered())
    assert office.runs == 1


async def test_a_request_that_has_ended_is_not_approved(office: Office) -> None:
    """A click after the time is over decides nothing, whether or not anybody has swept."""
    card = await office.asked()
    office.now += timedelta(hours=24)
    await office.press(ADA, card)
    assert "decided already" in await office.told(ADA)
    assert await office.status(card) == "expired"
    assert office.runs == 0


@pytest.mark.parametrize("second", [ADA, LUC])
@both_ways
async def test_two_clicks_at_once_run_once(office: Office, second: str) -> None:
    """Of two presses at the same time one counts; the other is told so, and one answer comes."""
    card = await office.asked()
    await asyncio.gather(office.press(ADA, card), office.press(second, card))
    late = await office.until(lambda m: m["how"] == "ephemeral")
    assert "decided already" in late["text"]
    if not any(table_of(message) for message in office.seen):
        await office.answered()
    await office.slack.post_as(MARCO, SALES, "@crosstalk how many products?")
    await office.answered()
    assert office.runs == 2  # the approved one, and the one after it
    assert (await office.trail(card)).count("approved") == 1


@both_ways
async def test_an_edit_is_another_request(office: Office) -> None:
    """Wrong SQL is told in the modal; right SQL ends the old request for a new one, which its
    writer can't approve, and the old button is dead."""
    card = await office.asked()
    await office.press(ADA, card, "approval_edit")
    view = await office.modal(ADA)
    complaints = [
        (await office.submit(ADA, view, sql))["words"]
        for sql in ("SELECT nonsense FROM customer", "DROP TABLE customer")
    ]
    assert "nonsense" in complaints[0]
    assert "SELECT" in complaints[1]
    assert await office.status(card) == "waiting"
    assert await office.submit(ADA, view, "SELECT email FROM customer LIMIT 3") == {}
    again = await office.until(is_card)
    assert await office.status(card) == "edited"
    assert "You wrote this query" in await denied(office, ADA, again, "approval_approve")
    await raw_press(office, LUC, card["ts"], "approval_approve", run_of(card))
    assert "decided already" in await office.told(LUC)
    assert await office.status(card) == "edited"
    await office.press(LUC, again)
    assert len(table_of(await office.answered())) == 4


async def test_who_may_not_decide_gets_no_modal(office: Office) -> None:
    """Edit and Reject of somebody who may do neither open nothing."""
    card = await office.asked()
    await denied(office, ELIN, card, "approval_edit", "approval_reject")
    assert not office.slack.workspace.views


async def raw_press(
    office: Office, user: str, ts: str, action: str, value: str, *, team: str | None = None
) -> None:
    """A press as Slack would send it, with whatever value and team."""
    workspace, app = office.slack.workspace, office.slack.app
    channel = workspace.channels[SALES]
    pressed = {"type": "button", "action_id": action, "block_id": "b", "value": value}
    payload = block_actions(
        workspace,
        app,
        user_id=user,
        channel=channel,
        message=channel.messages[ts],
        action=pressed,
        state={},
    )
    if team is not None:
        payload["user"]["team_id"] = team
    payload["trigger_id"] = office.slack.triggers.issue(user)
    delivery = office.slack._delivery  # pyright: ignore[reportPrivateUsage]
    await delivery.interaction(payload)
