"""A CSV file to columns: its encoding and its separator are found, its cells are all texts."""

# what pyarrow.compute has is made when it is imported
# pyright: reportAttributeAccessIssue=false

import codecs
import csv
import io
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from adapters.sheets.layout import UnreadableError, check_rows, header
from adapters.sheets.texts import typed

_SEPARATORS = ",;\t|"
_LOOKED_AT = 50


def read(content: bytes) -> tuple[pa.Table, list[str]]:
    """The table with typed columns, and what is to be said of it. Raises UnreadableError."""
    if not content.strip():
        raise UnreadableError("is empty.")
    text, notes = _text(content)
    text, separator = _separated(text)
    try:
        first = next(csv.reader(io.StringIO(text), delimiter=separator))
        raw = _columns(text, separator, len(first))
    except (csv.Error, StopIteration) as error:
        raise UnreadableError("is not a CSV file that can be read. Save it as CSV anew.") from error
    check_rows(raw.num_rows)
    filled = [_is_filled(column) for column in raw.columns]
    names, columns = header(first, filled), list[pa.Array]()
    for at, name in names.items():
        texts = raw.column(at).combine_chunks()
        column, note = typed(name, texts, continental=separator == ";")
        columns.append(column)
        notes += [note] if note else []
    return pa.table(columns, names=list(names.values())), notes


def _is_filled(cells: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(cells), "")).as_py())


def _text(content: bytes) -> tuple[str, list[str]]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        said = ["its letters are read as Windows-1252"] if encoding == "cp1252" else []
        return text.lstrip("\r\n"), said
    raise UnreadableError("is not text, so it is no CSV file. Save it as CSV in UTF-8.")


def _separated(text: str) -> tuple[str, str]:
    """The text and what separates its cells: what its first line says (`sep=;`, as Excel writes
    it), else what parts the first rows into most columns of equal number."""
    if text[:4].lower() == "sep=" and len(text) > 5 and text[4] in _SEPARATORS:
        return text[5:].lstrip("\r\n"), text[4]

    def parted(separator: str) -> tuple[bool, int]:
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        try:
            widths = [len(row) for row in islice(rows, _LOOKED_AT) if row]
        except csv.Error:
            return False, 0
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    return text, max(_SEPARATORS, key=parted)


def _columns(text: str, separator: str, width: int) -> pa.Table:
    """Every cell as a text, without the header. Raises UnreadableError for a row that is longer or
    shorter than the header."""
    uneven: list[int] = []

    def note(row: pa_csv.InvalidRow) -> str:
        uneven.append(row.actual_columns)
        return "skip"

    names = [str(at) for at in range(width)]
    content = text.encode()
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(content) + 1,
                column_names=names,
                skip_rows_after_names=1,
            ),
            pa_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=note
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableError("is not a CSV file that can be read. Save it as CSV anew.") from error
    if uneven:
        raise UnreadableError(
            f"has {len(uneven):,} row{'s' if len(uneven) > 1 else ''} with more or fewer cells "
            f"({uneven[0]}) than its header has names ({width}). Put texts that hold a "
            f"“{separator}” into quotation marks."
        )
    return table
