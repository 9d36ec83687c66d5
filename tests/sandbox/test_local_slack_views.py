"""Views in the local Slack: what modals and Homes may hold, and what is chosen in them."""

from typing import Any

import pytest

from sandbox.slack.blocks import with_ids, wrong_in_view
from sandbox.slack.people import pressed
from sandbox.slack.views import initial_state

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    """A section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal with these blocks."""
    return {"type": "modal", "title": plain("Edit"), "blocks": list(blocks), **more}


WHY: Json = {"type": "input", "label": plain("Why"), "element": {"type": "plain_text_input"}}


def test_a_modal_takes_inputs_with_a_submit_button() -> None:
    """Inputs need a submit; without inputs there need be none."""
    assert wrong_in_view(modal(WHY, submit=plain("Save"))) == []
    assert wrong_in_view(modal(section("x"))) == []
    assert wrong_in_view(modal(WHY))


@pytest.mark.parametrize(
    "view",
    [
        modal(section("x"), title=plain("x" * 25)),
        modal(section("x"), private_metadata="x" * 3001),
        modal(*[section("x")] * 101),
        modal({"type": "markdown", "text": "x"}),
        {**modal(section("x")), "type": "dialog"},
        None,
    ],
)
def test_a_malformed_modal_is_refused(view: Any) -> None:
    """Long titles, long metadata, too many blocks and message-only blocks are refused."""
    assert wrong_in_view(view)


def asking(element: Json) -> Json:
    """A modal with one input."""
    return modal({**WHY, "element": element}, submit=plain("Save"))


@pytest.mark.parametrize(
    "element",
    [
        {"type": "users_select"},
        {"type": "multi_users_select", "initial_users": ["U1"]},
        {"type": "conversations_select", "default_to_current_conversation": True},
        {"type": "datepicker"},
        {"type": "timepicker", "timezone": "Europe/Berlin"},
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
        {"type": "email_text_input", "placeholder": plain("you@example.com")},
        {
            "type": "url_text_input",
            "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
        },
    ],
    ids=lambda element: element["type"],
)
def test_an_input_asks_for_more_than_text(element: Json) -> None:
    """People, conversations, dates, times, numbers and addresses can be asked for."""
    assert wrong_in_view(asking(element)) == []


@pytest.mark.parametrize(
    "element",
    [
        {"type": "number_input"},
        {"type": "number_input", "is_decimal_allowed": False, "min_value": 1},
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "9", "max_value": "1"},
        {"type": "multi_users_select", "max_selected_items": 0},
        {"type": "button", "text": plain("Go")},
    ],
)
def test_a_malformed_input_is_refused(element: Json) -> None:
    """Numbers are strings in their order, and a button is no input."""
    assert wrong_in_view(asking(element))


def test_a_home_is_a_view_of_its_own() -> None:
    """It has no title and no submit, up to 100 blocks, and is nothing that a modal could be."""
    home: Json = {"type": "home", "blocks": [section("x")] * 99 + [WHY]}
    assert wrong_in_view(home, "home") == []
    assert wrong_in_view(home)
    assert wrong_in_view(modal(section("x")), "home")
    assert wrong_in_view({**home, "title": plain("x")}, "home")
    assert wrong_in_view({**home, "blocks": [section("x")] * 101}, "home")
    assert wrong_in_view({**home, "blocks": [{"type": "markdown", "text": "x"}]}, "home")


def test_an_alert_stands_in_modals_only() -> None:
    """Slack shows alerts in no other place."""
    alert: Json = {"type": "alert", "text": plain("Careful"), "level": "warning"}
    assert wrong_in_view(modal(alert)) == []
    assert wrong_in_view(modal({**alert, "level": "loud"}))
    assert wrong_in_view({"type": "home", "blocks": [alert]}, "home")


PICKERS: list[Json] = [
    {"type": "users_select", "action_id": "who", "initial_user": "U1"},
    {"type": "conversations_select", "action_id": "where"},
    {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-30"},
    {"type": "timepicker", "action_id": "hour"},
]


def test_what_was_chosen_is_named_as_its_element_names_it() -> None:
    """Each picker's state and action have a key of their own."""
    crowd = {"type": "multi_users_select", "action_id": "crowd"}
    blocks: list[Json] = with_ids(
        [
            {"type": "actions", "block_id": "b", "elements": PICKERS},
            section("x", block_id="c", accessory=crowd),
        ]
    )
    assert initial_state(blocks) == {
        "b": {
            "who": {"type": "users_select", "selected_user": "U1"},
            "where": {"type": "conversations_select", "selected_conversation": None},
            "day": {"type": "datepicker", "selected_date": "2026-11-30"},
            "hour": {"type": "timepicker", "selected_time": None},
        },
        "c": {"crowd": {"type": "multi_users_select", "selected_users": []}},
    }
    assert pressed(blocks, "where", "C1")["selected_conversation"] == "C1"
    assert pressed(blocks, "hour", "09:30")["selected_time"] == "09:30"
    assert pressed(blocks, "crowd", "U1,U2")["selected_users"] == ["U1", "U2"]
