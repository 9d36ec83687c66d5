"""A question back as a message with a button for each choice, and what becomes of it when pressed.

A button's value is the text of a question and nothing else: it is asked with the rights of whoever
presses it, as if they had typed it, so nothing about it needs to be secret or remembered.
"""

from typing import Any

from bot.slack.asked import Asked
from bot.slack.render import Message, button, clipped, escaped, problem_message, section
from orchestrator.plan import Clarification

CHOOSE = "choose_"
MAX_BUTTONS, MAX_LABEL, MAX_VALUE = 5, 75, 2_000


def clarification_message(clarification: Clarification) -> Message:
    """What is asked back; its text, for notifications, lists the choices too."""
    text = problem_message(clarification).text
    options = [option for option in clarification.options if 0 < len(option) <= MAX_VALUE]
    if not options:
        return Message(text)
    understood = ", ".join(clarification.understood)
    said = clarification.message + (f"\nI understood: {understood}." if understood else "")
    buttons = [
        button(clipped(option, MAX_LABEL), f"{CHOOSE}{at}", option)
        for at, option in enumerate(options[:MAX_BUTTONS])
    ]
    return Message(text, [section(said), {"type": "actions", "elements": buttons}])


def chosen(body: dict[str, Any]) -> Asked:
    """The question of a pressed button, asked by whoever pressed it in the thread where it stands.

    It is named after the message with the buttons, so that of several presses one counts.
    """
    message = body["message"]
    return Asked(
        event_id=body["actions"][0]["action_ts"],
        team=body["team"]["id"],
        channel=body["channel"]["id"],
        user=body["user"]["id"],
        ts=message["ts"],
        thread_ts=message.get("thread_ts") or message["ts"],
        text=body["actions"][0]["value"],
        direct=body["channel"].get("name") == "directmessage",
    )


def chosen_message(body: dict[str, Any], asked: Asked) -> Message:
    """The message without its buttons, and who chose what."""
    said = f"<@{asked.user}> asked: {escaped(asked.text, MAX_VALUE)}"
    kept = [block for block in body["message"].get("blocks") or [] if block["type"] != "actions"]
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": said}]}
    return Message(said, [*kept, note])
