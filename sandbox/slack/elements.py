"""What stands inside blocks: buttons, menus, inputs, options and rich text, each with its rules."""

from sandbox.slack.checks import (
    anything,
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
    whole,
)

INTERACTIVE = {
    "button",
    "checkboxes",
    "feedback_buttons",
    "icon_button",
    "plain_text_input",
    "radio_buttons",
    "static_select",
}

BLOCK_ID = {"block_id": text(255)}
CONFIRM = record(
    {"title": plain(100), "text": rich(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
OPTION = record({"text": rich(75), "value": text(150)}, {"description": rich(75)})
FEEDBACK = record({"text": plain(75), "value": text(2000)}, {"accessibility_label": text(75)})
ACTION = {"action_id": text(255)}

BUTTON = record(
    {"text": plain(75)},
    {
        **ACTION,
        "value": text(2000, 0),
        "url": text(3000),
        "style": choice("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": text(75),
    },
)
STATIC_SELECT = both(
    record(
        {},
        {
            **ACTION,
            "placeholder": plain(150),
            "options": array(OPTION, 100),
            "option_groups": array(
                record({"label": plain(75), "options": array(OPTION, 100)}), 100
            ),
            "initial_option": OPTION,
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
    ),
    either("options", "option_groups"),
)
IMAGE_ELEMENT = record({"alt_text": text(2000), "image_url": text(3000)})
PLAIN_TEXT_INPUT = record(
    {},
    {
        **ACTION,
        "placeholder": plain(150),
        "initial_value": text(3000, 0),
        "multiline": boolean,
        "min_length": whole(0, 3000),
        "max_length": whole(1, 3000),
        "focus_on_load": boolean,
    },
)
RADIO_BUTTONS = record(
    {"options": array(OPTION, 10)},
    {**ACTION, "initial_option": OPTION, "confirm": CONFIRM, "focus_on_load": boolean},
)
CHECKBOXES = record(
    {"options": array(OPTION, 10)},
    {**ACTION, "initial_options": array(OPTION, 10), "confirm": CONFIRM, "focus_on_load": boolean},
)

BUTTONS_AND_MENUS = {"button": BUTTON, "static_select": STATIC_SELECT}
RICH_TEXT_PARTS = {
    f"rich_text_{kind}": anything for kind in ("section", "list", "preformatted", "quote")
}
RICH_TEXT = record({"elements": array(typed(RICH_TEXT_PARTS), 1000)}, BLOCK_ID)
ONE_RICH_TEXT = typed({"rich_text": record({"elements": array(anything, 1)}, BLOCK_ID)})
FEEDBACK_BUTTONS = record({"positive_button": FEEDBACK, "negative_button": FEEDBACK}, ACTION)
ICON_BUTTON = record(
    {"icon": choice("trash"), "text": plain(75)},
    {**ACTION, "value": text(2000), "confirm": CONFIRM, "accessibility_label": text(75)},
)
