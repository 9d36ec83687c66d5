"""An answer to a message: what it says, its table, its chart, and the small print under it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.cells import Cells, cells
from bot.slack.answer.chart import native
from bot.slack.answer.files import TableFile
from bot.slack.answer.footer import footer
from bot.slack.answer.sql import folded_sql
from bot.slack.answer.table import ShownTable, data_table, hidden_words, table
from bot.slack.feedback import thumbs
from bot.slack.render import MAX_TEXT, SHOW_PLAN, Block, Message, button, context, escaped, section
from orchestrator.answer import Answer

DOWNLOAD_XLSX = "download_xlsx"
BARE_ROWS = 20
NEW_BLOCKS = frozenset({"container", "context_actions"})


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """The parts of an answer's message. `said` are its paragraphs as they are: what is missing,
    the sentence, the doubts; `below` are the blocks under them, `plainer` what stands in for
    those where Slack refuses them, and `bare` the rows as text.
    """

    said: tuple[str, ...]
    doubts: tuple[str, ...]
    below: list[Block]
    plainer: list[Block]
    small_print: list[Block]
    bare: str

    @property
    def text(self) -> str:
        """What is said, for notifications."""
        return escaped("\n".join([*self.said, *self.doubts]))

    def message(self) -> Message:
        """All of it in one message."""

        def around(middle: list[Block]) -> list[Block]:
            doubts = [section("\n".join(self.doubts))] if self.doubts else []
            return [section("\n".join(self.said)), *middle, *doubts, *self.small_print]

        plainer = [one for one in around(self.plainer) if one["type"] not in NEW_BLOCKS]
        bare = escaped("\n".join([*self.said, *self.doubts, self.bare]).strip())
        return Message(self.text, around(self.below), plainer, bare)


def answer_message(
    answer: Answer,
    file: TableFile | None = None,
    *,
    can_download: bool = False,
    allowance: Block | None = None,
) -> AnswerMessage:
    """The message of an answer.

    `file` is the whole table where the message can't show it, `can_download` says that a workbook
    can be had for a click, and `allowance` by whose decision it was read.
    """
    sentence = answer.text.strip() or "Here is what I found."
    said = (f"⚠️ {missing_sources(answer)}", sentence) if answer.partial else (sentence,)
    below: list[Block] = []
    plainer: list[Block] = []
    bare = ""
    if answer.table.num_rows and answer.table.num_columns:
        shown = cells(answer)
        below = [*_table(data_table(shown), shown, file), *_chart(answer)]
        plainer, bare = _table(table(shown), shown, file), _bare(shown)
    return AnswerMessage(
        said=said,
        doubts=tuple(f"⚠️ {warning}" for warning in answer.warnings),
        below=below,
        plainer=plainer,
        small_print=[
            *footer(answer),
            *([allowance] if allowance else []),
            *_sql(answer, can_download),
        ],
        bare=bare,
    )


def needs_file(answer: Answer) -> bool:
    """Whether the table is larger than a message can show."""
    if not (answer.table.num_rows and answer.table.num_columns):
        return False
    return not data_table(cells(answer)).is_whole


def missing_sources(answer: Answer) -> str:
    """What a partial answer lacks, in plain words."""
    failed = [source for source in answer.sources if source.failure]
    names = " and ".join(dict.fromkeys(source.source for source in failed)) or "a source"
    return f"Partial answer: what {names} would have added is missing."


def _table(shown: ShownTable, of: Cells, file: TableFile | None) -> list[Block]:
    words = [hidden_words(shown, of.total_rows), file.words if file is not None else ""]
    below = " ".join(word for word in words if word)
    return [shown.block, *([context(below)] if below else [])]


def _chart(answer: Answer) -> list[Block]:
    block = native(answer.chart) if answer.chart is not None else None
    return [block] if block is not None else []


def _sql(answer: Answer, can_download: bool) -> Iterator[Block]:
    if not answer.sql:
        return
    yield folded_sql(answer.sql)
    buttons = [button("Show plan", SHOW_PLAN, answer.run_id)]
    if can_download:
        buttons.append(button("Download as XLSX", DOWNLOAD_XLSX, answer.run_id))
    yield {"type": "actions", "elements": buttons}
    yield thumbs(answer.run_id)


def _bare(shown: Cells) -> str:
    """The first rows as lines, for where no block can be shown."""
    lines = [" | ".join(row) for row in (shown.columns, *shown.rows[:BARE_ROWS])]
    return "\n".join(lines)[:MAX_TEXT]
