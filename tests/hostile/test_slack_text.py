"""Hostile texts in every place where a message of the bot takes one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from adapters.errors import QueryError
from bot.slack.answer.message import answer_message
from bot.slack.approval.card import card, notice
from bot.slack.clarify import clarification_message
from bot.slack.render import Message, plan_modal, problem_message
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification
from sandbox.slack.blocks import wrong_in_message, wrong_in_view
from tests.hostile.corpus import Case, each
from tests.unit.approve.test_decide import request
from tests.unit.bot.builders import answer
from tests.unit.bot.test_approval_card import run

_LIVE = re.compile(r"<(?![!]date\^)[^<>]*>")
_OURS = frozenset({"<@U1>", "<@UASK>", "<@U_ASKER>"})
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def texts(block: Any, kind: str) -> Iterator[dict[str, Any]]:
    """All text objects of a kind in blocks."""
    if isinstance(block, dict):
        if block.get("type") == kind:
            yield block
        for part in block.values():
            yield from texts(part, kind)
    elif isinstance(block, list):
        for part in block:
            yield from texts(part, kind)


def messages(text: str) -> Iterator[Message]:
    """Messages with the text wherever one comes from data, a person or a model."""
    table = pa.table({"name": [text], "other": ["Acme"]})
    said = answer(
        table,
        text=text,
        sql=f"SELECT '{text}'",
        assumptions=(text,),
        warnings=(text,),
    )
    yield answer_message(said).message()
    yield problem_message(Refused(f"No {text}.", (text,)))
    yield problem_message(Clarification(f"Which {text}?", (text,), (text,)))
    yield problem_message(QueryError(f"There is no {text}."))
    yield clarification_message(Clarification(f"Which {text}?", (text,), (f"May {text}", "other")))
    asked = replace(request(), reason=text)
    for status in ("waiting", "rejected", "stale"):
        one = replace(asked, status=status, decided_by="U1")
        yield card(one, run(text or "x"), ["<@U1>"], 30)
        yield notice(one)


@each("slack")
def test_nothing_in_a_text_is_live(case: Case) -> None:
    """No mention, link or date of the text survives where Slack reads mrkdwn, what has no brackets
    is verbatim, no fence is closed early and no letters change places."""
    for message in messages(case.input):
        for said, blocks in message.forms():
            shown = [one["text"] for one in texts(blocks, "mrkdwn")]
            assert all(one["verbatim"] for one in texts(blocks, "mrkdwn"))
            for one in (said, *shown):
                assert set(_LIVE.findall(one)) <= _OURS
                assert not _DIRECTION.search(one)
            folded = texts(list(texts(blocks, "container")), "mrkdwn")
            assert all(one["text"].count("```") == 2 for one in folded)


@each("slack")
def test_slack_would_take_every_block(case: Case) -> None:
    """Whatever the text, the messages and the plan keep to Slack's limits."""
    for message in messages(case.input):
        for said, blocks in message.forms():
            assert 0 < len(said) <= 4_000
            assert blocks is None or wrong_in_message(blocks) == []
    assert wrong_in_view(plan_modal(run(case.input or "x"))) == []
