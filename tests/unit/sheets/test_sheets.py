"""CSV and XLSX to typed tables, in a process of its own; what can't be read says why."""

import asyncio
import io
import os
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.errors import FileUnreadable
from adapters.sheets import Form, Sheet, csv_file, read_sheet
from adapters.sheets.layout import MOST_COLUMNS, MOST_ROWS
from tests.unit.sheets.workbooks import workbook


async def csv(text: str | bytes) -> Sheet:
    """A CSV file as it is read."""
    return await read_sheet("a.csv", text.encode() if isinstance(text, str) else text, "csv")


async def refusal(content: bytes, form: Form = "csv") -> str:
    """Why a file can't be read."""
    with pytest.raises(FileUnreadable) as caught:
        await read_sheet("a file", content, form)
    return str(caught.value)


TYPES: list[tuple[str, str, list[Any]]] = [
    ("1\n-20\n\n", "int64", [1, -20]),
    ("00123\n00124\n", "string", ["00123", "00124"]),
    ("12345\n01234\n", "string", ["12345", "01234"]),
    ("1.50\n20\n", "decimal128(4, 2)", [Decimal("1.50"), Decimal(20)]),
    ('"1,234.50"\n7\n', "decimal128(6, 2)", [Decimal("1234.50"), Decimal(7)]),
    ("1e3\n2.5\n", "double", [1000.0, 2.5]),
    ("1234567890123456789012\n1\n", "string", ["1234567890123456789012", "1"]),
    ("2026-02-28\n2026-03-01\n", "date32[day]", [date(2026, 2, 28), date(2026, 3, 1)]),
    ("2026-02-31\n2026-03-01\n", "string", ["2026-02-31", "2026-03-01"]),
    ("28.02.2026\n1.3.2026\n", "date32[day]", [date(2026, 2, 28), date(2026, 3, 1)]),
    ("30.02.2026\n01.03.2026\n", "string", ["30.02.2026", "01.03.2026"]),
    ("13/2/2026\n1/2/2026\n", "date32[day]", [date(2026, 2, 13), date(2026, 2, 1)]),
    ("2/13/2026\n1/2/2026\n", "date32[day]", [date(2026, 2, 13), date(2026, 1, 2)]),
    ("3/2/2026\n1/2/2026\n", "string", ["3/2/2026", "1/2/2026"]),
    ("2026-02-28 10:30\n2026-02-28T11:00:05\n", "timestamp[us]",
     [datetime(2026, 2, 28, 10, 30), datetime(2026, 2, 28, 11, 0, 5)]),  # noqa: DTZ001
    ("2026-02-28T10:30:00+01:00\n2026-02-28T10:30:00Z\n", "timestamp[us, tz=UTC]",
     [datetime(2026, 2, 28, 9, 30, tzinfo=UTC), datetime(2026, 2, 28, 10, 30, tzinfo=UTC)]),
    ("true\nFALSE\n", "bool", [True, False]),
    ("yes\nno\n", "string", ["yes", "no"]),
    (" a \n b\n", "string", ["a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "values"), TYPES)
def test_columns_of_one_type(text: str, kind: str, values: list[Any]) -> None:
    """A column has a type when all of its values fit it in one way of writing, else it is text."""
    table, _ = csv_file.read(f"it\n{text}".encode())
    assert str(table.column("it").type) == kind
    assert table.column("it").to_pylist() == values


async def test_a_decimal_comma() -> None:
    """Where semicolons part the cells “1.234,50” is a number, and “1.234” alone may be two, so it
    stays text, which is said."""
    sheet = await csv("amount;price;either\n1.234,50;12,5;1.234\n7;3;2.500\n")
    assert sheet.table.column("amount").to_pylist() == [Decimal("1234.50"), Decimal(7)]
    assert sheet.table.column("price").to_pylist() == [Decimal("12.5"), Decimal(3)]
    assert sheet.table.column("either").to_pylist() == ["1.234", "2.500"]
    assert sheet.notes == ("“either” is read as text, since its values may be read in two ways",)


async def test_a_mixed_column_is_text_and_said() -> None:
    """Numbers beside words are not dropped and not turned into nulls."""
    sheet = await csv("n\n1\n2\nnone\n")
    assert sheet.table.column("n").to_pylist() == ["1", "2", "none"]
    assert sheet.notes == ("“n” is read as text, since not all of its values are of one type",)


@pytest.mark.parametrize(
    "content",
    [
        b"name,n\nM\xc3\xbcller,1\n",
        b"\xef\xbb\xbfname,n\r\nM\xc3\xbcller,1\r\n",
        "name\tn\nMüller\t1\n".encode("utf-16"),
        b"name;n\nM\xfcller;1\n",
        b"sep=|\nname|n\nM\xc3\xbcller|1\n",
        b'name,n\n"M\xc3\xbcller",1\n',
    ],
)
async def test_encodings_and_separators(content: bytes) -> None:
    """UTF-8 with and without a mark, UTF-16 and Windows-1252; commas, semicolons, tabs and bars."""
    assert (await csv(content)).table.to_pylist() == [{"name": "Müller", "n": 1}]


async def test_quoted_cells_may_hold_anything() -> None:
    """Separators, quotes and line breaks within quotes are part of a value."""
    sheet = await csv('a,b\n"x, ""y""\nz",1\n')
    assert sheet.table.to_pylist() == [{"a": 'x, "y"\nz', "b": 1}]


async def test_columns_without_a_name() -> None:
    """A column without a name gets one where it holds values, and is left out where it does not."""
    sheet = await csv("a,,\n1,2,\n")
    assert sheet.table.to_pylist() == [{"a": 1, "column 2": 2}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "a file is empty."),
        (b"a,b\n", "a file has no rows below its header."),
        (b",\n1,2\n", "a file has no header."),
        (b"a, A\n1,2\n", "a file has the column “A” twice."),
        (b"a,b\n1,2\n1,2,3\n", "a file has 1 row with more or fewer cells (3)"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a file is not text"),
        (b",".join(b"c%d" % n for n in range(MOST_COLUMNS + 1)) + b"\n" + b"," * MOST_COLUMNS,
         "a file has 101 columns"),
        (b"a\n" + b"1\n" * (MOST_ROWS + 1), "a file has more than 200,000 rows."),
    ],
)  # fmt: skip
async def test_what_is_no_csv(content: bytes, told: str) -> None:
    """Each reason is said in words."""
    assert (await refusal(content)).startswith(told)


async def test_a_workbook_has_types_of_its_own() -> None:
    """Numbers, days, truths and texts are those of the cells: digits that were entered as text stay
    text; a faulty cell is empty, and a mixed column is text, which both is said."""
    rows = [
        ["id", "amount", "day", "zip", "ok", "mixed", "fault"],
        [1, 2.5, date(2026, 1, 2), "00123", True, "x", 1],
        [2, 3, None, "123", False, 7, "#N/A"],
    ]
    sheet = await read_sheet("a.xlsx", workbook(rows, [["other"], [1]]), "xlsx")
    assert sheet.table.to_pylist() == [
        {"id": 1, "amount": 2.5, "day": date(2026, 1, 2), "zip": "00123", "ok": True,
         "mixed": "x", "fault": 1},
        {"id": 2, "amount": 3.0, "day": None, "zip": "123", "ok": False, "mixed": "7",
         "fault": None},
    ]  # fmt: skip
    assert sheet.notes == (
        "only its sheet “Sheet 0” of 2 is read",
        "“mixed” is read as text, since not all of its values are of one type",
        "faulty cells of “fault” count as empty (1)",
    )


async def test_a_workbook_may_begin_anywhere() -> None:
    """Empty rows and columns before and between the cells don't count."""
    rows = [[], [None, "a", "b"], [None, 1, 2], [], [None, 3, None]]
    sheet = await read_sheet("a.xlsx", workbook(rows), "xlsx")
    assert sheet.table.to_pylist() == [{"a": 1, "b": 2}, {"a": 3, "b": None}]


def with_a_far_cell() -> bytes:
    """A small workbook whose last cell is the last that there can be: seventeen billion of them."""
    return workbook([["a"], [1], *([[]] * 1_048_573), [None] * 16_383 + [1]])


def with_much_inside() -> bytes:
    """A workbook whose sheet is packed to a hundredth of more than a gigabyte."""
    made = zipfile.ZipFile(io.BytesIO(workbook([["a"], [1]])))
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb:
        for one in made.infolist():
            if not one.filename.endswith("sheet1.xml"):
                bomb.writestr(one, made.read(one))
                continue
            head, tail = made.read(one).split(b"</sheetData>")
            with bomb.open(one.filename, "w", force_zip64=True) as entry:
                entry.write(head + b'<row r="2"><c r="A2" t="inlineStr"><is><t>')
                for _ in range(1_600):
                    entry.write(b" " * 1_000_000)
                entry.write(b"</t></is></c></row></sheetData>" + tail)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (workbook([[]]), "a file has no cells."),
        (workbook([["a"]]), "a file has no rows below its header."),
        (b"PK\x03\x04 and nothing", "a file is not an XLSX file that can be read."),
        (b"a,b\n1,2\n", "a file is not an XLSX file that can be read."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file has a password"),
    ],
)
async def test_what_is_no_workbook(content: bytes, told: str) -> None:
    """Each reason is said in words."""
    assert (await refusal(content, "xlsx")).startswith(told)


async def test_a_hostile_workbook_ends_its_own_process() -> None:
    """A sheet that would take all memory is refused, and this process goes on."""
    for content in (with_a_far_cell(), with_much_inside()):
        assert len(content) < 10_000_000
        assert "takes more time or memory" in await refusal(content, "xlsx")


async def test_the_process_that_reads_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this process's environment is handed on."""
    seen: dict[str, Any] = {}
    begin = asyncio.create_subprocess_exec

    async def watched(*arguments: Any, **options: Any) -> Any:
        seen.update(options["env"])
        return await begin(*arguments, **options)

    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    await csv("a\n1\n")
    assert set(seen) == {"PYTHONPATH", "OMP_NUM_THREADS"}
    assert "xoxb-secret" in os.environ.values()
