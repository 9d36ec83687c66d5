"""A stored answer run again: by the same rules, for its receipt alone."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.replaying import Replayed, replayed
from orchestrator.approve import ApprovedPlan
from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.question import question
from orchestrator.semantic import load
from orchestrator.store import Trail
from tests.conftest import ADA, NOON, opened
from tests.unit.audit.shop import NEEDS_APPROVAL, ROWS, SQL, shop

Open = Callable[..., AbstractAsyncContextManager[Pipeline]]


@pytest.fixture
def over(tmp_path: Path) -> Open:
    """Opens a pipeline over the shop, of a model with more or less in it."""

    @asynccontextmanager
    async def pipeline(**more: Any) -> AsyncGenerator[Pipeline]:
        async with opened(load(shop(tmp_path, **more)), None, tmp_path) as one:
            yield one

    return pipeline


async def answered(pipeline: Pipeline, sql: str = SQL) -> str:
    """Have SQL answered; a decision that it needs is given by somebody else. The run's id."""
    proposed = await pipeline.propose(question("by SQL", ADA, asked_at=NOON), sql)
    assert isinstance(proposed, Proposed), proposed
    approved = proposed.approved
    if approved is None:
        request = await pipeline.approvals.of(proposed.run_id)
        assert request is not None
        await pipeline.approvals.approve(request, request.binding.digest, "U2", NOON)
        decided = await pipeline.decisions.approved(proposed.run_id, NOON)
        assert isinstance(decided, ApprovedPlan)
        approved = decided
    *_, last = [event async for event in pipeline.run(approved)]
    assert isinstance(last, Finished)
    assert not last.answer.failed
    return proposed.run_id


async def again(pipeline: Pipeline, run_id: str, *, is_confirmed: bool = False) -> Any:
    """Run it again as an operator."""
    return await replayed(pipeline, run_id, "operator", NOON, is_confirmed=is_confirmed)


async def test_the_same_rows_are_the_same(over: Open) -> None:
    """Nothing differs while nothing has changed; the trail tells of it, and the run stays as it
    was."""
    async with over() as pipeline:
        run_id = await answered(pipeline)
        found = await again(pipeline, run_id)
        assert isinstance(found, Replayed)
        assert found.differences == ()
        assert found.then == found.now
        assert found.now.result_rows == 2
        records = await Trail(pipeline.store.engine).of(run_id)
        run = await pipeline.recall(run_id)
    assert [one.what for one in records] == [
        "approved", "started", "answered", "replaying", "replayed",
    ]  # fmt: skip
    assert records[-1].detail["operator"] == "operator"
    first, second = (records[at].detail["operations"][0]["operation"] for at in (1, 3))
    assert first != second
    assert run is not None
    assert run.status == "answered"


async def test_other_rows_are_a_difference(over: Open, tmp_path: Path) -> None:
    """A row more at the source is told by counts, another value in as many rows by the result."""
    async with over() as pipeline:
        run_id = await answered(pipeline)
        (tmp_path / "customers.csv").write_text("\n".join([*ROWS, "4,Dan,FR"]))
        found = await again(pipeline, run_id)
        assert found.differences == (
            "s1 gave 2 rows then, and 3 rows now.",
            "The result had 2 rows then, and 3 rows now.",
        )
        (tmp_path / "customers.csv").write_text("\n".join([*ROWS, "4,Dan,DE"]))
        found = await again(pipeline, run_id)
        assert found.differences == ("The result has as many rows, but other values.",)


async def test_a_changed_schema_and_policy_are_told(over: Open, tmp_path: Path) -> None:
    """What has changed about the source and the model is said beside what that did to the rows."""
    async with over() as pipeline:
        run_id = await answered(pipeline)
    async with over(policies={"max_rows": 1_000}) as pipeline:
        rows = [",".join([row, "more" if n == 0 else "x"]) for n, row in enumerate(ROWS)]
        (tmp_path / "customers.csv").write_text("\n".join(rows))
        found = await again(pipeline, run_id)
    assert found.differences == ("The policy has changed.", "The schema of shop has changed.")


async def test_what_needs_an_approval_needs_it_still(over: Open) -> None:
    """A plan that people approved runs again only as they saw it, and when that is confirmed."""
    async with over(policies=NEEDS_APPROVAL) as pipeline:
        run_id = await answered(pipeline)
        refused = await again(pipeline, run_id)
        assert isinstance(refused, Refused)
        assert "--confirm" in refused.message
        found = await again(pipeline, run_id, is_confirmed=True)
        assert found.differences == ()
        records = await Trail(pipeline.store.engine).of(run_id)
    assert records[-2].detail["reason"] == "approved, and confirmed by an operator"
    assert records[-2].detail["by"] == ["U2"]
    changed = NEEDS_APPROVAL | {"max_rows": 1_000}
    async with over(policies=changed) as pipeline:
        refused = await again(pipeline, run_id, is_confirmed=True)
        assert isinstance(refused, Refused)
        assert "policy has changed" in refused.message


async def test_what_has_come_to_need_an_approval_is_not_run(over: Open) -> None:
    """An answer that the rules let through then is not run again where they no longer do."""
    async with over() as pipeline:
        run_id = await answered(pipeline)
    async with over(policies=NEEDS_APPROVAL) as pipeline:
        refused = await again(pipeline, run_id, is_confirmed=True)
        assert isinstance(refused, Refused)
        assert "needs a person's decision" in refused.message
        records = await Trail(pipeline.store.engine).of(run_id)
    assert records[-1].what == "answered"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE runs SET sql = 'SELECT name FROM customer'", "not the one in its audit trail"),
        ('UPDATE audit_records SET detail = \'{"sql": "SELECT 1"}\' WHERE seq = 1', "changed"),
        ("DELETE FROM audit_records WHERE what = 'answered'", "no receipt"),
        ("DELETE FROM runs", "no run"),
    ],
)
async def test_what_was_tampered_with_is_not_run(over: Open, change: str, said: str) -> None:
    """SQL or records that were changed in the store, and runs that are gone, are refused."""
    async with over() as pipeline:
        run_id = await answered(pipeline)
        async with pipeline.store.engine.begin() as connection:
            await connection.execute(sa.text(change))
        refused = await again(pipeline, run_id)
        assert isinstance(refused, Refused)
        assert said in refused.message
        async for record in Trail(pipeline.store.engine).records():
            assert record.what != "replaying"


async def test_what_is_the_askers_own_is_not_an_operators(over: Open) -> None:
    """A source that is read with the rights of who asks, and a file of a thread, are not read."""
    files = '[{"entity": "f", "file_id": "F1", "title": "f.csv", "digest": "d"}]'
    async with over() as pipeline:
        run_id = await answered(pipeline)
        adapter = pipeline.sources["shop"].adapter
        adapter.capabilities = replace(adapter.capabilities, personal=True)
        refused = await again(pipeline, run_id)
        assert isinstance(refused, Refused)
        assert "asker's own rights" in refused.message
        adapter.capabilities = replace(adapter.capabilities, personal=False)
        changed = sa.text("UPDATE runs SET draft = json_set(draft, '$.files', json(:files))")
        async with pipeline.store.engine.begin() as connection:
            await connection.execute(changed, {"files": files})
        refused = await again(pipeline, run_id)
        assert isinstance(refused, Refused)
        assert "files of a thread" in refused.message


async def test_a_run_of_nobody_is_refused(over: Open) -> None:
    """An id that the trail does not know has nothing to run again."""
    async with over() as pipeline:
        assert isinstance(await again(pipeline, "nobody"), Refused)
