"""Answers, questions back and stored plans to Slack's blocks, within Slack's limits.

Blocks are plain dicts. `&`, `<` and `>` are escaped wherever Slack reads text as mrkdwn; table
cells and rich text are shown as they are, so nothing in them can become a mention or a link.
"""

import re
from dataclasses import dataclass
from typing import Any

from adapters.errors import CrosstalkError
from bot.cells import Cells, cells, number, timing
from orchestrator.answer import Answer, SourceReport
from orchestrator.pipeline import Refused, StoredRun
from orchestrator.plan import Clarification

Block = dict[str, Any]

SHOW_SQL = "show_sql"
MAX_TEXT, MAX_SECTION, MAX_CONTEXT = 4_000, 3_000, 3_000
MAX_ROWS, MAX_COLUMNS, MAX_TABLE = 99, 20, 10_000
MAX_CELL = MAX_TABLE // MAX_COLUMNS // 2  # so that a header and one row always fit
PREVIEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class Message:
    """Text for notifications and for when blocks can't be shown, and the blocks."""

    text: str
    blocks: list[Block] | None = None


def escaped(text: str, most: int = MAX_TEXT) -> str:
    """Text that Slack shows as it is, cut to `most` characters after escaping."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(safe) <= most:
        return safe
    return re.sub(r"&[a-z]{0,3}$", "", safe[: most - 1]) + "…"


def clipped(text: str, most: int) -> str:
    """Text of at most `most` characters."""
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


def answer_message(answer: Answer) -> Message:
    """The sentence, the table, what to know about them, the sources and the button."""
    sentence = answer.text.strip() or "Here is what I found."
    remarks = [*_doubts(answer), *(f"Assumed: {a}" for a in answer.assumptions)]
    blocks: list[Block] = [_section(sentence)]
    if answer.table.num_rows and answer.table.num_columns:
        table, hidden = _table(answer)
        blocks += [table, *([_context(hidden)] if hidden else [])]
    if remarks:
        blocks.append(_section("\n".join(remarks)))
    if answer.sources:
        blocks.append(_context(" · ".join(source_line(source) for source in answer.sources)))
    if answer.sql:
        blocks.append(_show_sql_button(answer.run_id))
    return Message(escaped("\n".join([sentence, *remarks])), blocks)


def source_line(source: SourceReport) -> str:
    """One source in a few words."""
    if source.failure:
        return f"{source.source}: not read"
    took = f"({timing(source)})" if source.cached else timing(source)
    return f"{source.source}: {number(source.rows)} {source.unit} {took}"


def missing_sources(answer: Answer) -> str:
    """What a partial answer lacks, in plain words."""
    failed = [source for source in answer.sources if source.failure]
    names = " and ".join(dict.fromkeys(source.source for source in failed)) or "a source"
    return f"Partial answer: what {names} would have added is missing."


def sql_modal(stored: StoredRun) -> Block:
    """The question, its semantic SQL and each source's query, read only."""
    return _modal(
        [
            _section(stored.question),
            _header("SQL over the business entities"),
            _code(stored.sql),
            _header("What each source was asked"),
            _code(stored.plan_text),
        ]
    )


def no_sql_modal() -> Block:
    """What the button says when the run is no longer kept."""
    return _modal([_section("This answer's SQL is no longer kept. Ask again to see it.")])


def _doubts(answer: Answer) -> list[str]:
    lines = [f"⚠️ {missing_sources(answer)}"] if answer.partial else []
    lines += [f"⚠️ {warning}" for warning in answer.warnings]
    return lines


def _table(answer: Answer) -> tuple[Block, str]:
    """The table block, and what it leaves out."""
    shown = cells(answer, MAX_ROWS)
    rows = _fitting(shown)
    width = len(shown.columns)
    hidden_rows, hidden_columns = shown.total_rows - (len(rows) - 1), max(0, width - MAX_COLUMNS)
    hidden = [
        f"{number(count)} more {what}{'' if count == 1 else 's'}"
        for count, what in ((hidden_rows, "row"), (hidden_columns, "column"))
        if count
    ]
    sides = [{"align": "right" if right else "left"} for right in shown.numeric[:MAX_COLUMNS]]
    block = {
        "type": "table",
        "column_settings": sides,
        "rows": [[{"type": "raw_text", "text": text} for text in row] for row in rows],
    }
    return block, ", ".join(hidden)


def _fitting(shown: Cells) -> list[list[str]]:
    """Header and rows that keep to Slack's limits: all of them, or a preview."""
    lines = [
        [clipped(text, MAX_CELL) or " " for text in row[:MAX_COLUMNS]]
        for row in (shown.columns, *shown.rows)
    ]

    def fits(count: int) -> bool:
        return sum(len(text) for row in lines[: count + 1] for text in row) <= MAX_TABLE

    if shown.total_rows <= MAX_ROWS and fits(shown.total_rows):
        return lines
    count = min(PREVIEW_ROWS, shown.total_rows)
    while count > 1 and not fits(count):
        count -= 1
    return lines[: count + 1]


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": escaped(text, MAX_SECTION)}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": escaped(text, MAX_CONTEXT)}]}


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def _code(text: str) -> Block:
    lines = {"type": "text", "text": clipped(text, MAX_SECTION) or " "}
    pre = {"type": "rich_text_preformatted", "elements": [lines]}
    return {"type": "rich_text", "elements": [pre]}


def _show_sql_button(run_id: str) -> Block:
    label = {"type": "plain_text", "text": "Show SQL"}
    button = {"type": "button", "text": label, "action_id": SHOW_SQL, "value": run_id}
    return {"type": "actions", "elements": [button]}


def _modal(blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "How this was answered"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }
