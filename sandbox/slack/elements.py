"""What stands inside blocks: buttons, menus, inputs, options and rich text, each with its rules."""

from sandbox.slack.checks import (
    anything,
    array,
    boolean,
    both,
    choice,
    decimal,
    either,
    ordered,
    plain,
    record,
    rich,
    text,
    typed,
    whole,
    written,
)

PICKED = {
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "email_text_input": ("value", "initial_value"),
    "multi_users_select": ("selected_users", "initial_users"),
    "number_input": ("value", "initial_value"),
    "plain_text_input": ("value", "initial_value"),
    "radio_buttons": ("selected_option", "initial_option"),
    "static_select": ("selected_option", "initial_option"),
    "timepicker": ("selected_time", "initial_time"),
    "url_text_input": ("value", "initial_value"),
    "users_select": ("selected_user", "initial_user"),
}
"""Where the state of an element holds its value, and where the element says what it begins with."""

INTERACTIVE = {*PICKED, "button", "checkboxes", "feedback_buttons", "icon_button"}

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
TYPED = {
    **ACTION,
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": record(
        {"trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"), 2)}
    ),
}
PLAIN_TEXT_INPUT = record(
    {},
    {
        **TYPED,
        "initial_value": text(3000, 0),
        "multiline": boolean,
        "min_length": whole(0, 3000),
        "max_length": whole(1, 3000),
    },
)
EMAIL_OR_URL_INPUT = record({}, {**TYPED, "initial_value": text(3000, 0)})
NUMBER_INPUT = both(
    record(
        {"is_decimal_allowed": boolean},
        {**TYPED, "initial_value": decimal, "min_value": decimal, "max_value": decimal},
    ),
    ordered("min_value", "max_value"),
)
CHOSEN = {
    **ACTION,
    "placeholder": plain(150),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
USERS_SELECT = record({}, {**CHOSEN, "initial_user": text(255)})
MULTI_USERS_SELECT = record(
    {},
    {**CHOSEN, "initial_users": array(text(255), 100), "max_selected_items": whole(1, 100)},
)
CONVERSATIONS_SELECT = record(
    {},
    {
        **CHOSEN,
        "initial_conversation": text(255),
        "default_to_current_conversation": boolean,
        "response_url_enabled": boolean,
        "filter": record(
            {},
            {
                "include": array(choice("im", "mpim", "private", "public"), 4),
                "exclude_external_shared_channels": boolean,
                "exclude_bot_users": boolean,
            },
        ),
    },
)
DATEPICKER = record(
    {}, {**CHOSEN, "initial_date": written(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")}
)
TIMEPICKER = record(
    {}, {**CHOSEN, "initial_time": written(r"([01]\d|2[0-3]):[0-5]\d"), "timezone": text(255)}
)
RADIO_BUTTONS = record(
    {"options": array(OPTION, 10)},
    {**ACTION, "initial_option": OPTION, "confirm": CONFIRM, "focus_on_load": boolean},
)
CHECKBOXES = record(
    {"options": array(OPTION, 10)},
    {**ACTION, "initial_options": array(OPTION, 10), "confirm": CONFIRM, "focus_on_load": boolean},
)

MENUS = {
    "static_select": STATIC_SELECT,
    "users_select": USERS_SELECT,
    "conversations_select": CONVERSATIONS_SELECT,
    "datepicker": DATEPICKER,
    "timepicker": TIMEPICKER,
}
IN_ACTIONS = {**MENUS, "button": BUTTON}
IN_SECTIONS = {**IN_ACTIONS, "multi_users_select": MULTI_USERS_SELECT}
IN_INPUTS = {
    **MENUS,
    "multi_users_select": MULTI_USERS_SELECT,
    "plain_text_input": PLAIN_TEXT_INPUT,
    "email_text_input": EMAIL_OR_URL_INPUT,
    "url_text_input": EMAIL_OR_URL_INPUT,
    "number_input": NUMBER_INPUT,
    "radio_buttons": RADIO_BUTTONS,
    "checkboxes": CHECKBOXES,
}
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
