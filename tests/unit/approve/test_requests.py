"""The life of a request in the store: every change is one compare-and-set."""

from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.approve.grant import Grant
from orchestrator.store import Approvals, Grants, Store
from tests.unit.approve.racing import LATER, asked, races
from tests.unit.approve.test_decide import NOON


@pytest.fixture
def approvals(store: Store) -> Approvals:
    """Its requests."""
    return Approvals(store.engine)


async def test_a_request_is_kept_whole(store: Store, approvals: Approvals) -> None:
    """What is asked comes back as it was, with where its card stands; the run waits with it."""
    one = await asked(store, "r1", remind_at=LATER, escalation="directors", edited_by="U5")
    assert await approvals.of("r1") == one
    assert await approvals.of("r2") is None
    await approvals.posted("r1", ("C1", "2.2"), ("C2", "3.3"))
    found = await approvals.of("r1")
    assert found is not None
    assert (found.card, found.notice) == (("C1", "2.2"), ("C2", "3.3"))
    run = await store.recall("r1")
    assert run is not None
    assert (run.status, run.channel, run.thread) == ("waiting", "C1", "T1:C1:1.1")
    assert [request.run_id for request in await approvals.waiting("T1")] == ["r1"]
    assert await approvals.waiting("T2") == []


async def test_an_approval_counts_for_its_digest_and_in_time_alone(
    store: Store, approvals: Approvals
) -> None:
    """Another digest, an ended request or one whose time is over can't be approved."""
    one = await asked(store, "r1")
    digest = one.binding.digest
    assert await approvals.approve(one, "x" * 64, "U2", LATER) is None
    assert await approvals.approve(one, digest, "U2", one.expires_at) is None
    found = await approvals.approve(one, digest, "U2", LATER)
    assert found is not None
    assert (found.status, found.decided_by, found.decided_at) == ("approved", "U2", LATER)
    assert await approvals.approve(one, digest, "U3", LATER) is None
    assert await approvals.close(one, "rejected", LATER, by="U3") is None
    run = await store.recall("r1")
    assert run is not None
    assert run.status == "approved"


async def test_a_closed_request_stays_closed(store: Store, approvals: Approvals) -> None:
    """After its end it can be neither approved nor ended otherwise, and is never due."""
    one = await asked(store, "r1", remind_at=LATER)
    ended = await approvals.close(one, "rejected", LATER, by="U2", reason="no need")
    assert ended is not None
    assert (ended.status, ended.reason, ended.decided_by) == ("rejected", "no need", "U2")
    assert await approvals.approve(one, one.binding.digest, "U3", LATER) is None
    assert await approvals.close(one, "expired", LATER) is None
    assert await approvals.due(NOON + timedelta(days=9)) == []
    assert await approvals.claim(one, "remind_at", LATER) is None
    assert [line["what"] for line in await store.trail("r1")] == ["proposed", "asked", "rejected"]


async def test_what_was_approved_can_only_become_stale(store: Store, approvals: Approvals) -> None:
    """An approved request ends by whoever read it as approved; who read it waiting is too late."""
    one = await asked(store, "r1")
    approved = await approvals.approve(one, one.binding.digest, "U2", LATER)
    assert approved is not None
    assert await approvals.close(one, "stale", LATER) is None
    assert await approvals.close(approved, "stale", LATER) is not None


async def test_what_is_due_is_found_by_its_time(store: Store, approvals: Approvals) -> None:
    """A request is due from its first open step on, and no step is claimed before its time."""
    one = await asked(store, "r1", remind_at=LATER, escalate_at=LATER + timedelta(hours=1))
    assert await approvals.due(NOON) == []
    assert await approvals.claim(one, "remind_at", NOON) is None
    assert [found.run_id for found in await approvals.due(LATER)] == ["r1"]
    assert await approvals.claim(one, "remind_at", LATER)
    assert await approvals.due(LATER) == []
    claimed = await approvals.claim(one, "escalate_at", LATER + timedelta(hours=1))
    assert claimed is not None
    assert claimed.escalated
    assert [found.run_id for found in await approvals.due(one.expires_at)] == ["r1"]


async def test_two_at_once_on_sqlite(store: Store, tmp_path: Path) -> None:
    """Two replicas on one SQLite file do nothing twice."""
    other = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await other.open()
    try:
        await races(store, other)
    finally:
        await other.close()


async def test_grants_are_of_a_team_and_end(store: Store) -> None:
    """A grant is listed for its team and channel until it ends or is revoked, once."""
    grants, days = Grants(store.engine), timedelta(days=30)
    lists = (("customer",), ("customer.name",), ("sales",), ("pii:customer.name",))
    one = Grant("g1", "T1", "C1", *lists, 500, "U2", NOON, NOON + days)
    await grants.give(one)
    assert await grants.list("T1", NOON) == [one]
    assert await grants.list("T1", NOON, "C1") == [one]
    assert await grants.list("T1", NOON, "C2") == []
    assert await grants.list("T2", NOON) == []
    assert await grants.list("T1", NOON + days) == []
    assert not await grants.revoke("g1", "T2", "U3", NOON)
    assert await grants.revoke("g1", "T1", "U3", NOON)
    assert not await grants.revoke("g1", "T1", "U3", NOON)
    assert await grants.list("T1", NOON) == []
    assert [line["what"] for line in await store.trail("g1")] == ["granted", "revoked"]
