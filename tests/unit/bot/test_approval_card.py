"""The card of a request: within Slack's limits, whatever was asked, and nothing in it is obeyed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from bot.slack.approval.card import allowance, card, edit_modal, notice, reject_modal
from orchestrator.approve.grant import Grant
from orchestrator.approve.request import Request, Status
from orchestrator.approve.risk import Hit, Read, Risk
from orchestrator.store import StoredRun
from sandbox.slack.blocks import wrong_in_message, wrong_in_view
from tests.unit.approve.test_decide import MEDIUM, NOON, request

EVIL = "<!channel> & <@U9> `*_" + "long " * 900
HUGE = Risk(
    tuple(Hit(f"rule{n}", "high", f"{n} {EVIL}") for n in range(40)),
    tuple(Read(EVIL, EVIL, 10**12, EVIL) for _ in range(40)),
    10**13,
    10**13,
)


def run(text: str = "who?") -> StoredRun:
    """The run of a request."""
    return StoredRun("r1", "T1", "U1", text, f"SELECT '{text}'", "s1", "grammar", "waiting", "C1")


def texts(block: Any) -> str:
    """All mrkdwn in a message."""
    if isinstance(block, dict):
        own = block["text"] if block.get("type") == "mrkdwn" else ""
        return own + "".join(texts(part) for part in block.values())
    return "".join(texts(part) for part in block) if isinstance(block, list) else ""


@pytest.mark.parametrize("status", get_args(Status))
@pytest.mark.parametrize("risk", [HUGE, MEDIUM])
def test_a_card_is_within_slack_s_limits(status: Status, risk: Risk) -> None:
    """In every state, with far too much of everything, Slack takes the card and its line."""
    one = request(
        risk, status=status, reason=EVIL, decided_by="U2", decided_at=NOON, card=("C9", "1.1")
    )
    for message in (card(one, run(EVIL), ["<!subteam^S1>", "*b*"], 30), notice(one)):
        assert not wrong_in_message(message.blocks)
        assert len(message.text) <= 4_000
        assert "<!channel>" not in texts(message.blocks) + message.text
        assert "<@U9>" not in texts(message.blocks) + message.text
        shown = [block for block in message.blocks or [] if block["type"] == "actions"]
        assert bool(shown) is (status == "waiting")


def test_buttons_bear_the_id_and_nothing_else() -> None:
    """Every button's value is the request's opaque id; whoever may grant is offered a grant."""
    for one, many in ((request(), 5), (request(needed=2), 4), (request(MEDIUM), 3)):
        (row,) = [b for b in card(one, run(), ["g"], 30).blocks or [] if b["type"] == "actions"]
        assert [button["value"] for button in row["elements"]] == ["r1"] * many


@pytest.mark.parametrize("text", ["who?", EVIL])
def test_modals_are_within_slack_s_limits(text: str) -> None:
    """However long the SQL is, the modals open."""
    one: Request = request(HUGE)
    for view in (edit_modal(run(text)), reject_modal(one)):
        assert not wrong_in_view(view)
        assert view["private_metadata"] == "r1"


def test_an_answer_says_by_whose_leave_it_was_read() -> None:
    """Approvers and grants are named; what needed nobody says nothing."""
    assert allowance(("rule",), "reads within the policy", None) is None
    assert "<@U2> and <@U3>" in texts(allowance(("U2", "U3"), "approved", None))
    lists: tuple[tuple[str, ...], ...] = ((), (), (), ())
    grant = Grant("g" * 32, "T1", "C1", *lists, 100, "U2", NOON, NOON + timedelta(days=30))
    assert "under a grant for this channel by <@U2>" in texts(allowance(("rule",), "", grant))


def test_the_card_says_who_has_approved_so_far() -> None:
    """Of several approvers the first are named while the others are waited for."""
    one = replace(request(needed=2), voters=("U2",))
    assert "2 people" in texts(card(one, run(), ["g"], 30).blocks)
    assert "approved so far by <@U2>" in texts(card(one, run(), ["g"], 30).blocks)
