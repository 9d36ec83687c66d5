"""The local Slack checks Block Kit as strictly as Slack, and says where it is wrong."""

from typing import Any

import pytest

from sandbox.slack.blocks import wrong_in_message, wrong_in_view

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def raw(text: str) -> Json:
    """A table cell."""
    return {"type": "raw_text", "text": text}


def rich(text: str) -> Json:
    """A rich_text block."""
    leaf = {"type": "text", "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


def button(action_id: str, **more: Any) -> Json:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": plain("Go"), **more}


def section(text: str, **more: Any) -> Json:
    """A section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def actions(*elements: Json) -> Json:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def task(status: str, task_id: str = "t1") -> Json:
    """A task card."""
    return {"type": "task_card", "task_id": task_id, "title": "Read", "status": status}


def data_table(rows: list[list[Json]], **more: Any) -> Json:
    """A data table."""
    return {"type": "data_table", "caption": "Spend", "rows": rows, **more}


def container(*children: Json, **more: Any) -> Json:
    """A container."""
    return {
        "type": "container",
        "title": plain("SQL"),
        "child_blocks": list(children),
        "is_collapsible": True,
        **more,
    }


CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("14 rows"),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "fb",
    "positive_button": {"text": plain("Good"), "value": "up"},
    "negative_button": {"text": plain("Bad"), "value": "down"},
}
OPTIONS = [{"text": plain("CSV"), "value": "csv"}]
SELECT = {"type": "static_select", "action_id": "s", "options": OPTIONS}

ACCEPTED: list[Json] = [
    section("*hello*", accessory=button("a")),
    {"type": "section", "fields": [plain("a"), plain("b")]},
    {"type": "divider"},
    {"type": "header", "text": plain("Title")},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}]},
    actions(button("a", confirm=CONFIRM, style="danger", value="1"), SELECT),
    {"type": "markdown", "text": "**x**"},
    {"type": "table", "rows": [[raw("a"), raw("b")], [raw("1"), rich("2")]]},
    data_table([[raw("n")], [{"type": "raw_number", "value": 1, "text": "1"}]], page_size=10),
    {"type": "plan", "title": "Plan", "tasks": [task("pending", "1"), task("complete", "2")]},
    task("in_progress"),
    container(section("```SELECT 1```")),
    {"type": "context_actions", "elements": [FEEDBACK]},
    rich("x"),
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"},
]

REFUSED: list[tuple[Json, str]] = [
    ({"type": "sectoin"}, "/blocks/0/type"),
    ({"text": plain("x")}, "/blocks/0"),
    ({"type": "section"}, "/blocks/0"),
    (section(""), "/blocks/0/text/text"),
    (section("  "), "/blocks/0/text/text"),
    (section("x" * 3001), "/blocks/0/text/text"),
    (section("x", colour="red"), "/blocks/0"),
    (section("x", block_id="b" * 256), "/blocks/0/block_id"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "/blocks/0/text/type"),
    (actions(), "/blocks/0/elements"),
    (actions(*(button(str(n)) for n in range(26))), "/blocks/0/elements"),
    (actions(button("a"), button("a")), "/blocks/0/elements/1/action_id"),
    (actions(button("a", text=plain("x" * 76))), "/blocks/0/elements/0/text/text"),
    (actions(button("a", value="x" * 2001)), "/blocks/0/elements/0/value"),
    (actions(button("a", confirm={"title": plain("x")})), "/blocks/0/elements/0/confirm"),
    (actions({"type": "static_select", "action_id": "s"}), "/blocks/0/elements/0"),
    ({"type": "context", "elements": [plain("x")] * 11}, "/blocks/0/elements"),
    ({"type": "context_actions", "elements": [button("a")]}, "/blocks/0/elements/0/type"),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text"),
    ({"type": "table", "rows": [[raw("a")]] * 101}, "/blocks/0/rows"),
    ({"type": "table", "rows": [[raw("a")] * 21]}, "/blocks/0/rows/0"),
    ({"type": "table", "rows": [[raw("x" * 10_001)]]}, "/blocks/0/rows"),
    (data_table([[raw("a")]]), "/blocks/0/rows"),
    (data_table([[raw("a")], [raw("")]]), "/blocks/0/rows/1/0/text"),
    (data_table([[raw("a")], [raw("b"), raw("c")]]), "/blocks/0/rows"),
    (data_table([[rich("a")], [raw("b")]]), "/blocks/0/rows/0"),
    (data_table([[raw("a")]] * 202), "/blocks/0/rows"),
    ({"type": "data_table", "rows": [[raw("a")], [raw("b")]]}, "/blocks/0"),
    (task("pending"), "/blocks/0/status"),
    ({"type": "plan", "title": "P", "tasks": [task("complete")] * 2}, "/blocks/0/tasks"),
    (container(), "/blocks/0/child_blocks"),
    (container(*[section("x")] * 11), "/blocks/0/child_blocks"),
    (container({"type": "markdown", "text": "x"}), "/blocks/0/child_blocks/0/type"),
    (container(section("x"), title=plain("x" * 151)), "/blocks/0/title/text"),
    (
        container(section("x"), is_collapsible=False, default_collapsed=True),
        "/blocks/0",
    ),
    ({"type": "input", "label": plain("x"), "element": SELECT}, "/blocks/0/type"),
]


@pytest.mark.parametrize("block", ACCEPTED, ids=lambda block: block["type"])
def test_a_well_formed_block_is_accepted(block: Json) -> None:
    """Every kind of block that the project may send passes."""
    assert wrong_in_message([block]) == []


@pytest.mark.parametrize(("block", "pointer"), REFUSED)
def test_a_malformed_block_is_refused_where_it_is_wrong(block: Json, pointer: str) -> None:
    """The complaint points at the very place."""
    assert f"[json-pointer:{pointer}]" in "\n".join(wrong_in_message([block]))


def test_a_message_has_at_most_fifty_blocks() -> None:
    """Fifty pass; one more does not."""
    assert wrong_in_message([{"type": "divider"}] * 50) == []
    assert wrong_in_message([{"type": "divider"}] * 51)


def test_block_ids_are_unique_also_inside_containers() -> None:
    """A block in a container may not bear the id of another block."""
    twice = [section("x", block_id="b"), container(section("y", block_id="b"))]
    assert "`block_id` already exists: b" in wrong_in_message(twice)[0]


def test_markdown_blocks_share_one_allowance() -> None:
    """Two blocks that are short enough alone can be too long together."""
    half = {"type": "markdown", "text": "x" * 6001}
    assert wrong_in_message([half]) == []
    assert wrong_in_message([half, half])


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
