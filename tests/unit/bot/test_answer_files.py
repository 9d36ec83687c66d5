"""Whole tables as files."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from bot.slack.answer.files import csv_file, xlsx_file
from bot.slack.answer.kept import KEPT_S, KeptTables

NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", 'a,b\n"c"', "plain"]
CELL = re.compile(r"<c ([^>]*)>(.*?)</c>", re.DOTALL)


def read_csv(content: bytes) -> list[list[str]]:
    """The cells of a CSV file."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_csv_holds_every_row_exactly() -> None:
    """Numbers keep their digits, instants are ISO, nothing is empty."""
    at = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
    table = pa.table(
        {
            "n": [1, None],
            "d": [Decimal("-1234.50"), Decimal("0.10")],
            "at": [at, None],
            "b": [True, False],
        }
    )
    file = csv_file(table, "answer")
    assert read_csv(file.content) == [
        ["n", "d", "at", "b"],
        ["1", "-1234.50", "2026-03-01T09:05:00+00:00", "true"],
        ["", "0.10", "", "false"],
    ]
    assert file.words == "The whole table is in answer.csv."


def test_no_text_in_a_csv_is_a_formula() -> None:
    """Texts that a spreadsheet would run get an apostrophe, headers too; others stay."""
    head, *rows = read_csv(csv_file(pa.table({"=cmd()": NASTY}), "answer").content)
    assert head == ["'=cmd()"]
    assert [row[0] for row in rows] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(A1)",
        "'\tx",
        NASTY[5],
        "plain",
    ]


def test_a_csv_is_cut_at_whole_rows_and_says_so() -> None:
    """What is over the cap is left out, and the words give the numbers."""
    table = pa.table({"n": [10_000 + n for n in range(1_000)]})
    file = csv_file(table, "answer", most_bytes=1_024)
    rows = read_csv(file.content)
    assert len(file.content) <= 1_024
    assert len(rows) == file.rows + 1
    assert rows[-1] == [str(10_000 + file.rows - 1)]
    assert f"holds the first {file.rows} of 1,000 rows: 0.000977 MB is the most" in file.words


def sheet_of(content: bytes) -> list[tuple[str, str]]:
    """Each cell of a workbook as (attributes, content)."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return CELL.findall(book.read("xl/worksheets/sheet1.xml").decode())


def test_a_workbook_has_numbers_as_numbers_and_no_formula() -> None:
    """Texts are texts whatever they begin with; numbers can be added up."""
    table = pa.table({"text": NASTY, "n": [Decimal(f"{n}.25") for n in range(len(NASTY))]})
    cells = dict(sheet_of(xlsx_file(table, "answer").content))
    assert cells['r="A2" t="inlineStr"'] == "<is><t>=1+1</t></is>"
    assert cells['r="B5"'] == "<v>3.25</v>"
    assert not any("<f>" in content for content in cells.values())


def test_a_workbook_takes_every_kind_of_value() -> None:
    """Times before 1900, not-a-number, long texts and large integers are written, not refused."""
    table = pa.table(
        {
            "at": [datetime(1800, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)],
            "x": [float("nan"), float("inf")],
            "t": ["x" * 40_000, None],
            "n": [2**60, 1],
            "l": [[1, 2], None],
        }
    )
    file = xlsx_file(table, "answer")
    assert (file.name, file.rows) == ("answer.xlsx", 2)
    assert any(str(2**60) in content for _, content in sheet_of(file.content))


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_kept_table_is_had_in_its_place_alone_and_for_a_while() -> None:
    """Another thread gets nothing, and after half an hour nobody does."""
    clock = Clock()
    kept, table = KeptTables(clock=clock), pa.table({"n": [1]})
    assert kept.keep("r1", "C1:1.1", table)
    assert kept.find("r1", "C1:1.1") is table
    assert kept.find("r1", "C2:1.1") is None
    clock.now = KEPT_S
    assert kept.find("r1", "C1:1.1") is None


@pytest.mark.parametrize(("bytes_", "left"), [(24, ["b", "c"]), (8, ["c"])])
def test_the_oldest_tables_give_way(bytes_: int, left: list[str]) -> None:
    """Kept tables never take more than their bytes."""
    kept = KeptTables(max_bytes=bytes_)
    for name, size in (("a", 1), ("b", 1), ("c", 1)):
        assert kept.keep(name, "p", pa.table({"n": [1] * size}))
    kept_now = [name for name in "abc" if kept.find(name, "p") is not None]
    assert kept_now == (["a", "b", "c"] if bytes_ == 24 else left)
    assert not kept.keep("d", "p", pa.table({"n": list(range(100))}))
