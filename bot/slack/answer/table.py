"""An answer's table to one of Slack's two table blocks: all of it, or its first rows.

`data_table` can be sorted and paged by the reader; `table` is for workspaces that lack it.
"""

from dataclasses import dataclass
from typing import Any

from bot.cells import Cells
from bot.slack.render import Block, clipped
from orchestrator.answer.shown import NOTHING, is_number, number

MAX_COLUMNS = 20
MAX_DATA_ROWS, MAX_DATA_CHARACTERS = 200, 20_000
MAX_ROWS, MAX_CHARACTERS = 99, 10_000
MAX_NUMBER, MAX_CAPTION = 255, 2_000
PREVIEW_ROWS, PAGE_ROWS = 20, 20


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table block, and how many rows and columns it leaves out."""

    block: Block
    hidden_rows: int
    hidden_columns: int

    @property
    def is_whole(self) -> bool:
        """Whether it shows every row and column."""
        return not (self.hidden_rows or self.hidden_columns)


def data_table(cells: Cells) -> ShownTable:
    """The block `data_table` of a table that has rows and columns."""
    count = _rows_that_fit(cells, MAX_DATA_ROWS, MAX_DATA_CHARACTERS)
    most = _most_of_a_cell(MAX_DATA_CHARACTERS)
    head = [_text(name, most) for name in cells.columns[:MAX_COLUMNS]]
    rows = [
        [_cell(text, value, most) for text, value in zip(texts, values, strict=True)][:MAX_COLUMNS]
        for texts, values in zip(cells.rows[:count], cells.values[:count], strict=True)
    ]
    caption = f"{_counted(cells.total_rows, 'row')}: {', '.join(cells.columns)}"
    block = {
        "type": "data_table",
        "caption": clipped(caption, MAX_CAPTION),
        "page_size": min(PAGE_ROWS, count),
        "rows": [head, *rows],
    }
    return _shown(cells, block, count)


def table(cells: Cells) -> ShownTable:
    """The block `table` of a table that has rows and columns."""
    count = _rows_that_fit(cells, MAX_ROWS, MAX_CHARACTERS)
    most = _most_of_a_cell(MAX_CHARACTERS)
    rows = (cells.columns, *cells.rows[:count])
    sides = [{"align": "right" if right else "left"} for right in cells.numeric[:MAX_COLUMNS]]
    block = {
        "type": "table",
        "column_settings": sides,
        "rows": [[_text(text, most) for text in row[:MAX_COLUMNS]] for row in rows],
    }
    return _shown(cells, block, count)


def hidden_words(shown: ShownTable, total_rows: int) -> str:
    """What a table leaves out, as a sentence; empty when it is whole."""
    first = total_rows - shown.hidden_rows
    parts = [f"the first {number(first)} of {number(total_rows)} rows"] if shown.hidden_rows else []
    if shown.hidden_columns:
        parts.append(f"{_counted(shown.hidden_columns, 'column')} left out")
    words = ", ".join(parts)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _shown(cells: Cells, block: Block, count: int) -> ShownTable:
    hidden_columns = max(0, len(cells.columns) - MAX_COLUMNS)
    return ShownTable(block, cells.total_rows - count, hidden_columns)


def _rows_that_fit(cells: Cells, most_rows: int, most_characters: int) -> int:
    """How many rows keep to the limits: all of them, or at most a preview."""
    most = _most_of_a_cell(most_characters)
    sizes = [
        sum(min(max(len(text), 1), most) for text in row[:MAX_COLUMNS])
        for row in (cells.columns, *cells.rows[:most_rows])
    ]
    if cells.total_rows <= most_rows and sum(sizes) <= most_characters:
        return cells.total_rows
    count = min(PREVIEW_ROWS, cells.total_rows)
    while count > 1 and sum(sizes[: count + 1]) > most_characters:
        count -= 1
    return count


def _most_of_a_cell(most_characters: int) -> int:
    """So long that a header and one row always fit."""
    return most_characters // MAX_COLUMNS // 2


def _text(text: str, most: int) -> Block:
    return {"type": "raw_text", "text": clipped(text, most).strip() or NOTHING}


def _cell(text: str, value: Any, most: int) -> Block:
    """A number is sorted as one, whatever its text."""
    if is_number(value) and text != NOTHING and len(text) <= MAX_NUMBER:
        return {"type": "raw_number", "value": _json_number(value), "text": text}
    return _text(text, most)


def _json_number(value: Any) -> float:
    return value if isinstance(value, int) else float(value)


def _counted(count: int, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"
