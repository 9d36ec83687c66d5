"""The audit trail of several replicas on each database, and of answers over the whole company."""

import asyncio
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.replaying import Replayed, replayed
from orchestrator.audit import Verdict, Verifier
from orchestrator.question import question
from orchestrator.semantic import SemanticModel
from orchestrator.store import Head, Ledger, Store, Trail
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON, answer_of, opened, vault_of

JOINED = """SELECT c.name, t.number FROM customer AS c JOIN ticket AS t
ON t.customer_id = c.customer_id WHERE t.priority = 'P1' AND t.status = 'open'"""


async def verified(store: Store, anchor: Head | None = None) -> Verdict:
    """What is found of a store's whole trail."""
    trail, verifier = Trail(store.engine), Verifier(Ledger.of(store.engine).seal, anchor)
    async for record in trail.records():
        verifier.see(record)
    return verifier.end(await trail.head())


async def run(store: Store, run_id: str) -> None:
    """All that one run writes: three records in three transactions."""
    await store.propose(
        run_id,
        question("how many?", ADA, asked_at=NOON),
        sql="SELECT 1",
        plan_text="plan",
        digest="d",
        planner="grammar",
        approval={"by": "rule", "é": [1, 0.1, None]},
    )
    await store.note(run_id, "started", {})
    await store.finish(run_id, "answered", {"rows": 1})


async def test_replicas_write_one_chain(stores: tuple[Store, Store]) -> None:
    """Runs that end at the same time in two replicas leave one chain without a gap or a fork."""
    one, other = stores
    names = [f"{number}" for number in range(20)]
    await asyncio.gather(
        *(run(one, f"one{name}") for name in names), *(run(other, f"other{name}") for name in names)
    )
    found = await verified(one)
    assert (found.faults, found.records, found.last) == ((), 120, 120)
    for name in ("one0", "other19"):
        records = await Trail(other.engine).of(name)
        assert [record.what for record in records] == ["approved", "started", "answered"]


async def test_pruning_while_others_write(stores: tuple[Store, Store]) -> None:
    """The chain stays whole when records are pruned by two at once while runs go on."""
    one, other = stores
    for name in ("a", "b", "c"):
        await run(one, name)
    last = [record async for record in Trail(one.engine).records()][-1]
    prune = (Trail(store.engine).prune(last.at, "ada") for store in stores)
    counts = await asyncio.gather(*prune, *(run(other, f"r{number}") for number in range(10)))
    found = await verified(other)
    assert found.faults == ()
    assert sum(count or 0 for count in counts) == 8


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_records SET detail = '{}' WHERE seq = 4",
        "UPDATE audit_records SET what = 'rejected' WHERE seq = 5",
        "DELETE FROM audit_records WHERE seq IN (2, 3)",
        "DELETE FROM audit_records WHERE seq > 4",
        "UPDATE audit_records SET seq = -seq WHERE seq IN (3, 4)",
    ],
)
async def test_tampering_is_found(stores: tuple[Store, Store], change: str) -> None:
    """What is changed, deleted or moved in the database is found by another replica."""
    one, other = stores
    for name in ("a", "b"):
        await run(one, name)
    assert not (await verified(other)).faults
    async with one.engine.begin() as connection:
        await connection.execute(sa.text(change))
    assert (await verified(other)).faults


async def test_an_answer_leaves_its_whole_story(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Each fetch step's operation, place, lease, rows and bytes are in the trail; no value and no
    secret is; and replayed, the answer is the same."""
    assert sandbox.vault is not None
    before = {lease.id for lease in sandbox.vault.leases}
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        answer = await answer_of(pipeline, "open P1 tickets", JOINED)
        proposed, started, ended = await Trail(pipeline.store.engine).of(answer.run_id)
        leases = {lease.id for lease in sandbox.vault.leases} - before
        found = await replayed(pipeline, answer.run_id, "ada", NOON, is_confirmed=False)
        assert not (await verified(pipeline.store)).faults
    assert proposed.detail["user"] == ADA.user
    begun, done = started.detail["operations"], ended.detail["operations"]
    assert {one["db_type"] for one in begun} == {"postgres", "mongo"}
    assert all(one["db_endpoint"].startswith("127.0.0.1:") for one in begun)
    assert [one["operation"] for one in begun] == [one["operation"] for one in done]
    assert all(one["rows"] and one["bytes"] and one["outcome"] == "fetched" for one in done)
    assert {one["lease"] for one in done} <= leases
    assert len({one["lease"] for one in done}) == len(done) == 2
    native = json.dumps([started.detail, ended.detail])
    assert "P1" not in native
    assert ended.detail["receipt"]["result_rows"] == answer.table.num_rows
    assert isinstance(found, Replayed)
    assert found.differences == ()
