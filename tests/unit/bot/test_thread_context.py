"""What a thread says above a question that points there."""

from typing import Any

from bot.slack.asked import Asked
from bot.slack.history.context import thread_texts


def said(ts: str, text: str, **more: Any) -> dict[str, Any]:
    """What a person wrote."""
    return {"ts": ts, "user": "U0MARCO", "text": text, **more}


def texts(*messages: dict[str, Any], asks: str) -> tuple[str, ...]:
    """The texts above a question in the thread that the first message opened."""
    return thread_texts(messages, Asked("E1", "T1", "C1", "U1", "9.0", "1.0", asks))


def test_what_people_wrote_is_given_when_the_question_points_there() -> None:
    """A question that points gets the texts above it; one that does not gets none."""
    above = said("1.0", "Is Acme &amp; Sons late?")
    assert texts(above, asks="orders of this customer") == ("Is Acme & Sons late?",)
    assert texts(above, asks="orders of all customers") == ()


def test_a_quoted_answer_is_not_given() -> None:
    """An answer of the bot that somebody links to comes as an attachment with rows in it, which
    never go to a planner."""
    answer = {"is_msg_unfurl": True, "text": "Acme leads with 172,491.54 EUR."}
    above = said("1.0", "look: https://example.com/p1", attachments=[answer])
    assert texts(above, asks="why is that customer so high?") == ("look: https://example.com/p1",)
