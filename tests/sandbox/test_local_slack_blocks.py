"""The local Slack checks Block Kit as strictly as Slack, and says where it is wrong."""

from typing import Any

import pytest

from sandbox.slack.blocks import checked_blocks, wrong_in_message
from sandbox.slack.method import RefusedError

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


def chart(kind: str = "bar", **more: Any) -> Json:
    """A chart of two series over two months."""
    points = [{"label": "Jan", "value": 3}, {"label": "Feb", "value": -1.5}]
    drawn = {
        "type": kind,
        "series": [{"name": name, "data": points} for name in ("DE", "FR")],
        "axis_config": {"categories": ["Jan", "Feb"], "y_label": "EUR"},
        **more,
    }
    return {"type": "data_visualization", "title": "Revenue", "chart": drawn}


def pie(*values: float) -> Json:
    """A pie of so many segments."""
    segments = [{"label": f"s{n}", "value": value} for n, value in enumerate(values)]
    drawn = {"type": "pie", "segments": segments}
    return {"type": "data_visualization", "title": "Shares", "chart": drawn}


def series(name: str, *labels: str) -> Json:
    """A series with one point for each label."""
    return {"name": name, "data": [{"label": label, "value": 1} for label in labels]}


MONTHS = {"categories": [str(n) for n in range(21)]}
IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
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
    IMAGE,
    chart(),
    chart("line"),
    chart("area"),
    pie(1, 2.5),
    {"type": "card", "title": plain("Orders"), "icon": IMAGE, "actions": [button("a")]},
    actions(
        {"type": "users_select", "initial_user": "U1"},
        {"type": "conversations_select", "filter": {"include": ["public"]}},
        {"type": "datepicker", "initial_date": "2026-11-30"},
        {"type": "timepicker", "initial_time": "23:59"},
    ),
    section("x", accessory={"type": "multi_users_select", "max_selected_items": 3}),
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
    (data_table([[raw("a")], [raw("b")]], caption=""), "/blocks/0/caption"),
    (data_table([[raw("a")] * 21, [raw("b")] * 21]), "/blocks/0/rows/0"),
    (data_table([[], []]), "/blocks/0/rows/0"),
    (data_table([[raw("a")], [raw("x" * 20_000)]]), "/blocks/0/rows"),
    (data_table([[raw("a")], [raw("b")]], page_size=101), "/blocks/0/page_size"),
    (
        data_table([[raw("a")], [raw("b")]], row_header_column_index=1),
        "/blocks/0/row_header_column_index",
    ),
    ({**chart(), "title": "x" * 51}, "/blocks/0/title"),
    ({"type": "data_visualization", "title": "x"}, "/blocks/0"),
    (chart("radar"), "/blocks/0/chart/type"),
    (chart(series=[]), "/blocks/0/chart/series"),
    (
        chart(series=[series(str(n), "Jan", "Feb") for n in range(7)]),
        "/blocks/0/chart/series",
    ),
    (chart(series=[series("DE", "Jan", "Feb")] * 2), "/blocks/0/chart/series"),
    (chart(series=[series("x" * 21, "Jan", "Feb")]), "/blocks/0/chart/series/0/name"),
    (chart(series=[series("DE", "Jan")]), "/blocks/0/chart/series/0/data"),
    (chart(series=[series("DE", "Jan", "Mar")]), "/blocks/0/chart/series/0/data"),
    (chart(axis_config=MONTHS), "/blocks/0/chart/axis_config/categories"),
    (
        chart(axis_config={"categories": ["Jan", "Feb"], "x_label": "x" * 51}),
        "/blocks/0/chart/axis_config/x_label",
    ),
    (chart("pie"), "/blocks/0/chart"),
    (pie(1, 0), "/blocks/0/chart/segments/1/value"),
    (pie(float("nan")), "/blocks/0/chart/segments/0/value"),
    (pie(*[1] * 7), "/blocks/0/chart/segments"),
    ({"type": "card", "subtitle": plain("x")}, "/blocks/0"),
    ({"type": "card", "body": plain("x" * 201)}, "/blocks/0/body/text"),
    ({"type": "alert", "text": plain("x")}, "/blocks/0/type"),
    (actions({"type": "multi_users_select"}), "/blocks/0/elements/0/type"),
    (actions({"type": "number_input"}), "/blocks/0/elements/0/type"),
    (
        actions({"type": "datepicker", "initial_date": "30.11.2026"}),
        "/blocks/0/elements/0/initial_date",
    ),
    (
        actions({"type": "timepicker", "initial_time": "24:00"}),
        "/blocks/0/elements/0/initial_time",
    ),
    (
        actions({"type": "conversations_select", "filter": {"include": []}}),
        "/blocks/0/elements/0/filter/include",
    ),
    (task("pending"), "/blocks/0/status"),
    ({"type": "plan", "title": "P", "tasks": [task("complete")] * 2}, "/blocks/0/tasks"),
    (container(), "/blocks/0/child_blocks"),
    (container(*[section("x")] * 11), "/blocks/0/child_blocks"),
    (container({"type": "markdown", "text": "x"}), "/blocks/0/child_blocks/0/type"),
    (container(rich("x")), "/blocks/0/child_blocks/0/type"),
    (container(data_table([[raw("a")], [raw("b")]])), "/blocks/0/child_blocks/0/type"),
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


def test_a_message_has_at_most_two_charts() -> None:
    """A third chart is one too many."""
    assert wrong_in_message([chart(), pie(1)]) == []
    assert wrong_in_message([chart(), pie(1), chart("line")])


def test_a_message_has_at_most_one_table() -> None:
    """Both kinds count together, also inside containers, and Slack has a name of its own for it."""
    table = {"type": "table", "rows": [[raw("a")]]}
    rows = [[raw("a")], [raw("b")]]
    assert checked_blocks([container(table), section("x")])
    with pytest.raises(RefusedError, match="invalid_attachments") as caught:
        checked_blocks([container(table), data_table(rows)])
    assert "only_one_table_allowed" in caught.value.fields["response_metadata"]["messages"][0]
