"""What stands between a question's SQL and a source, tried over a shop of one file."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.errors import ConfigurationError, QueryError, UnknownName
from orchestrator.approve import ApprovedPlan
from orchestrator.approve.decide import Choice, Decided, Decider
from orchestrator.approve.grant import Grant
from orchestrator.deciding import Stale
from orchestrator.events import Finished
from orchestrator.outcome import Failed
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.plan import Draft
from orchestrator.question import question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import load
from tests.conftest import ADA, NOON, opened
from tests.unit.approve.test_decide import Groups
from tests.unit.audit.shop import NEEDS_APPROVAL, SQL, shop

Open = Callable[..., AbstractAsyncContextManager[Pipeline]]
NAMES = "SELECT name FROM customer"
BEN = Decider(ADA.team, "U2", is_member=True)
APPROVERS = Groups(S1={"U2"})


@pytest.fixture
def over(tmp_path: Path) -> Open:
    """Opens a pipeline over the shop; `change` is made to its model's text."""

    @asynccontextmanager
    async def pipeline(*change: str, seconds: float = 0, **more: Any) -> AsyncGenerator[Pipeline]:
        path = shop(tmp_path, **more)
        if change:
            (before, after), text = change, path.read_text()
            assert before in text
            path.write_text(text.replace(before, after))
        async with opened(load(path), None, tmp_path, cache_seconds=seconds, warm=False) as one:
            yield one

    return pipeline


async def proposed(pipeline: Pipeline, sql: str = SQL, channel: str = "") -> Any:
    """What comes of SQL."""
    return await pipeline.propose(question("by SQL", ADA, asked_at=NOON, channel=channel), sql)


async def approved(pipeline: Pipeline, sql: str = SQL) -> ApprovedPlan:
    """The plan of SQL that the rules let run."""
    one = await proposed(pipeline, sql)
    assert isinstance(one, Proposed)
    assert one.approved is not None
    return one.approved


async def decide(pipeline: Pipeline, run_id: str) -> Any:
    """An approver approves."""
    return await pipeline.decisions.decide(run_id, Choice.APPROVE, BEN, APPROVERS, NOON)


async def test_columns_are_those_of_the_live_catalog(over: Open) -> None:
    """A column that the source does not have is refused, and nothing is sent."""
    async with over("name: name", "name: nickname") as pipeline:
        refused = await proposed(pipeline, NAMES)
    assert isinstance(refused, Refused)
    assert "nickname" in refused.message


async def test_personal_data_is_refused_by_default(over: Open) -> None:
    """A class that the policy does not name can't be read."""
    async with over("name:\n        type: string", "name: {type: string, pii: contact}") as one:
        refused = await proposed(one, NAMES)
    assert isinstance(refused, Refused)
    assert "personal data (class contact)" in refused.message


async def test_what_the_policy_forbids_is_refused(over: Open) -> None:
    """A plan of forbidden risk is not stored, and can be approved by nobody."""
    rules = {"approval": {"rules": {"free_form": "forbidden"}}}
    async with over(policies=rules) as pipeline:
        assert isinstance(await proposed(pipeline), Refused)


async def test_what_needs_people_waits_for_them(over: Open) -> None:
    """A plan of high risk is not approved by rule."""
    async with over(policies=NEEDS_APPROVAL) as pipeline:
        waits = await proposed(pipeline)
    assert isinstance(waits, Proposed)
    assert waits.approved is None


async def test_an_approval_is_for_one_plan(over: Open) -> None:
    """With the decision about another plan nothing is read."""
    async with over() as pipeline:
        small, large = await approved(pipeline), await approved(pipeline, NAMES)
        moved = replace(large, decision=small.decision)
        async with pipeline.staging.opened() as staging:
            with pytest.raises(QueryError, match="another plan"):
                async for _ in pipeline.executor.execute(moved, staging, {}):
                    pass


async def test_a_grant_bounds_every_fetch(over: Open) -> None:
    """Whatever the estimate said, no more rows come than a grant allows."""
    grant = Grant("g1", ADA.team, "C1", ("customer",), (), ("shop",), (), 2, "U1", NOON, NOON)
    async with over() as pipeline:
        whole = await approved(pipeline, NAMES)
        narrow = replace(whole, decision=replace(whole.decision, grant=grant))
        *_, last = [event async for event in pipeline.run(narrow)]
    assert isinstance(last, Finished)
    assert last.answer.table.num_rows == 2


