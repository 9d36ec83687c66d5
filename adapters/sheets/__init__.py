"""Bytes of a CSV or XLSX file to one Arrow table, read in a process of its own."""

from adapters.sheets.reading import Form, Sheet, read_sheet

__all__ = ["Form", "Sheet", "read_sheet"]
