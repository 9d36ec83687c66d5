"""Rows over live sources: staged, shared between equal questions, and gone with their run."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.errors import SourceUnreachable
from adapters.query import NativeQuery
from bot.slack.answer.footer import source_line
from orchestrator import staging as staging_room
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.events import Finished, Started
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import question
from orchestrator.semantic import SemanticModel
from orchestrator.staging import StagingSettings
from sandbox.company.facts import clean_ref
from sandbox.sandbox import Sandbox
from tests.conftest import ADA, NOON, answer_of, opened, vault_of
from tests.engine.oracle import comparable, oracle
from tests.engine.test_oracle import QUERIES
from tests.engine.watched import Watched, watch

SQL = """SELECT c.name, COUNT(*) AS n FROM customer AS c JOIN ticket AS t
ON t.customer_id = c.customer_id WHERE t.priority = 'P1' GROUP BY c.name ORDER BY n DESC, c.name"""


@pytest.fixture
async def own(sandbox: Sandbox, model: SemanticModel, tmp_path: Path) -> AsyncGenerator[Pipeline]:
    """A pipeline of this test alone, that keeps rows, and spills below the test's folder."""
    settings = StagingSettings(spill_folder=tmp_path)
    vault = vault_of(sandbox)
    async with opened(model, vault, tmp_path, cache_seconds=300, staging=settings) as one:
        yield one


async def nothing(_credential: Credential) -> None:
    """Look at nothing."""


@dataclass(slots=True)
class Gate:
    """Holds the first fetch that comes, until it is opened."""

    reached: asyncio.Event
    go: asyncio.Event
    count: int = 0

    async def __call__(self, _credential: Credential) -> None:
        self.count += 1
        if self.count == 1:
            self.reached.set()
            await self.go.wait()


def gate() -> Gate:
    """A closed gate."""
    return Gate(asyncio.Event(), asyncio.Event())


async def approved(pipeline: Pipeline, sql: str = SQL) -> ApprovedPlan:
    """The approved plan of an SQL query."""
    proposed = await pipeline.propose(question("by SQL", ADA, asked_at=NOON), sql)
    assert isinstance(proposed, Proposed)
    assert proposed.approved is not None
    return proposed.approved


async def run(pipeline: Pipeline, one: ApprovedPlan) -> Answer:
    """The answer of an approved plan."""
    answers = [e.answer async for e in pipeline.run(one) if isinstance(e, Finished)]
    assert not answers[0].failed, answers[0].warnings
    return answers[0]


async def started(pipeline: Pipeline, one: ApprovedPlan) -> asyncio.Task[Answer]:
    """A run under way, once its fetch of support has begun, or waits for an equal one."""
    begun = asyncio.Event()
    support = next(s.id for s in one.validated.plan.steps if s.source == "support")

    async def follow() -> Answer:
        async for event in pipeline.run(one):
            if event == Started(support):
                begun.set()
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError

    task = asyncio.create_task(follow())
    await begun.wait()
    return task


async def test_an_equal_question_is_answered_from_kept_rows(own: Pipeline) -> None:
    """The second time no source is read, the rows are the same, and every source says so."""
    first = await answer_of(own, "by SQL", SQL)
    support, sales = watch(own, "support", nothing), watch(own, "sales", nothing)
    second = await answer_of(own, "by SQL", SQL)
    assert (support.used, sales.used) == ([], [])
    assert second.table.equals(first.table)
    assert [source.cached for source in first.sources] == [False, False]
    assert all(source.cached and 0 <= source.age_s < 300 for source in second.sources)
    assert all("cached, " in source_line(s) and " ago" in source_line(s) for s in second.sources)


async def test_another_value_is_another_fetch(own: Pipeline) -> None:
    """A question that differs in one value is not answered from the rows of the other."""
    await answer_of(own, "by SQL", SQL)
    support = watch(own, "support", nothing)
    other = await answer_of(own, "by SQL", SQL.replace("'P1'", "'P4'"))
    assert len(support.used) == 1
    assert not any(source.cached for source in other.sources if source.source == "support")


async def test_another_policy_is_another_fetch(own: Pipeline) -> None:
    """Who may read by another policy is never given rows that were read under this one."""
    one = await approved(own)
    await run(own, one)
    support = watch(own, "support", nothing)
    other = replace(one, validated=replace(one.validated, scope="another policy"))
    assert not any(source.cached for source in (await run(own, other)).sources)
    assert len(support.used) == 1


async def test_equal_questions_at_once_read_once(own: Pipeline) -> None:
    """Of two runs at the same time one reads, and both have the rows."""
    held = gate()
    support = watch(own, "support", held)
    one = await approved(own)
    first = await started(own, one)
    await held.reached.wait()
    second = await started(own, one)
    held.go.set()
    answers = await asyncio.gather(first, second)
    assert len(support.used) == 1
    assert answers[0].table.equals(answers[1].table)
    assert sorted(s.cached for a in answers for s in a.sources if s.source == "support") == [
        False,
        True,
    ]


