"""Workbooks to read, made in memory."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter


def workbook(*sheets: Sequence[Sequence[Any]], **options: Any) -> bytes:
    """An XLSX with these sheets; texts stay texts, whatever they look like."""
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True, **options}) as book:
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, rows in enumerate(sheets):
            sheet = book.add_worksheet(f"Sheet {number}")
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    _write(sheet, at, place, cell, days)
    return kept.getvalue()


def _write(sheet: Any, row: int, column: int, cell: Any, days: Any) -> None:
    match cell:
        case None:
            pass
        case str():
            sheet.write_string(row, column, cell)
        case datetime() | date():
            sheet.write_datetime(row, column, cell, days)
        case _:
            sheet.write(row, column, cell)
