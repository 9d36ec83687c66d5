"""What a message of the bot is, told from the metadata that it bears in Slack."""

from typing import Any

from bot.slack.thread import ANSWER, payload
from sandbox.slack.chat import STREAMING


def part_of(message: dict[str, Any]) -> str | None:
    """Which part of its work a message is, as `answer`; None when it bears no work."""
    return payload(message).get("part")


def is_answer(message: dict[str, Any]) -> bool:
    """Whether a message is the answer to a piece of work, and stands there whole.

    The card of a request for an approval is one too: the approved run is work of its own.
    """
    return part_of(message) == ANSWER and message.get("streaming_state") != STREAMING
