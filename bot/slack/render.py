"""What every message to Slack is made of, and the messages that are words alone.

Blocks are plain dicts. `&`, `<` and `>` are escaped wherever Slack reads text as mrkdwn, and every
mrkdwn is verbatim, so that a bare `@here`, `#general` or address in it stays text; table cells and
rich text are shown as they are, so nothing in them can become a mention or a link.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapters.errors import CrosstalkError
from orchestrator.explain import pretty
from orchestrator.pipeline import Refused, StoredRun
from orchestrator.plan import Clarification

Block = dict[str, Any]

SHOW_PLAN = "show_plan"
_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Controls that turn the order of letters: SQL and names would be shown as what they are not."""
MAX_TEXT, MAX_SECTION, MAX_CONTEXT = 4_000, 3_000, 3_000


@dataclass(frozen=True, slots=True)
class Message:
    """Text for notifications, and the blocks. Where Slack refuses `blocks` it gets `plainer`, and
    where it refuses those the text alone: `bare` if there is one.
    """

    text: str
    blocks: list[Block] | None = None
    plainer: list[Block] | None = None
    bare: str = ""

    def forms(self) -> Iterator[tuple[str, list[Block] | None]]:
        """(text, blocks), the richest first; the last has no blocks, which can't be refused."""
        for blocks in (self.blocks, self.plainer):
            if blocks:
                yield self.text, blocks
        yield self.bare or self.text, None


def escaped(text: str, most: int = MAX_TEXT) -> str:
    """Text that Slack shows as it is, cut to `most` characters after escaping, without controls of
    direction."""
    safe = text.translate(_DIRECTIONS)
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(safe) <= most:
        return safe
    return re.sub(r"&[a-z]{0,3}$", "", safe[: most - 1]) + "…"


def clipped(text: str, most: int) -> str:
    """Text of at most `most` characters, without controls of direction."""
    text = text.translate(_DIRECTIONS)
    return text if len(text) <= most else text[: most - 1] + "…"


def plain_message(sentence: str) -> Message:
    """One sentence of the bot's own, or of an error."""
    return Message(escaped(sentence))


def problem_message(problem: Clarification | Refused | CrosstalkError) -> Message:
    """Why there is no answer, and what would help."""
    match problem:
        case Clarification():
            understood = [f"I understood: {', '.join(problem.understood)}."]
            lines = [problem.message, *(understood if problem.understood else [])]
            return plain_message("\n".join([*lines, *(f"• {o}" for o in problem.options)]))
        case Refused():
            return plain_message("\n".join([problem.message, *(f"• {d}" for d in problem.details)]))
        case CrosstalkError():
            return plain_message(str(problem))


def mrkdwn(text: str) -> Block:
    """Text that is mrkdwn already; Slack makes nothing of it but what is marked."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> Block:
    """A paragraph of text as it is; text of white space alone is shown as –."""
    shown = escaped(text, MAX_SECTION)
    shown = shown if shown.strip() else "–"
    return {"type": "section", "text": mrkdwn(shown)}


def context(text: str) -> Block:
    """A line of small print."""
    return {"type": "context", "elements": [mrkdwn(escaped(text, MAX_CONTEXT))]}


def header(text: str) -> Block:
    """A heading of the bot's own, at most 150 characters."""
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def code(text: str) -> Block:
    """Lines in a fixed width."""
    lines = {"type": "text", "text": clipped(text, MAX_SECTION) or " "}
    pre = {"type": "rich_text_preformatted", "elements": [lines]}
    return {"type": "rich_text", "elements": [pre]}


def button(label: str, action_id: str, value: str) -> Block:
    """A button; `value` is an opaque id."""
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "text": text, "action_id": action_id, "value": value}


def modal(title: str, blocks: list[Block]) -> Block:
    """A modal that can be read and closed; its title has at most 24 characters."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


def plan_modal(stored: StoredRun | None) -> Block:
    """The question, its semantic SQL and each source's query, read only; None is no longer kept."""
    title = "How this was answered"
    if stored is None:
        return modal(title, [section("This answer's plan is no longer kept. Ask again to see it.")])
    return modal(
        title,
        [
            section(stored.question),
            header("SQL over the business entities"),
            code(pretty(stored.sql)),
            header("What each source was asked"),
            code(stored.plan_text),
        ],
    )
