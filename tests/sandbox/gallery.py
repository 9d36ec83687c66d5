"""Every kind of block, with a text of the caller's choice wherever a text can stand."""

from typing import Any

Json = dict[str, Any]
PICTURE = "https://example.com/picture.png"


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def section_of(*leaves: Json) -> Json:
    """A section of rich text."""
    return {"type": "rich_text_section", "elements": list(leaves)}


def rich(text: str) -> Json:
    """Rich text of one plain line."""
    return {"type": "rich_text", "elements": [section_of({"type": "text", "text": text})]}


def option(text: str, value: str) -> Json:
    """An option of a menu or a group."""
    return {"text": plain(text), "value": value, "description": plain(text)}


def button(text: str, action_id: str = "go", **about: Any) -> Json:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": "1", **about}


def image(text: str) -> Json:
    """An image, described by a text."""
    return {"type": "image", "image_url": PICTURE, "alt_text": text}


def table(kind: str, text: str) -> Json:
    """A table of either kind, with a column of numbers and more rows than a page has."""
    rows: list[list[Json]] = [
        [{"type": "raw_text", "text": text}, {"type": "raw_text", "text": "Revenue"}]
    ]
    rows += [
        [
            {"type": "raw_text", "text": f"{text} {number}"},
            {"type": "raw_number", "value": 1000 * number, "text": f"{number},000.00"},
        ]
        for number in range(1, 13)
    ]
    about: Json = {"caption": text, "page_size": 5} if kind == "data_table" else {}
    return {"type": kind, "rows": rows, **about}


def chart(kind: str, text: str) -> Json:
    """A chart, whose words are at most 15 characters of the text."""
    text = text[:15]
    points = {"Austria": 240_000, "Belgium": 99_500.5, "Germany": 410_000, "France": 178_000}
    if kind == "pie":
        segments = [{"label": f"{text} {key}"[:20], "value": v} for key, v in points.items()]
        drawn: Json = {"type": "pie", "segments": segments}
    else:
        labels = [f"{text} {key}"[:20] for key in points]
        data = [
            {"label": label, "value": v} for label, v in zip(labels, points.values(), strict=True)
        ]
        less = [
            {"label": label, "value": v / 2 - 90_000}
            for label, v in zip(labels, points.values(), strict=True)
        ]
        drawn = {
            "type": kind,
            "series": [{"name": text, "data": data}, {"name": "Before", "data": less}],
            "axis_config": {"categories": labels, "x_label": text, "y_label": "EUR"},
        }
    return {"type": "data_visualization", "title": text, "chart": drawn}


def task(text: str, task_id: str, status: str) -> Json:
    """One task, with all that it may say."""
    source = {"type": "url", "url": "https://example.com/", "text": text}
    about = {"details": rich(text), "output": rich(text), "sources": [source]}
    return {"task_id": task_id, "title": text, "status": status, **about}


def plan(text: str) -> Json:
    """A plan with a task in each state."""
    states = ("complete", "in_progress", "pending", "error")
    tasks = [task(text, state, state) for state in states]
    return {"type": "plan", "title": text, "tasks": tasks}


def rich_text(text: str) -> Json:
    """Rich text in all its parts."""
    leaf = {"type": "text", "text": text}
    bold = {**leaf, "style": {"bold": True, "italic": True, "strike": True}}
    link = {"type": "link", "url": "https://example.com/", "text": text}
    colour = {"type": "color", "value": text}
    date = {"type": "date", "timestamp": 1767225600, "format": "{date_long}"}
    lines = [section_of(leaf), section_of(leaf, bold)]
    return {
        "type": "rich_text",
        "elements": [
            section_of(leaf, bold, link, {"type": "emoji", "name": "eyes"}, colour, date),
            section_of({"type": "broadcast", "range": "here"}, {"type": "user", "user_id": text}),
            {"type": "rich_text_list", "style": "bullet", "elements": lines},
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": lines},
            {"type": "rich_text_quote", "elements": [leaf]},
            {"type": "rich_text_preformatted", "elements": [leaf]},
        ],
    }


def menus(text: str) -> list[Json]:
    """Every menu and picker that a message may hold."""
    options = [option(text, "a"), option(f"{text} 2", "b")]
    groups = [{"label": plain(text), "options": options}]
    kinds = ("users_select", "conversations_select")
    return [
        {"type": "static_select", "action_id": "menu", "options": options},
        {"type": "static_select", "action_id": "groups", "option_groups": groups},
        *({"type": kind, "action_id": kind, "placeholder": plain(text)} for kind in kinds),
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-04-01"},
        {"type": "timepicker", "action_id": "time", "initial_time": "09:00"},
    ]