@pytest.mark.parametrize("ending", ["is cancelled", "fails"])
async def test_one_that_waits_reads_by_itself_when_the_first(own: Pipeline, ending: str) -> None:
    """A run that waits for the rows of another is not lost with it."""
    held = gate()

    async def look(credential: Credential) -> None:
        await held(credential)
        if held.count <= 3 and ending == "fails":  # all attempts of the first
            raise SourceUnreachable("support can't be reached.")

    watch(own, "support", look)
    one = await approved(own)
    first = await started(own, one)
    await held.reached.wait()
    second = await started(own, one)
    if ending == "is cancelled":
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
    held.go.set()
    answer = await second
    await asyncio.gather(first, return_exceptions=True)
    assert (answer.failed, answer.partial) == (False, False)
    assert answer.table.num_rows > 0
    assert not any(source.cached for source in answer.sources if source.source == "support")


async def test_rows_that_were_cut_are_not_kept(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """A fetch that a cap cut short is read again the next time, and says that it was cut."""
    policies = model.policies.model_copy(update={"max_rows": 10})
    small = model.model_copy(update={"policies": policies})
    async with opened(small, vault_of(sandbox), tmp_path, cache_seconds=300) as own:
        for _ in range(2):
            answer = await answer_of(own, "by SQL", SQL)
            assert answer.truncated
            said = " ".join(answer.warnings)
            cut = [one for one in answer.sources if f"{one.source} was cut at 10" in said]
            assert cut
            assert not any(source.cached for source in cut)


class BrokenOnce(Watched):
    """An adapter that loses its source after the first batch of its first attempt."""

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """As the adapter does, but for the break."""
        assert credential is not None
        self.used.append(credential)

        async def breaking(batch: pa.Table) -> None:
            await take(batch)
            if len(self.used) == 1:
                raise SourceUnreachable("support can't be reached.")

        return await self.inner.fetch(query, credential, limits, breaking)


@pytest.mark.parametrize("chunk", [0, staging_room.CHUNK_BYTES], ids=["appended", "in place"])
async def test_a_retry_leaves_no_row_twice(
    own: Pipeline, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that came before the source was lost are not counted again after the retry, nor kept."""
    monkeypatch.setattr(staging_room, "CHUNK_BYTES", chunk)
    expected = await answer_of(own, "by SQL", SQL.replace("'P1'", "'P1' AND 1 = 1"))
    source = own.sources["support"]
    broken = BrokenOnce(source.adapter, nothing)
    own.sources["support"] = replace(source, adapter=broken)
    sql = SQL.replace("GROUP BY", "AND t.number IS NOT NULL GROUP BY")
    answer = await answer_of(own, "by SQL", sql)
    assert len(broken.used) == 2
    assert answer.table.equals(expected.table)
    assert (await answer_of(own, "by SQL", sql)).table.equals(expected.table)
    assert len(broken.used) == 2


@pytest.mark.parametrize(
    "name",
    [
        "three-way with EXISTS",
        "FULL JOIN",
        "missing and null are both NULL",
        "decimal of documents",
        "one source, text order",
        "dates as text",
    ],
)
async def test_appended_rows_answer_as_one_database(
    name: str,
    pipeline: Pipeline,
    sandbox: Sandbox,
    model: SemanticModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Queries whose rows are all appended to DuckDB give what one database would give."""
    monkeypatch.setattr(staging_room, "CHUNK_BYTES", 0)
    answer = await answer_of(pipeline, "by SQL", QUERIES[name])
    truth = oracle(sandbox.company, model).sql(QUERIES[name]).to_arrow_table()
    ordered = "ORDER BY" in QUERIES[name]
    assert comparable(answer.table, ordered=ordered) == comparable(truth, ordered=ordered)


async def test_a_cancelled_run_leaves_no_folder(own: Pipeline, tmp_path: Path) -> None:
    """When a run is cancelled in a fetch, its staging goes: the spill folder is empty again."""
    held = gate()
    watch(own, "support", held)
    running = await started(own, await approved(own))
    await held.reached.wait()
    assert list(tmp_path.glob("crosstalk-spill-*"))  # noqa: ASYNC240
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await own.staging.close()
    assert list(tmp_path.glob("crosstalk-spill-*")) == []  # noqa: ASYNC240


async def test_what_the_keys_did_comes_with_the_answer(own: Pipeline, sandbox: Sandbox) -> None:
    """The counts of a live join are those of the company's own objects."""
    sql = """SELECT t.number, c.name FROM ticket AS t
    LEFT JOIN customer AS c ON c.customer_id = t.customer_id"""
    (keys,) = (await answer_of(own, "by SQL", sql)).keys
    referred = [clean_ref(ticket.account_ref) for ticket in sandbox.company.tickets]
    named = set(referred)
    known = {one.id for one in sandbox.company.customers}
    assert (keys.left, keys.right) == ("sales", "support")
    assert (keys.matched, keys.dropped_right) == (len(named & known), len(named - known))
    assert (keys.null_right, keys.repeated_left) == (0, 0)
    assert keys.repeated_right == sum(referred.count(one) > 1 for one in named & known)
