"""The two table blocks, whose rules look at all their cells together."""

from collections.abc import Iterator
from typing import Any, cast

from sandbox.slack.checks import (
    Check,
    Report,
    array,
    boolean,
    both,
    choice,
    nullable,
    number,
    record,
    text,
    typed,
    whole,
)
from sandbox.slack.elements import BLOCK_ID, RICH_TEXT

TABLE_CHARACTERS = 10_000
DATA_TABLE_CHARACTERS = 20_000


def cell_texts(value: Any) -> Iterator[str]:
    """Every text inside a table's cells."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if isinstance(fields.get("text"), str):
            yield fields["text"]
        for content in fields.values():
            yield from cell_texts(content)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from cell_texts(item)


def table_size(most: int, *, equal_rows: bool) -> Check:
    """The characters of a table together, and rows of equal length under one header."""

    def check(report: Report, at: str, value: Any) -> None:
        rows = value["rows"]
        if sum(map(len, cell_texts(rows))) > most:
            report.say(f"{at}/rows", f"must be less than {most + 1} characters in all cells")
        if equal_rows and len({len(row) for row in rows}) != 1:
            report.say(f"{at}/rows", "all rows must have the same number of cells")
        if equal_rows and any(cell["type"] == "rich_text" for cell in rows[0]):
            report.say(f"{at}/rows/0", "rich_text is not allowed in the header row")

    return check


RAW_TEXT = record({"text": text(DATA_TABLE_CHARACTERS)})
RAW_NUMBER = record({"value": number, "text": text(255)})
CELL = typed({"raw_text": RAW_TEXT, "raw_number": RAW_NUMBER, "rich_text": RICH_TEXT})
COLUMN = record({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})
TABLE = both(
    record(
        {"rows": array(array(CELL, 20), 100)},
        {**BLOCK_ID, "column_settings": array(nullable(COLUMN), 20)},
    ),
    table_size(TABLE_CHARACTERS, equal_rows=False),
)


def row_header(report: Report, at: str, value: Any) -> None:
    """The column that names the rows is one of the columns."""
    if value.get("row_header_column_index", 0) >= len(value["rows"][0]):
        report.say(f"{at}/row_header_column_index", "must be the index of a column")


DATA_TABLE = both(
    record(
        {"caption": text(2000), "rows": array(array(CELL, 20), 201, least=2)},
        {**BLOCK_ID, "page_size": whole(1, 100), "row_header_column_index": whole(0, 19)},
    ),
    both(table_size(DATA_TABLE_CHARACTERS, equal_rows=True), row_header),
)
