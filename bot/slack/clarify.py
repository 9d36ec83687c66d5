"""A question back as a message with a button for each choice, and what becomes of it when pressed.

A button's value is lines of text: a question, and below it the words that were in doubt and what
the question takes them for. It is asked with the rights of whoever presses it, as if they had typed
it, so nothing about it needs to be secret or remembered.

What was chosen can be remembered: that has buttons of its own, in the place of those pressed.
"""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Self

from bot.slack.asked import Asked
from bot.slack.render import (
    Block,
    Message,
    button,
    clipped,
    escaped,
    mrkdwn,
    problem_message,
    section,
)
from orchestrator.plan import Clarification

CHOOSE = "choose_"
REMEMBER_ME, REMEMBER_CHANNEL = "remember_me", "remember_channel"
MAX_BUTTONS, MAX_LABEL, MAX_VALUE, MAX_WORDS = 5, 75, 2_000, 200


@dataclass(frozen=True, slots=True)
class Meant:
    """Words that were in doubt, what they were taken for, and by whom."""

    words: str
    meaning: str
    by: str

    @classmethod
    def of(cls, value: str) -> Self | None:
        """What a button bears; None when it is something else."""
        by, _, rest = value.partition("\n")
        words, _, meaning = rest.partition("\n")
        return cls(words, meaning, by) if words and meaning else None

    @property
    def value(self) -> str:
        """For a button."""
        return f"{self.by}\n{self.words}\n{self.meaning}"


def clarification_message(clarification: Clarification) -> Message:
    """What is asked back; its text, for notifications, lists the choices too."""
    text = problem_message(clarification).text
    if not (values := _values(clarification)):
        return Message(text)
    understood = ", ".join(clarification.understood)
    said = clarification.message + (f"\nI understood: {understood}." if understood else "")
    buttons = [
        button(clipped(value.partition("\n")[0], MAX_LABEL), f"{CHOOSE}{at}", value)
        for at, value in enumerate(values[:MAX_BUTTONS])
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
        text=body["actions"][0]["value"].partition("\n")[0],
        direct=body["channel"].get("name") == "directmessage",
    )


def chosen_message(body: dict[str, Any], asked: Asked) -> Message:
    """The message with who chose what; in the place of its buttons those to have it remembered."""
    said = f"<@{asked.user}> asked: {escaped(asked.text, MAX_VALUE)}"
    _, _, in_doubt = str(body["actions"][0]["value"]).partition("\n")
    meant = Meant.of(f"{asked.user}\n{in_doubt}")
    offered = [_remembering(meant, asked)] if meant else []
    return Message(said, [*_kept(body), _note(said), *offered])


def settled_message(body: dict[str, Any], said: str) -> Message:
    """The message without any button, and what was done (mrkdwn)."""
    return Message(said, [*_kept(body), _note(said)])


def _values(clarification: Clarification) -> list[str]:
    """What the buttons bear: of options that fit in one."""
    doubt, values = _line(clarification.doubt), list[str]()
    for option, meaning in zip_longest(clarification.options, clarification.meanings, fillvalue=""):
        question, meant = _line(option), _line(meaning)
        can_be_kept = 0 < len(doubt) <= MAX_WORDS and 0 < len(meant) <= MAX_WORDS
        value = "\n".join([question, doubt, meant] if can_be_kept else [question])
        if question and len(value) <= MAX_VALUE:
            values.append(value)
    return values


def _remembering(meant: Meant, asked: Asked) -> Block:
    buttons = [button("Remember for me", REMEMBER_ME, meant.value)]
    if not asked.channel.startswith("D"):
        buttons.append(button("Remember for this channel", REMEMBER_CHANNEL, meant.value))
    return {"type": "actions", "elements": buttons}


def _kept(body: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = body["message"].get("blocks") or []
    return [block for block in blocks if block["type"] != "actions"]


def _note(said: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(said)]}


def _line(text: str) -> str:
    return " ".join(text.split())
