"""Approvals through the real bot: the ways in that are meant."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.approval import ApprovalDesk
from bot.slack.approval.reminders import sweep
from bot.slack.clients import OneWorkspace
from orchestrator.pipeline import Proposed
from orchestrator.question import Requester, question
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways
from tests.wire.office import (
    WORDS,
    Message,
    Office,
    buttons,
    is_card,
    opened_office,
    opened_slack,
    run_of,
    with_policy,
)

ADA, LUC, JONAS, ELIN = "U0ADA", "U0LUC", "U0JONAS", "U0ELIN"


@pytest.fixture
async def office(
    sandbox: Sandbox,
    model: SemanticModel,
    tmp_path: Path,
    transport: Transport,
    request: pytest.FixtureRequest,
) -> AsyncGenerator[Office]:
    """The office under the demo's policy, or with the changes that the test is marked with."""
    policy: dict[str, Any] = dict(getattr(request, "param", {}))
    model = owned(model, "customer", *policy.pop("owned_by", ()))
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, with_policy(model, **policy), tmp_path, transport) as one,
    ):
        yield one


def under(**policy: Any) -> pytest.MarkDecorator:
    """Run a test in an office with another policy of approval."""
    return pytest.mark.parametrize("office", [policy], indirect=True, ids=[""])


def owned(model: SemanticModel, entity: str, *owners: str) -> SemanticModel:
    """The model with other owners of an entity."""
    changed = model.entities[entity].model_copy(update={"owners": owners})
    return model.model_copy(update={"entities": model.entities | {entity: changed}})


def context_of(message: Message) -> str:
    """The small print of a message."""
    found = [b["elements"][0]["text"] for b in message["blocks"] if b["type"] == "context"]
    return "\n".join(found)


@both_ways
async def test_an_approved_question_is_answered_in_its_thread(office: Office) -> None:
    """The card says all there is to know; after the click it says who decided, without buttons,
    and the answer comes with its progress into the thread where it was asked."""
    card = await office.asked()
    shown = str(card["blocks"])
    for part in ("email of customers in Germany", "c.email", "sales: customer, about", MARCO):
        assert part in shown
    assert "customer.email is personal data" in shown
    assert "<!subteam^S0APPROVERS> can decide" in shown
    assert buttons(card)[0]["confirm"]
    assert await office.status(card) == "waiting"
    await office.press(ADA, card)
    answer = await office.answered()
    assert answer["thread_ts"] == card["thread_ts"]
    assert f"Approved · <@{ADA}>" in context_of(answer)
    assert office.runs == 1
    decided = [m for m in office.seen if m["ts"] == card["ts"]][-1]
    assert not buttons(decided)
    assert f"Approved by <@{ADA}>" in context_of(decided)
    assert await office.trail(card) == ["proposed", "asked", "approved", "started", "answered"]


@both_ways
async def test_a_rejection_is_told_with_its_reason(office: Office) -> None:
    """The reason is typed into a modal and told to the asker, as it was typed."""
    card = await office.asked()
    await office.press(LUC, card, "approval_reject")
    view = await office.modal(LUC)
    assert await office.submit(LUC, view, "") != {}
    assert await office.submit(LUC, view, "not <@here> & now") == {}
    told = await office.until(lambda m: m["how"] == "message" and "Rejected" in m["text"])
    assert f"<@{MARCO}> ❌ Rejected by <@{LUC}>" in told["text"]
    assert "not &lt;@here&gt; &amp; now" in told["text"]
    assert await office.status(card) == "rejected"
    assert office.runs == 0


@under(
    approvers={"group": "data-approvers", "owners": True},
    owned_by=("@crm-owners", "the data-approvers", "C0SALES", "U0LUC"),
)
async def test_the_owners_of_what_is_read_decide(office: Office) -> None:
    """Where the policy has the owners asked, their user groups decide and the other one does not;
    people, channels and words among the owners are no groups."""
    office.slack.add_group("crm-owners", "CRM owners", [JONAS], group_id="S0CRMOWNERS")
    card = await office.asked()
    assert "<!subteam^S0CRMOWNERS> can decide" in str(card["blocks"])
    for other in (ADA, LUC):
        await office.press(other, card)
        assert "Only members of crm-owners" in await office.told(other)
    await office.press(JONAS, card)
    assert f"Approved · <@{JONAS}>" in context_of(await office.answered())


