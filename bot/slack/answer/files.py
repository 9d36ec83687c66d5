"""A whole table as a file: CSV beside a preview, XLSX when somebody asks for it.

A cell of text that begins with = + - or @ is a formula to a spreadsheet, and rows come from
anywhere: in CSV such a cell gets an apostrophe, in XLSX it is written as text.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from orchestrator.answer.shown import is_number, number

MAX_CSV_BYTES = 10 * 1024 * 1024
MAX_XLSX_ROWS, MAX_XLSX_CELLS = 1_000_000, 1_000_000
MAX_XLSX_TEXT = 32_767
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file with the first `rows` of `total_rows`; `limit` says in words what cut it, if so."""

    name: str
    content: bytes
    rows: int
    total_rows: int
    limit: str

    @property
    def words(self) -> str:
        """What the file holds, as a sentence."""
        if self.rows == self.total_rows:
            return f"The whole table is in {self.name}."
        return (
            f"{self.name} holds the first {number(self.rows)} of {number(self.total_rows)} rows: "
            f"{self.limit} is the most. Ask for fewer rows to get them all."
        )


def csv_file(table: pa.Table, name: str, most_bytes: int = MAX_CSV_BYTES) -> TableFile:
    """The table as CSV in UTF-8 with a mark that Excel knows it by; exact values, ISO times."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_defused(str(one)) for one in table.column_names])
    content = bytearray(b"\xef\xbb\xbf" + _taken(text))
    rows = 0
    for row in _rows(table):
        writer.writerow([_csv_value(value) for value in row])
        line = _taken(text)
        if len(content) + len(line) > most_bytes:
            break
        content += line
        rows += 1
    limit = f"{most_bytes / 1024 / 1024:.3g} MB"
    return TableFile(f"{name}.csv", bytes(content), rows, table.num_rows, limit)


def xlsx_file(table: pa.Table, name: str) -> TableFile:
    """The table as a workbook of one sheet, its header in bold and kept in view."""
    import xlsxwriter

    columns = max(1, table.num_columns)
    most = min(MAX_XLSX_ROWS, max(1, MAX_XLSX_CELLS // columns))
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "remove_timezone": True,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        forms = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        sheet.set_column(0, columns - 1, 18)
        for place, title in enumerate(table.column_names):
            sheet.write_string(0, place, str(title), book.add_format({"bold": True}))
        for line, row in enumerate(_rows(table.slice(0, most)), start=1):
            for place, value in enumerate(row):
                _write(sheet, line, place, value, forms)
    rows = min(most, table.num_rows)
    return TableFile(f"{name}.xlsx", out.getvalue(), rows, table.num_rows, f"{number(most)} rows")


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _taken(text: io.StringIO) -> bytes:
    """What was written since the last time."""
    content = text.getvalue().encode("utf-8", errors="replace")
    text.seek(0)
    text.truncate()
    return content


def _csv_value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return _defused(str(value))


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write(sheet: Any, line: int, place: int, value: Any, forms: dict[type, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif is_number(value) and (not isinstance(value, int) or abs(value) < 10**15):
        sheet.write_number(line, place, value)
    elif isinstance(value, date) and value.year >= 1900:
        sheet.write_datetime(line, place, value, forms[type(value)])
    else:
        sheet.write_string(line, place, str(value)[:MAX_XLSX_TEXT])
