"""An XLSX workbook to columns: its first visible sheet with cells, whose types are Excel's own."""

import io
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError
from python_calamine import SheetTypeEnum as Type
from python_calamine import SheetVisibleEnum as Visible

from adapters.sheets.layout import UnreadableError, check_rows, header, shown

Cell = Any
_FAULTS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA"}
)
_EXACT = 2**53
_ENCRYPTED = b"\xd0\xcf\x11\xe0"  # a compound file: encrypted, or of the time before XLSX


def read(content: bytes) -> tuple[pa.Table, list[str]]:
    """The table with typed columns, and what is to be said of it. Raises UnreadableError."""
    if content.startswith(_ENCRYPTED):
        raise UnreadableError("has a password, or is no XLSX. Save it as XLSX without a password.")
    try:
        with CalamineWorkbook.from_object(io.BytesIO(content)) as book:
            sheet, notes = _sheet(book)
            rows = sheet.to_python(skip_empty_area=True)
    except PasswordError as error:
        raise UnreadableError("has a password. Save it without one.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableError(
            "is not an XLSX file that can be read. Save it as XLSX anew."
        ) from error
    below = [row for row in rows[1:] if any(cell != "" for cell in row)]
    check_rows(len(below))
    columns = list(zip(*below, strict=True))
    filled = [any(cell != "" for cell in column) for column in columns]
    names = header([_text(cell) for cell in rows[0]], filled)
    made: list[pa.Array] = []
    for at, name in names.items():
        column, note = _typed(name, list(columns[at]))
        made.append(column)
        notes += [note] if note else []
    return pa.table(made, names=list(names.values())), notes


def _sheet(book: CalamineWorkbook) -> tuple[CalamineSheet, list[str]]:
    told = [
        one for one in book.sheets_metadata
        if one.visible == Visible.Visible and one.typ == Type.WorkSheet
    ]  # fmt: skip
    for one in told:
        sheet = book.get_sheet_by_name(one.name)
        if sheet.height:
            said = f"only its sheet {shown(one.name)} of {len(told)} is read"
            return sheet, [said] if len(told) > 1 else []
    raise UnreadableError("has no cells.")


def _typed(name: str, cells: list[Cell]) -> tuple[pa.Array, str]:
    faults = [isinstance(cell, str) and cell in _FAULTS for cell in cells]
    values = [
        None if fault or (isinstance(cell, str) and not cell.strip()) else cell
        for cell, fault in zip(cells, faults, strict=True)
    ]
    said = f"faulty cells of {shown(name)} count as empty ({sum(faults)})" if any(faults) else ""
    kinds = {type(value) for value in values if value is not None}
    for fitting, make in _MAKERS:
        if kinds and kinds <= fitting:
            return make(values), said
    if kinds - {str}:
        said = f"{shown(name)} is read as text, since not all of its values are of one type"
    texts = [None if value is None else _text(value) for value in values]
    return pa.array(texts, pa.string()), said


def _numbers(values: list[Cell]) -> pa.Array:
    given = [value for value in values if value is not None]
    if all(float(value).is_integer() and abs(value) < _EXACT for value in given):
        return pa.array([None if v is None else int(v) for v in values], pa.int64())
    return pa.array([None if v is None else float(v) for v in values], pa.float64())


def _moments(values: list[Cell]) -> pa.Array:
    whole = [datetime(v.year, v.month, v.day) if type(v) is date else v for v in values]  # noqa: DTZ001
    if all(v is None or v.time() == time() for v in whole):
        return pa.array([None if v is None else v.date() for v in whole], pa.date32())
    return pa.array(whole, pa.timestamp("us"))


def _truths(values: list[Cell]) -> pa.Array:
    return pa.array(values, pa.bool_())


def _texts(values: list[Cell]) -> pa.Array:
    return pa.array([None if value is None else value.strip() for value in values], pa.string())


def _text(value: Cell) -> str:
    """A cell as a person reads it."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ")
        case timedelta():
            return str(value)
        case _:
            return str(value).strip()


_MAKERS: tuple[tuple[set[type], Callable[[list[Cell]], pa.Array]], ...] = (
    ({str}, _texts),
    ({int, float}, _numbers),
    ({bool}, _truths),
    ({date, datetime}, _moments),
)