async def test_the_asker_can_withdraw(office: Office) -> None:
    """Who asked takes it back, and nobody can approve it any more."""
    card = await office.asked()
    await office.press(MARCO, card, "approval_withdraw")
    await office.until(lambda m: "Withdrawn" in m["text"])
    assert await office.status(card) == "withdrawn"


async def test_a_press_may_come_before_the_card_s_place_is_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is quicker than the store sees the card rewritten all the same."""
    approvals, pressed = office.pipeline.approvals, asyncio.Event()
    posted = approvals.posted

    async def late(*place: Any) -> None:
        await pressed.wait()
        await posted(*place)

    monkeypatch.setattr(approvals, "posted", late)
    await office.slack.post_as(MARCO, SALES, f"<@{office.slack.bot_user_id}> {WORDS}")
    card = await office.until(is_card)
    await office.press(MARCO, card, "approval_withdraw")
    await office.stored(card, lambda request: request.status == "withdrawn")
    pressed.set()
    await office.until(lambda m: "Withdrawn" in m["text"])


@under(rules={"pii": {"contact": "medium"}})
@both_ways
async def test_a_medium_risk_is_confirmed_by_the_asker_alone(office: Office) -> None:
    """Only who asked can say that it shall run; an approver can't."""
    card = await office.asked()
    await office.press(ADA, card, "approval_confirm")
    assert "Only who asked" in await office.told(ADA)
    assert await office.status(card) == "waiting"
    await office.press(MARCO, card, "approval_confirm")
    assert f"Confirmed by the asker · <@{MARCO}>" in context_of(await office.answered())


@under(rules={"pii": {"contact": "forbidden"}})
@both_ways
async def test_what_is_forbidden_says_why(office: Office) -> None:
    """Nobody is asked, and the reason is told."""
    await office.slack.post_as(MARCO, SALES, "@crosstalk email of customers in Germany")
    told = await office.until(lambda m: m["how"] == "message" and "forbids" in m["text"])
    assert "customer.email is personal data" in told["text"]


@under(approvers={"group": "data-approvers", "count": 2})
@both_ways
async def test_two_approvers_are_two_people(office: Office) -> None:
    """One person's two presses count once; the second person's lets it run."""
    card = await office.asked()
    assert "approval_always" not in {button["action_id"] for button in buttons(card)}
    await office.press(ADA, card)
    await office.until(lambda m: "approved so far by" in str(m.get("blocks")))
    await office.press(ADA, card)
    assert "You have approved this already" in await office.told(ADA)
    assert await office.status(card) == "waiting"
    await office.press(LUC, card)
    answer = await office.answered()
    assert f"<@{ADA}> and <@{LUC}>" in context_of(answer)


@under(approvers={"group": "S0APPROVERS", "channel": "C0DATA"})
async def test_the_card_can_go_to_the_approvers_channel(office: Office) -> None:
    """The thread gets a line that ends with the decision; the answer comes into the thread."""
    ts = await office.slack.post_as(MARCO, SALES, "@crosstalk email of customers in Germany")
    card = await office.until(is_card)
    assert card["channel"] == "C0DATA"
    line = await office.until(lambda m: "asked for in <#C0DATA>" in m["text"])
    assert line["thread_ts"] == ts
    await office.press(ADA, card)
    ended = await office.until(lambda m: m["ts"] == line["ts"] and "Approved by" in m["text"])
    assert not buttons(ended)
    assert (await office.answered())["thread_ts"] == ts


@both_ways
async def test_a_grant_spares_the_next_question_and_can_be_revoked(office: Office) -> None:
    """After “approve, and for 30 days” the like runs at once and says under which grant; more
    fields, another channel, and the time after it was revoked are asked about."""
    card = await office.asked()
    await office.press(ADA, card, "approval_always")
    await office.answered()
    await office.slack.post_as(ELIN, SALES, "@crosstalk email of customers in France")
    granted = await office.answered()
    assert f"under a grant for this channel by <@{ADA}>" in context_of(granted)
    await office.asked(words="email and industry of customers in France")
    await office.asked(channel="C0DATA")
    team = office.slack.workspace.team_id
    (grant,) = await office.pipeline.grants.list(team, office.now, SALES)
    assert grant.fields == ("customer.name", "customer.country", "customer.email")
    assert not await office.pipeline.grants.revoke(grant.id, "T0OTHER", ADA, office.now)
    assert await office.pipeline.grants.revoke(grant.id, team, ADA, office.now)
    assert not await office.pipeline.grants.revoke(grant.id, team, ADA, office.now)
    await office.asked(words="email of customers in France")
    assert (await office.trail(card))[-2:] == ["answered", "revoked"]


