"""A question back has buttons; a press asks the question once, as whoever pressed."""

from typing import Any

import pytest

from bot.slack.clarify import Meant, chosen, chosen_message, clarification_message
from orchestrator.plan import Clarification
from sandbox.slack.blocks import wrong_in_message

BODY: dict[str, Any] = {
    "team": {"id": "T1"},
    "channel": {"id": "C1"},
    "user": {"id": "U2", "username": "somebody else"},
    "message": {
        "ts": "2.2",
        "thread_ts": "1.1",
        "blocks": [{"type": "section"}, {"type": "actions"}],
    },
    "actions": [{"action_ts": "9.9", "value": "revenue by <country> & month"}],
}


def test_each_choice_is_a_button_that_holds_its_question() -> None:
    """Labels are cut at 75 characters, values are whole, and action ids differ."""
    long = f"revenue by {'very ' * 30}long name"
    message = clarification_message(Clarification("Which?", ("revenue",), ("May?", long)))
    assert message.blocks is not None
    section, actions = message.blocks
    assert section["text"]["text"] == "Which?\nI understood: revenue."
    assert [one["value"] for one in actions["elements"]] == ["May?", long]
    assert [len(one["text"]["text"]) for one in actions["elements"]] == [4, 75]
    assert len({one["action_id"] for one in actions["elements"]}) == 2
    assert "• May?" in message.text
    assert wrong_in_message(message.blocks) == []


@pytest.mark.parametrize("options", [(), ("x" * 2_001,), ("",)])
def test_without_a_choice_that_fits_there_is_only_text(options: tuple[str, ...]) -> None:
    """A question that no button can hold is not cut into another one."""
    assert clarification_message(Clarification("Which?", options=options)).blocks is None


def test_many_choices_are_the_first_few() -> None:
    """More than five buttons help nobody."""
    found = clarification_message(Clarification("Which?", options=tuple("abcdefgh")))
    assert found.blocks is not None
    assert len(found.blocks[1]["elements"]) == 5


def test_a_press_asks_as_whoever_pressed() -> None:
    """The question goes into the thread of the message, by the presser's id, under its name."""
    asked = chosen(BODY)
    assert (asked.user, asked.thread, asked.message) == ("U2", "T1:C1:1.1", "T1:C1:2.2")
    assert asked.text == "revenue by <country> & month"
    assert not asked.overheard


def test_a_button_holds_what_was_in_doubt() -> None:
    """Below its question stand the words and their meaning, each in one line; a press asks the
    question alone, and the message then has buttons to remember the choice."""
    asked_back = Clarification("Which?", (), ("a  net\nb", "a c"), "rev\nenue", ("net b", ""))
    message = clarification_message(asked_back)
    assert message.blocks is not None
    values = [one["value"] for one in message.blocks[1]["elements"]]
    assert values == ["a net b\nrev enue\nnet b", "a c"]
    body = {**BODY, "actions": [{"action_ts": "9.9", "value": values[0]}]}
    assert chosen(body).text == "a net b"
    after = chosen_message(body, chosen(body))
    assert after.blocks is not None
    assert wrong_in_message(after.blocks[1:]) == []
    offered = after.blocks[-1]["elements"]
    assert [one["action_id"] for one in offered] == ["remember_me", "remember_channel"]
    meant = Meant("rev enue", "net b", "U2")
    assert {Meant.of(one["value"]) for one in offered} == {meant}
    assert Meant.of("U2\nno meaning") is None


def test_in_a_direct_message_there_is_no_channel_to_remember_for() -> None:
    """Only the person's own button is offered there."""
    value = "a net b\nrevenue\nnet b"
    body = {**BODY, "channel": {"id": "D1"}, "actions": [{"action_ts": "9.9", "value": value}]}
    after = chosen_message(body, chosen(body))
    assert after.blocks is not None
    assert [one["action_id"] for one in after.blocks[-1]["elements"]] == ["remember_me"]


def test_the_message_says_what_was_chosen() -> None:
    """Its buttons go; who asked and what, with nothing that could become a mention, stays."""
    message = chosen_message(BODY, chosen(BODY))
    assert message.blocks is not None
    assert [block["type"] for block in message.blocks] == ["section", "context"]
    assert message.text == "<@U2> asked: revenue by &lt;country&gt; &amp; month"
