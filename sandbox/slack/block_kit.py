"""Block Kit's blocks and views, written so that they read like Slack's reference pages."""

from typing import Any

from sandbox.slack.charts import DATA_VISUALIZATION
from sandbox.slack.checks import (
    Check,
    Report,
    array,
    boolean,
    both,
    choice,
    either,
    plain,
    record,
    rich,
    text,
    typed,
)
from sandbox.slack.elements import (
    BLOCK_ID,
    BUTTON,
    FEEDBACK_BUTTONS,
    ICON_BUTTON,
    IMAGE_ELEMENT,
    IN_ACTIONS,
    IN_INPUTS,
    IN_SECTIONS,
    ONE_RICH_TEXT,
    RICH_TEXT,
)
from sandbox.slack.tables import DATA_TABLE, TABLE

MARKDOWN_CHARACTERS = 12_000
STARTED = ("in_progress", "complete", "error")


def unique_actions(report: Report, at: str, value: Any) -> None:
    """No action_id twice among a block's elements."""
    seen: set[str] = set()
    for index, element in enumerate(value.get("elements", [])):
        action_id = element.get("action_id")
        if action_id in seen:
            report.say(
                f"{at}/elements/{index}/action_id", f"`action_id` already exists: {action_id}"
            )
        if action_id is not None:
            seen.add(action_id)


def unique_tasks(report: Report, at: str, value: Any) -> None:
    """No task_id twice in a plan."""
    ids = [task["task_id"] for task in value.get("tasks", [])]
    if len(set(ids)) < len(ids):
        report.say(f"{at}/tasks", "`task_id` must be unique in a plan")


def collapsing(report: Report, at: str, value: Any) -> None:
    """Only what can be collapsed can start so; a divider under a header is for the others."""
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        report.say(at, "default_collapsed requires is_collapsible")
    if value.get("has_header_divider") and value.get("is_collapsible"):
        report.say(at, "has_header_divider cannot be set when is_collapsible is true")


def markdown_size(report: Report, at: str, value: Any) -> None:
    """All markdown blocks of a payload share one allowance."""
    report.markdown_characters += len(value["text"])
    if report.markdown_characters > MARKDOWN_CHARACTERS:
        report.say(at, f"must be less than {MARKDOWN_CHARACTERS + 1} characters in all markdown")


SECTION = both(
    record(
        {},
        {
            **BLOCK_ID,
            "text": rich(3000),
            "fields": array(rich(2000), 10),
            "accessory": typed({**IN_SECTIONS, "image": IMAGE_ELEMENT}),
            "expand": boolean,
        },
    ),
    either("text", "fields"),
)
ACTIONS = both(record({"elements": array(typed(IN_ACTIONS), 25)}, BLOCK_ID), unique_actions)
CONTEXT_TEXT = record({"text": text(3000)}, {"emoji": boolean, "verbatim": boolean})
CONTEXT = record(
    {
        "elements": array(
            typed({"plain_text": CONTEXT_TEXT, "mrkdwn": CONTEXT_TEXT, "image": IMAGE_ELEMENT}), 10
        )
    },
    BLOCK_ID,
)
IMAGE = record(
    {"alt_text": text(2000), "image_url": text(3000)}, {**BLOCK_ID, "title": plain(2000)}
)
INPUT = record(
    {
        "label": plain(2000),
        "element": typed(IN_INPUTS),
    },
    {**BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
)


def task(*statuses: str) -> Check:
    """One task, with the states it may be in where it stands."""
    source = record({"url": text(3000), "text": text(256)})
    return record(
        {"task_id": text(255), "title": text(256)},
        {
            **BLOCK_ID,
            "status": choice(*statuses),
            "details": ONE_RICH_TEXT,
            "output": ONE_RICH_TEXT,
            "sources": array(typed({"url": source}), 10),
        },
    )


SHARED: dict[str, Check] = {
    "section": SECTION,
    "divider": record({}, BLOCK_ID),
    "header": record({"text": plain(150)}, BLOCK_ID),
    "context": CONTEXT,
    "actions": ACTIONS,
    "image": IMAGE,
}
CONTAINER = both(
    record(
        {"child_blocks": array(typed({**SHARED, "table": TABLE}), 10)},
        {
            **BLOCK_ID,
            "title": plain(150),
            "rich_text_title": typed({"rich_text": RICH_TEXT}),
            "subtitle": rich(150),
            "width": choice("narrow", "standard", "wide", "full"),
            "icon": typed({"image": IMAGE_ELEMENT}),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
    ),
    both(either("title", "rich_text_title"), collapsing),
)
CARD = both(
    record(
        {},
        {
            **BLOCK_ID,
            "hero_image": typed({"image": IMAGE_ELEMENT}),
            "icon": typed({"image": IMAGE_ELEMENT}),
            "title": rich(150),
            "subtitle": rich(150),
            "body": rich(200),
            "actions": array(typed({"button": BUTTON}), 25),
        },
    ),
    either("hero_image", "title", "actions", "body"),
)
ALERT = record(
    {"text": rich(200)},
    {**BLOCK_ID, "level": choice("default", "info", "warning", "error", "success")},
)
IN_MESSAGES: dict[str, Check] = {
    **SHARED,
    "rich_text": RICH_TEXT,
    "markdown": both(record({"text": text(MARKDOWN_CHARACTERS)}, BLOCK_ID), markdown_size),
    "table": TABLE,
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "card": CARD,
    "plan": both(
        record(
            {"title": text(256)},
            {**BLOCK_ID, "tasks": array(task("pending", *STARTED), 50)},
        ),
        unique_tasks,
    ),
    "task_card": task(*STARTED),
    "container": CONTAINER,
    "context_actions": both(
        record(
            {
                "elements": array(
                    typed({"feedback_buttons": FEEDBACK_BUTTONS, "icon_button": ICON_BUTTON}), 5
                )
            },
            BLOCK_ID,
        ),
        unique_actions,
    ),
}
IN_HOME: dict[str, Check] = {**SHARED, "rich_text": RICH_TEXT, "input": INPUT}
IN_MODALS: dict[str, Check] = {**IN_HOME, "alert": ALERT}
ABOUT_VIEWS: dict[str, Check] = {
    "private_metadata": text(3000, 0),
    "callback_id": text(255, 0),
    "external_id": text(255, 0),
}
VIEWS: dict[str, Check] = {
    "home": record({"blocks": array(typed(IN_HOME), 100)}, ABOUT_VIEWS),
    "modal": record(
        {"title": plain(24), "blocks": array(typed(IN_MODALS), 100)},
        {
            **ABOUT_VIEWS,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
}
