"""What every message is made of, and the messages that are words alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import QueryError
from bot.slack.render import Message, escaped, plan_modal, problem_message
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification
from orchestrator.store import StoredRun
from sandbox.slack.blocks import wrong_in_view


def test_a_message_has_forms_from_the_richest_to_the_barest() -> None:
    """The last form has no blocks, and its own text where there is one."""
    rich, plain = [{"type": "divider"}], [{"type": "header"}]
    assert list(Message("t", rich, plain, "bare").forms()) == [
        ("t", rich),
        ("t", plain),
        ("bare", None),
    ]
    assert list(Message("t").forms()) == [("t", None)]


@given(st.text(alphabet="&<>ab", max_size=60), st.integers(1, 60))
def test_escaping_never_cuts_an_entity(text: str, most: int) -> None:
    """What is cut is cut between characters, and no bare special character is left."""
    safe = escaped(text, most)
    assert len(safe) <= most
    for entity in ("&amp;", "&lt;", "&gt;"):
        safe = safe.replace(entity, "")
    assert not set(safe) & set("&<>")


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Clarification("Which month?", ("revenue",), ("May", "June")), "• May"),
        (
            Refused("No entity <x>.", ("Known: customer",)),
            "No entity &lt;x&gt;.\n• Known: customer",
        ),
        (QueryError("Too long."), "Too long."),
    ],
)
def test_problems_are_one_plain_message(problem: Any, text: str) -> None:
    """What can't be answered is said in words, without blocks."""
    message = problem_message(problem)
    assert text in message.text
    assert message.blocks is None


def test_the_modal_keeps_to_the_limits() -> None:
    """However long the SQL, the modal opens."""
    stored = StoredRun("r1", "T1", "U1", "q" * 5_000, "s" * 9_000, "", "grammar", "answered")
    for view in (plan_modal(stored), plan_modal(None)):
        assert wrong_in_view(view) == []
        assert len(view["title"]["text"]) <= 24
        assert all(len(b["text"]["text"]) <= 3_000 for b in view["blocks"] if "text" in b)
        codes = [b["elements"][0]["elements"][0] for b in view["blocks"] if "elements" in b]
        assert all(0 < len(code["text"]) <= 3_000 for code in codes)