async def test_the_policy_bounds_every_fetch(over: Open) -> None:
    """No more rows come than `max_rows` allows."""
    async with over(policies={"max_rows": 2}) as pipeline:
        *_, last = [event async for event in pipeline.run(await approved(pipeline, NAMES))]
    assert isinstance(last, Finished)
    assert last.answer.table.num_rows == 2


@pytest.mark.parametrize("moment", ["decided", "run"])
async def test_what_has_changed_is_asked_anew(over: Open, moment: str) -> None:
    """When the policy has changed since it was asked or approved, the decision is about something
    else: at the click, and once more before it runs."""
    async with over(policies=NEEDS_APPROVAL) as pipeline:
        waits = await proposed(pipeline)
        if moment == "run":
            assert isinstance(await decide(pipeline, waits.run_id), Decided)
    async with over(policies=NEEDS_APPROVAL | {"max_rows": 1_000}) as pipeline:
        if moment == "run":
            found = await pipeline.decisions.approved(waits.run_id, NOON)
        else:
            found = await decide(pipeline, waits.run_id)
    assert isinstance(found, Stale)


async def test_an_expired_request_is_not_decided(over: Open) -> None:
    """A click after the time is over decides nothing, and ends the request."""
    async with over(policies=NEEDS_APPROVAL) as pipeline:
        waits = await proposed(pipeline)
        request = await pipeline.approvals.of(waits.run_id)
        assert request is not None
        late = request.expires_at
        await pipeline.decisions.decide(waits.run_id, Choice.APPROVE, BEN, APPROVERS, late)
        request = await pipeline.approvals.of(waits.run_id)
    assert request is not None
    assert request.status == "expired"


async def test_a_source_has_so_long(over: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch that never ends is given up when its source's time is over, whatever the adapter."""
    async with (
        over("kind: duckdb", "kind: duckdb\n    timeout_s: 0.3") as pipeline,
        asyncio.timeout(20),
    ):
        plan = await approved(pipeline, NAMES)

        async def never(*_: Any) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(type(pipeline.sources["shop"].adapter), "fetch", never)
        events = [event async for event in pipeline.run(plan)]
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert "did not answer within 0.3 s" in failed.reason


async def test_nothing_is_asked_that_is_not_recorded(
    over: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the audit trail can't be written, no source is asked."""
    asked: list[object] = []
    async with over() as pipeline:
        plan = await approved(pipeline, NAMES)
        adapter = type(pipeline.sources["shop"].adapter)
        monkeypatch.setattr(adapter, "fetch", lambda *arguments: asked.append(arguments))
        async with pipeline.store.engine.begin() as connection:
            await connection.execute(sa.text("DELETE FROM audit_head"))
        with pytest.raises(ConfigurationError, match="audit trail"):
            async for _ in pipeline.run(plan):
                pass
    assert asked == []


async def test_personal_rows_are_not_shared(over: Open) -> None:
    """What was read with somebody's own rights is not kept for the next question."""
    async with over(seconds=300) as pipeline:
        adapter = pipeline.sources["shop"].adapter
        adapter.capabilities = replace(adapter.capabilities, personal=True)
        for _ in range(2):
            *_, last = [event async for event in pipeline.run(await approved(pipeline, NAMES))]
            assert isinstance(last, Finished)
            assert not any(source.cached for source in last.answer.sources)


async def test_a_planner_reads_what_it_was_shown(over: Open) -> None:
    """A draft that obeys a text and reads another entity than those it was given is refused."""
    async with over() as pipeline:
        asked = question("how many orders?", ADA, asked_at=NOON)
        draft = Draft(NAMES, "claude")
        planned: Any = pipeline._plan  # pyright: ignore[reportPrivateUsage]
        assert await planned(asked, draft, Candidates(entities=("customer",)))
        with pytest.raises(UnknownName, match="which nothing in the question led to"):
            await planned(asked, draft, Candidates(entities=("order",)))
