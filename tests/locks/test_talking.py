"""What is told to Slack, to logs and to the trail, and who may talk to the bot."""

import hashlib
import io
import sqlite3
import sys
import zipfile
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import duckdb
import httpx
import pyarrow as pa
import pytest
from pymongo.errors import OperationFailure
from qdrant_client.http.exceptions import UnexpectedResponse

from adapters.duckdb import errors as of_duckdb
from adapters.errors import BudgetUsedUp, FileUnreadable, SourceError
from adapters.mongo import errors as of_mongo
from adapters.postgres import errors as of_postgres
from adapters.qdrant import errors as of_qdrant
from adapters.sheets import child, read_sheet, reading
from adapters.sqlite import errors as of_sqlite
from bot.slack.answer.files import xlsx_file
from bot.slack.render import escaped
from orchestrator.plan.budget import Budget, Cost, Limit
from orchestrator.question import Question
from orchestrator.store import Spending, Store
from orchestrator.store.chain import GENESIS, Head, Seal
from tests.conftest import ADA, NOON
from tests.unit.audit.chains import chain, head_of, verdict

SECRET = "hunter2-in-db.example"
SAID: dict[str, tuple[Callable[[Any, str], SourceError], Exception]] = {
    "postgres": (of_postgres.translate, asyncpg.PostgresError(SECRET)),
    "mongo": (of_mongo.translate, OperationFailure(SECRET)),
    "qdrant": (
        of_qdrant.translate,
        UnexpectedResponse(403, SECRET, SECRET.encode(), httpx.Headers()),
    ),
    "duckdb": (of_duckdb.translate, duckdb.Error(SECRET)),
    "sqlite": (of_sqlite.translate, sqlite3.OperationalError(SECRET)),
}


@pytest.mark.parametrize(("translate", "error"), SAID.values(), ids=SAID.keys())
def test_a_driver_s_words_are_not_told(
    translate: Callable[[Any, str], SourceError], error: Exception
) -> None:
    """What a driver says, which can hold values and addresses, is in no message."""
    assert SECRET in str(error)
    assert SECRET not in str(translate(error, "sales"))


def test_no_text_in_a_workbook_is_a_formula() -> None:
    """A text that begins with = stays a text in an XLSX."""
    content = xlsx_file(pa.table({"a": ["=1+1"]}), "answer").content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


async def test_a_file_has_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not read in time is refused, and its process ended."""
    monkeypatch.setattr(reading, "TIMEOUT_S", 0.001)
    with pytest.raises(FileUnreadable, match="more time or memory"):
        await read_sheet("a.csv", b"a\n1\n", "csv")


def test_a_file_has_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it reads a byte, the process bounds what it may take."""
    bounds: list[Any] = []
    monkeypatch.setattr(child.resource, "setrlimit", lambda *bound: bounds.append(bound))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a\n1\n")))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=io.BytesIO()))
    assert child.main("csv") == 0
    assert bounds == [(child.resource.RLIMIT_AS, (child.MEMORY_BYTES, child.MEMORY_BYTES))]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    """An open store."""
    one = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await one.open()
    yield one
    await one.close()


async def paid(store: Store, limit: int) -> None:
    """Pay a call of a thousand tokens out of a day's limit."""
    purse = Spending(store.engine, Budget(day=Limit(tokens=limit)))
    async with purse.paying(Question("how many?", ADA, NOON), Cost(1_000)):
        pass


async def test_one_call_alone_keeps_to_the_budget(store: Store) -> None:
    """The first call of a day is not made when it may cost more than the day's limit."""
    with pytest.raises(BudgetUsedUp):
        await paid(store, 500)


async def test_calls_keep_to_the_budget(store: Store) -> None:
    """A call is not made when there is no room for it beside those before."""
    await paid(store, 1_500)
    with pytest.raises(BudgetUsedUp):
        await paid(store, 1_500)


def test_no_hash_is_made_without_the_key() -> None:
    """What seals a record is of the key, and no plain hash of what it says."""
    (record,) = Seal(["a key of some length"]).link(Head(0, GENESIS), NOON, [("r1", "asked", {})])
    assert record.hash != hashlib.sha256(record.canonical).hexdigest()


def test_a_record_that_was_changed_is_found() -> None:
    """With another detail its hash is not the one that it bears."""
    records = chain(3)
    changed = replace(records[2], detail={"rows": 9})
    assert verdict([*records[:2], changed], head_of(records)).faults


def test_a_record_that_was_taken_out_is_found() -> None:
    """The numbers leave a gap, though what comes after the gap is made to follow."""
    records = chain(2)
    later = chain(1, after=Head(3, records[1].hash))
    found = verdict([*records, *later], head_of(later)).faults
    assert any("gap" in fault.message for fault in found)


def test_a_head_kept_elsewhere_finds_another_chain() -> None:
    """A chain that was made anew as a whole is another than the one that the head is of."""
    kept = head_of(chain(3))
    anew = Seal().link(Head(0, GENESIS), NOON, [(f"x{n}", "asked", {}) for n in range(3)])
    assert not verdict(anew, head_of(anew)).faults
    assert verdict(anew, head_of(anew), anchor=kept).faults


@pytest.mark.parametrize(("text", "safe"), [("<!here>", "&lt;!here&gt;"), ("&lt;", "&amp;lt;")])
def test_what_slack_reads_as_markup_is_text(text: str, safe: str) -> None:
    """Whoever wrote it, nothing is a mention, a link or another character."""
    assert escaped(text) == safe
