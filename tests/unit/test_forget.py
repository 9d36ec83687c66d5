"""A workspace that takes the app away is forgotten, and its neighbours are not."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from bot.runs import Runs
from bot.slack.approval.listeners import start
from bot.slack.approval.reminders import start_approved
from orchestrator.approve.grant import Grant
from orchestrator.approve.request import Binding, Request
from orchestrator.approve.risk import Risk
from orchestrator.pipeline import Pipeline
from orchestrator.plan.budget import Budget, Cost
from orchestrator.question import Question, Requester
from orchestrator.store import Approvals, Choices, Grants, ProposedQueries, Queue, Spending, Store
from orchestrator.store.tables import metadata, seen

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


async def use(store: Store, team: str) -> str:
    """All that a workspace leaves in the store: its approved run's id."""
    run_id, thread = f"run{team}", f"{team}:C1:1.1"
    asked = Question("a secret question", Requester(team, "U1"), AT, "C1", thread)
    await store.propose(
        run_id,
        asked,
        sql="SELECT 1",
        plan_text="s1",
        digest="d",
        planner="grammar",
        approval={"team": team},
        waits=True,
    )
    approvals = Approvals(store.engine)
    request = Request(
        run_id=run_id,
        binding=Binding("p", (), "m", "p", team, "U1"),
        risk=Risk((), (), 1, 1),
        channel="C1",
        group="approvers",
        escalation="",
        needed=1,
        asked_at=AT,
        expires_at=AT + timedelta(days=1),
        remind_at=None,
        escalate_at=None,
    )
    await approvals.ask(request)
    assert await approvals.approve(request, request.binding.digest, "U2", AT) is not None
    grant = Grant(run_id, team, "C1", (), (), (), (), 1, "U2", AT, AT + timedelta(days=1))
    await Grants(store.engine).give(grant)
    await Queue(store.engine).put(thread, [thread, f"run {run_id}"], "question", {"text": "x"})
    await Choices(store.engine).remember(team, "U1", "revenue", "net revenue", (), AT, "C1")
    run = await store.recall(run_id)
    assert run is not None
    assert await ProposedQueries(store.engine).propose(run, "good", "U1", AT) is not None
    purse = Spending(store.engine, Budget())
    async with purse.paying(Question("x", Requester(team, "U1"), AT), Cost(1, 0.1)):
        await store.belongs(team, "E1")
    return run_id


async def rows(store: Store, team: str) -> dict[str, int]:
    """How many rows of each table name a workspace anywhere."""
    found: dict[str, int] = {}
    async with store.engine.connect() as connection:
        for table in metadata.tables.values():
            all_rows = (await connection.execute(sa.select(table))).all()
            found[table.name] = sum(team in repr(row) for row in all_rows)
    return found


async def test_nothing_stays_but_the_audit_trail(store: Store) -> None:
    """Every table is empty of the workspace but the trail, which has no question in it."""
    await use(store, "T1")
    await use(store, "T12")
    neighbour = await rows(store, "T12")
    assert all(neighbour[name] for name in ("runs", "approvals", "approval_votes", "grants"))
    kept = ("queue", "seen", "workspaces", "spending", "audit_records")
    assert all(neighbour[name] for name in kept)
    assert neighbour["choices"] == neighbour["proposed_queries"] == 1
    await store.forget("T1")
    assert await store.recall("runT1") is None
    assert await rows(store, "T12") == neighbour
    await store.forget("T12")
    left = {name for name, count in (await rows(store, "T1")).items() if count}
    assert left == {"audit_records"}
    assert "secret" not in repr([await store.trail("runT1"), await store.trail("runT12")])


async def test_an_organisation_takes_all_its_workspaces_along(store: Store) -> None:
    """An installation of a whole organisation ends for each workspace that used it."""
    await use(store, "T1")
    await use(store, "T2")
    await store.forget_organisation("E1")
    assert await store.recall("runT1") is None
    assert await store.recall("runT2") is None


class Kept:
    """As much of a pipeline as starting a run needs."""

    def __init__(self, store: Store) -> None:
        self.recall = store.recall


async def test_what_was_approved_and_never_queued_is_started_once(store: Store) -> None:
    """The sweep queues it; what was queued before, has ended or is old is left alone."""
    run_id = await use(store, "T1")
    approvals, queue = Approvals(store.engine), Queue(store.engine)
    runs, pipeline = Runs(queue), cast("Pipeline", Kept(store))
    begin = partial(start, pipeline, runs)

    async def claimed() -> list[str]:
        found: list[str] = []
        while (work := await queue.claim(["question", "approved"])) is not None:
            found.append(work.kind)
            await queue.done(work)
        return found

    await start_approved(approvals, begin, AT)
    assert await claimed() == ["question"]
    async with store.engine.begin() as connection:
        await connection.execute(sa.delete(seen).where(seen.c.key == f"run {run_id}"))
    await start_approved(approvals, begin, AT + timedelta(days=2))
    assert await claimed() == []
    await start_approved(approvals, begin, AT)
    await start_approved(approvals, begin, AT)
    assert await claimed() == ["approved"]
    async with store.engine.begin() as connection:
        await connection.execute(sa.delete(seen))
    await store.finish(run_id, "answered", {})
    await start_approved(approvals, begin, AT)
    assert await claimed() == []


async def test_a_key_is_seen_only_with_its_row(store: Store) -> None:
    """When the row can't be written its key is not remembered, so that a later try is no repeat."""
    queue = Queue(store.engine)
    with pytest.raises(StatementError):
        await queue.put("lane", ["run r1"], "approved", {"not json": object()})
    assert await queue.put("lane", ["run r1"], "approved", {"run_id": "r1"})
