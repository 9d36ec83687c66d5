"""The trail in a store: carried over, told, sealed, pruned, and found out when it was changed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from adapters.errors import ConfigurationError
from orchestrator.audit import Verdict, Verifier
from orchestrator.store import AuditSettings, Head, Ledger, Store, Trail
from orchestrator.store.chain import GENESIS, STDOUT, audited
from tests.conftest import ROOT
from tests.unit.audit.chains import KEY

BEFORE = "0010_choices"
"""The revision before the chain."""
AT = datetime(2026, 6, 15, 12, 0, 0, 123, tzinfo=UTC)


async def verified(store: Store, anchor: Head | None = None) -> Verdict:
    """What is found of a store's whole trail."""
    trail, verifier = Trail(store.engine), Verifier(Ledger.of(store.engine).seal, anchor)
    async for record in trail.records():
        verifier.see(record)
    return verifier.end(await trail.head())


async def write(store: Store, statement: str) -> None:
    """Change the tables behind the store's back."""
    async with store.engine.begin() as connection:
        await connection.execute(sa.text(statement))


def migrate(engine: sa.Engine, to: Callable[[Config, str], None], revision: str) -> None:
    """Bring the tables up or down to a revision."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "orchestrator" / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        to(config, revision)


async def test_old_records_become_the_beginning_of_the_chain(tmp_path: Path) -> None:
    """What the old table held is in the chain, in order and whole, and comes back on the way back,
    with what was added."""
    url = f"sqlite:///{tmp_path}/store.db"
    engine = sa.create_engine(url)
    migrate(engine, command.upgrade, BEFORE)
    old = sa.table("audit", *(sa.column(name) for name in ("at", "run_id", "what", "detail")))
    rows = [
        {"at": AT.isoformat(" ").removesuffix("+00:00"), "run_id": f"r{n}", "what": "answered",
         "detail": json.dumps({"rows": n, "é": 0.5})}
        for n in range(1_203)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.insert(old), rows)
        connection.execute(sa.text("DELETE FROM audit WHERE run_id = 'r7'"))
    store = Store(url.replace("sqlite:", "sqlite+aiosqlite:"))
    await store.open()
    await store.note("new", "answered", {})
    found = await verified(store)
    assert (found.faults, found.records) == ((), 1_203)
    assert await store.trail("r1202") == [{"what": "answered", "detail": {"rows": 1_202, "é": 0.5}}]
    assert (await Trail(store.engine).of("r8"))[0].at == AT
    await store.close()
    migrate(engine, command.downgrade, BEFORE)
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT COUNT(*) FROM audit")).scalar_one() == 1_203
    engine.dispose()


async def test_records_are_told_as_lines_once_they_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each record is a line of JSON in the file or on stdout; what was rolled back is none."""
    for log in (tmp_path / "audit.jsonl", STDOUT):
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/{log.name}.db", AuditSettings(log=log))
        await store.open()
        await store.note("r1", "started", {"n": 1})
        with pytest.raises(ZeroDivisionError):
            async with audited(store.engine) as (_, note):
                note("r1", "answered", {"n": 1 // 0})
        await store.note("r1", "answered", {"n": 2})
        text = capsys.readouterr().out if log == STDOUT else log.read_text()
        records = [record.line async for record in Trail(store.engine).records()]
        assert text.splitlines() == records
        assert [json.loads(line)["seq"] for line in records] == [1, 2]
        await store.close()


async def test_a_file_that_can_not_be_written_stops_nothing(tmp_path: Path) -> None:
    """The store's own record is the one that counts."""
    log = tmp_path / "nowhere" / "audit.jsonl"
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db", AuditSettings(log=log))
    await store.open()
    await store.note("r1", "answered", {})
    assert not (await verified(store)).faults
    await store.close()


async def test_a_keyed_chain_needs_its_key(tmp_path: Path) -> None:
    """With the key a sealed chain is whole; without it nothing of it can be told, which is said."""
    url = f"sqlite+aiosqlite:///{tmp_path}/store.db"
    store = Store(url, AuditSettings((KEY,)))
    await store.open()
    await store.note("r1", "answered", {})
    assert not (await verified(store)).faults
    await store.close()
    without = Store(url)
    assert "CROSSTALK_AUDIT_KEY" in (await verified(without)).faults[0].message
    await without.close()


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("UPDATE audit_records SET detail = '{\"n\": 7}' WHERE seq = 2", 2),
        ("UPDATE audit_records SET run_id = 'r9' WHERE seq = 2", 2),
        ("UPDATE audit_records SET at = '2026-01-01 00:00:00.000000' WHERE seq = 3", 3),
        ("DELETE FROM audit_records WHERE seq = 2", 3),
        ("DELETE FROM audit_records WHERE seq = 1", 2),
        ("DELETE FROM audit_records WHERE seq = 4", 4),
        ("UPDATE audit_records SET seq = 9 - seq WHERE seq BETWEEN 2 AND 3", 6),
        ("DELETE FROM audit_head", 4),
        ("UPDATE audit_head SET seq = 3", 4),
    ],
)
async def test_what_is_done_behind_its_back_is_found(store: Store, change: str, seq: int) -> None:
    """A record that is changed, deleted or moved in the database itself is found, and where."""
    for n in range(4):
        await store.note("r1", "answered", {"n": n})
    assert not (await verified(store)).faults
    await write(store, change)
    assert seq in {fault.seq for fault in (await verified(store)).faults}


async def test_nothing_is_run_unrecorded(store: Store) -> None:
    """Without the head nothing can be written, so what should be recorded fails aloud."""
    await write(store, "DELETE FROM audit_head")
    with pytest.raises(ConfigurationError, match="audit verify"):
        await store.note("r1", "started", {})


async def test_a_pruned_trail_is_whole(store: Store) -> None:
    """Records of before a day go, once and again; a record stands for them, and the rest holds."""
    trail = Trail(store.engine)
    for n in range(5):
        await store.note(f"r{n}", "answered", {"n": n})
    anchor = await trail.head()
    now = datetime.now(UTC)
    assert await trail.prune(now - timedelta(days=1), "ada") == 0
    assert await trail.prune(now + timedelta(days=1), "ada") == 4
    found = await verified(store, anchor)
    assert (found.faults, found.first, found.last) == ((), 5, 6)
    assert await trail.prune(now + timedelta(days=1), "ada") == 1
    left = [record async for record in trail.records()]
    assert [(record.seq, record.detail["through"]) for record in left] == [(6, 4), (7, 5)]
    found = await verified(store, anchor)
    assert (found.faults, found.records) == ((), 2)
    await write(store, "DELETE FROM audit_records WHERE seq = 6")
    assert (await verified(store)).faults


async def test_the_first_head_is_that_of_nothing(store: Store) -> None:
    """A new store's chain is empty and whole."""
    assert await Trail(store.engine).head() == Head(0, GENESIS)
    assert not (await verified(store)).faults
