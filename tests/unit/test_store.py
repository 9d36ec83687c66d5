"""The store: what is kept, once, and how it is opened."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.errors import ConfigurationError
from orchestrator.question import Question, Requester
from orchestrator.store import Store
from orchestrator.store.tables import metadata

ADA = Requester("T1", "U1")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store that is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path}/store.db"


@pytest.fixture
async def store(url: str) -> AsyncGenerator[Store]:
    """An open store."""
    one = Store(url)
    await one.open()
    yield one
    await one.close()


async def kept(
    store: Store, run_id: str, text: str = "how many?", thread: str = "C1/1", status: str = ""
) -> None:
    """Keep a run, and its end when there is one."""
    asked = Question(text, ADA, datetime(2026, 6, 15, tzinfo=UTC), "C1", thread)
    await store.propose(
        run_id,
        asked,
        sql=f"SELECT '{run_id}'",
        plan_text="s1",
        digest="d",
        planner="grammar",
        approval={"by": "rule"},
    )
    if status:
        await store.finish(run_id, status, {"rows": 3})


async def test_recall_gives_a_run_back(store: Store) -> None:
    """A run is found by its id with its SQL, plan and status; another id gives nothing."""
    await kept(store, "r1")
    run = await store.recall("r1")
    assert run is not None
    assert (run.team, run.user, run.question, run.status) == ("T1", "U1", "how many?", "proposed")
    assert (run.sql, run.plan_text, run.planner) == ("SELECT 'r1'", "s1", "grammar")
    assert await store.recall("r2") is None
    assert await store.recall("' OR 1=1 --") is None


async def test_finish_changes_one_run(store: Store) -> None:
    """The end of a run is noted on that run alone."""
    await kept(store, "r1", status="answered")
    await kept(store, "r2")
    first, second = await store.recall("r1"), await store.recall("r2")
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == ("answered", "proposed")


async def test_turns_are_the_answered_ones_in_order(store: Store) -> None:
    """A thread's answered questions come oldest first; failed and other threads' do not."""
    await kept(store, "r1", "first", status="answered")
    await kept(store, "r2", "second", status="partial")
    await kept(store, "r3", "third", status="failed")
    await kept(store, "r4", "fourth")
    await kept(store, "r5", "elsewhere", thread="C1/2", status="answered")
    turns = await store.turns("C1/1")
    assert [(turn.question, turn.sql) for turn in turns] == [
        ("first", "SELECT 'r1'"),
        ("second", "SELECT 'r2'"),
    ]


async def test_a_direct_conversation_is_one(store: Store) -> None:
    """Its turns are those of all its threads, up to the last of the thread that is asked in."""
    for number, status in enumerate(("answered", "answered", "failed", "partial")):
        await kept(store, f"r{number}", f"q{number}", f"C1/{number}", status)
    whole = await store.direct_turns(ADA.team, "C1", "C1/new")
    assert [(turn.question, turn.user) for turn in whole] == [
        (question, ADA.user) for question in ("q0", "q1", "q3")
    ]
    before = await store.direct_turns(ADA.team, "C1", "C1/1")
    assert [turn.question for turn in before] == ["q0", "q1"]
    assert await store.direct_turns("T9", "C1", "C1/1") == ()


async def test_turns_are_the_last_ten(store: Store) -> None:
    """Of a long thread the newest ten are kept, still oldest first."""
    for number in range(12):
        await kept(store, f"r{number}", f"question {number}", status="answered")
    turns = await store.turns("C1/1")
    assert [turn.question for turn in turns] == [f"question {number}" for number in range(2, 12)]


async def test_no_thread_has_no_turns(store: Store) -> None:
    """Questions asked outside a thread do not become one conversation."""
    await kept(store, "r1", thread="", status="answered")
    assert await store.turns("") == ()


async def test_trail_is_in_order(store: Store) -> None:
    """The audit lines of a run come in the order in which they were written."""
    await kept(store, "r1")
    await kept(store, "r2")
    await store.finish("r1", "answered", {"rows": 3})
    assert await store.trail("r1") == [
        {"what": "approved", "detail": {"by": "rule"}},
        {"what": "answered", "detail": {"rows": 3}},
    ]


@pytest.mark.usefixtures("store")
def test_migration_makes_what_the_code_reads(tmp_path: Path) -> None:
    """From nothing, the migrations make every table and column that the code knows."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/store.db")
    look = sa.inspect(engine)
    for table in metadata.sorted_tables:
        found = {column["name"] for column in look.get_columns(table.name)}
        assert found == set(table.columns.keys())
    engine.dispose()


async def test_opening_twice_keeps_the_rows(store: Store, url: str) -> None:
    """A second start finds the tables up to date and what is in them untouched."""
    await kept(store, "r1", status="answered")
    again = Store(url)
    await again.open()
    await again.open()
    try:
        assert await again.recall("r1") is not None
    finally:
        await again.close()


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A store that can't be opened is a ConfigurationError that names the setting, not the URL."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/missing/hunter2.db")
    with pytest.raises(ConfigurationError, match="CROSSTALK_STORE_URL") as refused:
        await store.open()
    assert "hunter2" not in str(refused.value)
    await store.close()


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """A file of another kind is a ConfigurationError too."""
    (tmp_path / "store.db").write_text(
        "no database at all, but long enough to have a header\n" * 99
    )
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    with pytest.raises(ConfigurationError, match="can't be opened"):
        await store.open()
    await store.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql+nothing://u:hunter2@host/db"])
def test_a_url_that_makes_no_sense_is_said(url: str) -> None:
    """A URL that SQLAlchemy can't read is a ConfigurationError without the URL in it."""
    with pytest.raises(ConfigurationError, match="CROSSTALK_STORE_URL") as refused:
        Store(url)
    assert "hunter2" not in str(refused.value)
