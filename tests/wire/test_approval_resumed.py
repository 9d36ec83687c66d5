"""A question whose asking for approval was cut off between the card and the line in its thread."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import runs
from bot.runs import NotNow
from bot.slack.approval import desk
from bot.slack.render import Message as Said
from orchestrator.approve.request import Request
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, table_of
from tests.wire.office import (
    WORDS,
    Message,
    Office,
    is_card,
    opened_office,
    opened_slack,
    with_policy,
)

ADA, CARDS = "U0ADA", "C0DATA"
APPROVERS = {"group": "S0APPROVERS", "channel": CARDS}


@pytest.fixture
async def office(sandbox: Sandbox, model: SemanticModel, tmp_path: Path) -> AsyncGenerator[Office]:
    """An office whose cards go to a channel of their own."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, with_policy(model, approvers=APPROVERS), tmp_path) as one,
    ):
        yield one


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The first line in the thread can't be posted, and the next try waits for this event."""
    line, ask = desk.notice, desk.ApprovalDesk.ask
    lines, tries, event = count(1), count(1), asyncio.Event()

    def cut_off(request: Request) -> Said:
        if next(lines) == 1:
            raise NotNow("Slack is away")
        return line(request)

    async def asks(one: desk.ApprovalDesk, *what: Any) -> None:
        if next(tries) > 1:
            await event.wait()
        await ask(one, *what)

    monkeypatch.setattr(runs, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(desk, "notice", cut_off)
    monkeypatch.setattr(desk.ApprovalDesk, "ask", asks)
    return event


def cards(office: Office) -> list[Message]:
    """The cards that stand in their channel."""
    messages = office.slack.workspace.channels[CARDS].messages.values()
    return [one for one in messages if "blocks" in one]


async def test_a_question_goes_on_with_the_card_that_stands(
    office: Office, again: asyncio.Event
) -> None:
    """The next try posts the line alone: there is one card, one request, and one answer."""
    again.set()
    ts = await office.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
    card = await office.until(is_card)
    line = await office.until(lambda m: f"asked for in <#{CARDS}>" in m["text"])
    assert line["thread_ts"] == ts
    assert len(cards(office)) == 1
    assert len(await office.pipeline.approvals.waiting(office.slack.workspace.team_id)) == 1
    await office.press(ADA, card)
    ended = await office.until(lambda m: m["ts"] == line["ts"] and "Approved by" in m["text"])
    assert ended["channel"] == SALES
    assert (await office.answered())["thread_ts"] == ts


async def test_an_approval_before_the_next_try_is_enough(
    office: Office, again: asyncio.Event
) -> None:
    """Who was quick has decided: nothing is asked anew, and the question is answered once."""
    ts = await office.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
    card = await office.until(is_card)
    await office.press(ADA, card)
    await office.stored(card, lambda request: request.status == "approved")
    again.set()
    assert (await office.answered())["thread_ts"] == ts
    assert len(cards(office)) == 1
    below = office.slack.workspace.channels[SALES].thread(ts)
    assert sum(bool(table_of(one)) for one in below) == 1
    assert sum("Approved by" in one["text"] for one in below) == 1


async def test_a_channel_that_can_not_be_written_to_now_is_waited_for(office: Office) -> None:
    """When Slack is unwell for a moment the card still goes to those who may decide."""
    office.slack.inject("chat.postMessage", status=503)
    ts = await office.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
    card = await office.until(is_card)
    assert card["channel"] == CARDS
    line = await office.until(lambda m: f"asked for in <#{CARDS}>" in m["text"])
    assert line["thread_ts"] == ts