def card(text: str) -> Json:
    """A card with everything that a card has."""
    return {
        "type": "card",
        "hero_image": image(text),
        "icon": image(text),
        "title": plain(text),
        "subtitle": mrkdwn(text),
        "body": mrkdwn(text),
        "actions": [button(text)],
    }


def container(text: str, *, collapsed: bool = False) -> Json:
    """A container that can be collapsed."""
    inside = [{"type": "section", "text": mrkdwn(f"inside {text}")}, table("table", text)]
    return {
        "type": "container",
        "title": plain(text),
        "subtitle": mrkdwn(text),
        "icon": image(text),
        "is_collapsible": True,
        "default_collapsed": collapsed,
        "child_blocks": inside,
    }


def context_actions(text: str) -> Json:
    """The two thumbs, and a bin."""
    up, down = ({"text": plain(text), "value": value} for value in ("up", "down"))
    thumbs = {"type": "feedback_buttons", "action_id": "feedback"}
    return {
        "type": "context_actions",
        "elements": [
            {**thumbs, "positive_button": up, "negative_button": down},
            {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain(text)},
        ],
    }


def markdown(text: str) -> Json:
    """Real Markdown in all its parts."""
    lines = [
        f"# {text}",
        f"**{text}** and *{text}* and [{text}](https://example.com/) [{text}](javascript:a())",
        f"- {text}\n  1. {text}\n  2. {text}",
        f"> {text}",
        f"| {text} | Revenue |\n|---|---:|\n| {text} | 12 |",
        f"```sql\n{text}\n```",
    ]
    return {"type": "markdown", "text": "\n\n".join(lines)}


def shared(text: str) -> dict[str, list[Json]]:
    """By name, blocks that may stand in messages, modals and Home alike."""
    fields = [mrkdwn(f"*{text}*"), plain(text)]
    return {
        "section": [
            {"type": "section", "text": mrkdwn(f"{text} *bold* `code`"), "fields": fields},
            {"type": "section", "text": plain(text), "accessory": image(text)},
            {"type": "section", "text": plain(text), "accessory": menus(text)[0]},
        ],
        "divider": [{"type": "divider"}],
        "header": [{"type": "header", "text": plain(text)}],
        "context": [
            {"type": "context", "elements": [image(text), mrkdwn(f"_{text}_"), plain(text)]}
        ],
        "actions": [
            {
                "type": "actions",
                "elements": [
                    button(text),
                    button(text, "yes", style="primary"),
                    button(text, "no", style="danger"),
                ],
            },
            {"type": "actions", "elements": menus(text)},
        ],
        "image": [{**image(text), "title": plain(text)}],
        "rich_text": [rich_text(text)],
    }


def in_messages(text: str) -> dict[str, list[Json]]:
    """By name, the blocks of messages."""
    return {
        **shared(text),
        "markdown": [markdown(text)],
        "table": [table("table", text)],
        "data_table": [table("data_table", text)],
        **{kind: [chart(kind, text)] for kind in ("pie", "bar", "line", "area")},
        "card": [card(text)],
        "plan": [plan(text)],
        "task_card": [{"type": "task_card", **task(text, "t", "in_progress")}],
        "container": [container(text)],
        "context_actions": [context_actions(text)],
    }


def inputs(text: str) -> dict[str, Json]:
    """By kind of element, an input that holds it."""
    options = [option(text, "a"), option(f"{text} 2", "b")]
    elements: list[Json] = [
        {"type": "plain_text_input", "placeholder": plain(text)},
        {"type": "email_text_input"},
        {"type": "url_text_input"},
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
        {"type": "checkboxes", "options": options},
        {"type": "radio_buttons", "options": options},
        {"type": "static_select", "options": options},
        {"type": "users_select"},
        {"type": "multi_users_select", "max_selected_items": 2},
        {"type": "conversations_select"},
        {"type": "datepicker"},
        {"type": "timepicker"},
    ]
    return {
        element["type"]: {
            "type": "input",
            "block_id": element["type"],
            "label": plain(f"{text} {element['type']}"),
            "hint": plain(text),
            "optional": True,
            "element": {**element, "action_id": "value"},
        }
        for element in elements
    }


def modal(text: str) -> Json:
    """A modal with every block and every input, headed by 24 characters of the text."""
    levels = ("default", "info", "warning", "error", "success")
    alerts = [{"type": "alert", "text": mrkdwn(text), "level": level} for level in levels]
    blocks = [block for several in shared(text).values() for block in several]
    return {
        "type": "modal",
        "title": plain(text[:24]),
        "submit": plain(text[:24]),
        "close": plain(text[:24]),
        "blocks": [*alerts, *inputs(text).values(), *blocks],
    }


def home(text: str) -> Json:
    """A Home with every block and every input."""
    blocks = [block for several in shared(text).values() for block in several]
    return {"type": "home", "blocks": [*blocks, *inputs(text).values()]}