@under(
    remind_at=0.5,
    expires_hours=10,
    approvers={
        "group": "data-approvers",
        "escalation": {"group": "directors", "after_hours": 8},
    },
)
@both_ways
async def test_time_brings_reminder_escalation_and_end_once(office: Office) -> None:
    """Two replicas sweep at the same time: each step is done by one of them, and told once. What
    was asked in a terminal ends in silence, and keeps nothing back."""
    terminal = question("by SQL", Requester("local", "terminal"), asked_at=office.now)
    silent = await office.pipeline.propose(terminal, "SELECT email FROM customer")
    assert isinstance(silent, Proposed)
    assert silent.approved is None
    office.slack.add_group("directors", "Directors", ["U0SOFIA"], group_id="S0DIRECTORS")
    card = await office.asked()
    await office.press("U0SOFIA", card)
    assert "Only members of data-approvers can decide" in await office.told("U0SOFIA")
    client = AsyncWebClient(token=office.slack.bot_token, base_url=office.slack.api_url)
    replicas = [
        ApprovalDesk(office.pipeline, OneWorkspace(client), lambda: office.now) for _ in range(2)
    ]

    async def after(hours: float) -> list[str]:
        """What the bot posts when so much time has passed."""
        at, before = office.now + timedelta(hours=hours), len(office.seen)
        await asyncio.gather(*(sweep(one, office.pipeline.approvals, at) for one in replicas))
        mark = await office.slack.post_as(MARCO, SALES, "so much for that")
        await office.until(lambda m: m["ts"] == mark)
        return [m["text"] for m in office.seen[before:-1] if m["how"] == "message"]

    assert await after(1) == []
    (reminder,) = await after(5)
    assert reminder.startswith("<!subteam^S0APPROVERS> this still waits")
    (escalation,) = await after(8)
    assert escalation.startswith("<!subteam^S0DIRECTORS> may decide on this now too")
    await office.press("U0SOFIA", card, "approval_reject")
    await office.slack.close_view("U0SOFIA", (await office.modal("U0SOFIA"))["id"])
    (end,) = await after(10)
    assert f"<@{MARCO}> ⌛ Ended" in end
    assert await office.status(card) == "expired"
    ended = await office.pipeline.approvals.of(silent.run_id)
    assert ended is not None
    assert ended.status == "expired"
    trail = await office.trail(card)
    assert trail == ["proposed", "asked", "escalated", "expired"]


async def test_a_direct_message_has_nobody_to_approve(office: Office) -> None:
    """Where no approver could see a card, none is posted, and the asker is told where to ask."""
    im = office.slack.open_im(MARCO)
    await office.slack.post_as(MARCO, im.id, "email of customers in Germany")
    told = await office.until(lambda m: "nobody who could give one" in m["text"])
    assert "a channel where members of data-approvers are" in told["text"]
    assert not await office.pipeline.approvals.waiting(office.slack.workspace.team_id)


@both_ways
async def test_waiting_outlives_a_restart(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> None:
    """A request of one process is decided in another, which answers in the old thread."""
    async with opened_slack(sandbox) as slack:
        async with opened_office(sandbox, slack, model, tmp_path, transport) as before:
            card = await before.asked()
        async with opened_office(sandbox, slack, model, tmp_path, transport) as after:
            await after.press(JONAS, card)
            answer = await after.answered()
            assert answer["thread_ts"] == card["thread_ts"]
            assert "sales (database): 1,106 rows" in context_of(answer)
            assert await after.status(card) == "approved"


async def test_what_died_after_its_approval_can_be_started_again(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """What was approved and not run is run by a new process, once."""
    async with opened_slack(sandbox) as slack:
        async with opened_office(sandbox, slack, model, tmp_path) as before:
            card = await before.asked()
            approvals = before.pipeline.approvals
            request = await approvals.of(run_of(card))
            assert request is not None
            assert await approvals.approve(request, request.binding.digest, ADA, before.now)
        async with opened_office(sandbox, slack, model, tmp_path) as after:
            assert f"Approved · <@{ADA}>" in context_of(await after.answered())
            mention = f"<@{slack.bot_user_id}>"
            await slack.post_as(MARCO, SALES, f"{mention} how many products?", card["thread_ts"])
            await after.answered()
            assert (await after.trail(card)).count("answered") == 1
