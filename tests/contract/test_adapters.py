"""One suite that every adapter keeps, against its real server."""

import asyncio
import time
import traceback
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from adapters.base import Capabilities, Limits
from adapters.coercion import schema_of
from adapters.errors import (
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
    UnsafeQuery,
)
from adapters.query import NativeQuery
from orchestrator.pipeline import Pipeline
from orchestrator.wire import ADAPTERS
from sandbox.company.slack_places import furnish
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from sandbox.slack.limits import PER_MINUTE, RateLimits
from tests.contract.harness import Harness, gather
from tests.contract.harnesses import HARNESSES, kinds


@pytest.fixture(scope="module")
async def quiet(sandbox: Sandbox) -> AsyncGenerator[Sandbox]:
    """The sandbox with a Slack in which nobody writes, and which may be asked without a limit."""
    limits = RateLimits()
    limits.restrict(dict.fromkeys(PER_MINUTE, 100_000))
    local = LocalSlack(limits=limits)
    furnish(local, sandbox.company)
    await local.start()
    yield replace(sandbox, slack=local)
    await local.stop()


@pytest.fixture(params=HARNESSES, scope="module")
def harness(
    request: pytest.FixtureRequest,
    pipeline: Pipeline,
    quiet: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Harness:
    """Each adapter in turn, or those that a test picks by what they are able to do."""
    return HARNESSES[request.param](pipeline, quiet, tmp_path_factory.mktemp(request.param))


def able(what: Callable[[Capabilities], bool]) -> pytest.MarkDecorator:
    """Run a test for the adapters whose capabilities allow it."""
    return pytest.mark.parametrize("harness", kinds(what), indirect=True, scope="module")


def test_every_kind_is_under_contract() -> None:
    """Every kind of source that a model may name has a harness here."""
    assert HARNESSES.keys() == ADAPTERS.keys() | {"slack"}


def plain(table: pa.Table) -> list[dict[str, Any]]:
    """Rows in an order that does not depend on the source."""
    return sorted(table.to_pylist(), key=repr)


def sorted_rows(rows: list[dict[str, Any]], schema: pa.Schema) -> list[dict[str, Any]]:
    """The rows as Arrow of that schema gives them back, in the same order."""
    return plain(pa.Table.from_pylist(rows, schema=schema))


async def test_catalog_has_known_relations(harness: Harness) -> None:
    """The catalog names the relation, its columns' types and about how many rows it has."""
    async with harness.credential() as credential:
        catalog = await harness.adapter.introspect(credential, 10)
    relation = catalog.relation(harness.relation)
    assert catalog.source == harness.source.name
    assert relation is not None
    found = {name: relation.column(name) for name in harness.types}
    assert {name: column and column.type for name, column in found.items()} == harness.types
    if not harness.adapter.capabilities.personal:
        assert relation.rows == pytest.approx(harness.size, rel=0.05)
    assert relation.key


async def test_fingerprint_is_of_the_shape(harness: Harness) -> None:
    """Two looks at an unchanged source give one fingerprint when it does not sample."""
    async with harness.credential() as credential:
        first = await harness.adapter.introspect(credential, 10)
        second = await harness.adapter.introspect(credential, 10)
    assert first.sampled or first.fingerprint == second.fingerprint
    assert [one.name for one in first.relations] == [one.name for one in second.relations]


async def test_columns_come_as_asked(harness: Harness) -> None:
    """Columns are named, ordered and typed as the query says, with the source's own values."""
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.known, credential, Limits())
    schema = schema_of(harness.known.columns)
    assert fetched.table.schema == schema
    assert plain(fetched.table) == sorted_rows(harness.rows, schema)
    assert not fetched.truncated


async def test_missing_values_are_null(harness: Harness) -> None:
    """What a row lacks is null, whether it is stored as nothing or not stored."""
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.known, credential, Limits())
    assert fetched.table.column(harness.missing).null_count > 0


async def test_no_rows_have_the_schema(harness: Harness) -> None:
    """An empty result is a table with the asked columns and no rows."""
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.none, credential, Limits())
    assert fetched.table.num_rows == 0
    assert fetched.table.schema == schema_of(harness.none.columns)
    assert not fetched.truncated


async def test_row_cap_cuts_and_says_so(harness: Harness) -> None:
    """Over the cap, exactly so many rows come and the result says that it was cut."""
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.many, credential, Limits(max_rows=7))
    assert (fetched.table.num_rows, fetched.truncated) == (7, True)


async def test_row_cap_that_fits_cuts_nothing(harness: Harness) -> None:
    """A result of exactly the cap's size is whole."""
    exact = Limits(max_rows=len(harness.rows))
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.known, credential, exact)
    assert (fetched.table.num_rows, fetched.truncated) == (len(harness.rows), False)


async def test_all_rows_come_in_batches(harness: Harness) -> None:
    """A result larger than a batch is whole, with no row twice."""
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.many, credential, Limits())
    assert fetched.table.num_rows == harness.size
    assert len(set(fetched.table.column(0).to_pylist())) == harness.size


async def test_byte_cap_says_so(harness: Harness) -> None:
    """A result over the cap of bytes ends early and says that it was cut."""
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.many, credential, Limits(max_bytes=1_000))
    assert fetched.truncated


def holds_no_secret(error: BaseException, *secrets: str) -> bool:
    """True when neither the message, the repr nor the whole traceback's text has a secret."""
    said = str(error) + repr(error) + "".join(traceback.format_exception(error))
    return not any(secret in said for secret in secrets if secret)


@able(lambda capabilities: capabilities.authenticates)
async def test_wrong_credential_is_refused(harness: Harness) -> None:
    """A login that is wrong is SourceRefused, for the fetch and the catalog, and nothing leaks."""
    with pytest.raises(SourceRefused) as refused:
        await gather(harness.adapter, harness.known, harness.wrong, Limits())
    if not harness.adapter.capabilities.personal:
        with pytest.raises(SourceRefused):
            await harness.adapter.introspect(harness.wrong, 10)
    assert not refused.value.transient
    secrets = (harness.wrong.password, harness.wrong.api_key)
    assert holds_no_secret(refused.value, *secrets)
    assert not any(secret in repr(harness.wrong) for secret in secrets if secret)


@able(lambda capabilities: capabilities.authenticates)
async def test_no_credential_is_refused(harness: Harness) -> None:
    """The servers ask everyone who they are: without a credential the query is refused."""
    with pytest.raises(SourceRefused):
        await gather(harness.adapter, harness.known, None, Limits())


async def test_unreachable_is_transient(harness: Harness) -> None:
    """Where nothing listens, the error is SourceUnreachable, names the source, may be retried."""
    with pytest.raises(SourceUnreachable, match="away") as away:
        await gather(harness.unreachable, harness.known, harness.wrong, Limits(timeout_s=2))
    if not harness.adapter.capabilities.personal:
        with pytest.raises(SourceUnreachable):
            await harness.unreachable.introspect(harness.wrong, 2)
    assert away.value.transient
    assert "Check" in str(away.value)
    assert holds_no_secret(away.value, harness.wrong.password, harness.wrong.api_key)


async def test_unknown_relation_does_not_hang(harness: Harness) -> None:
    """A relation that is not there is refused, or empty where the source makes no difference."""
    refused: SourceRefused | None = None
    schema = schema_of(harness.unknown.columns)
    table = schema.empty_table()
    async with harness.credential() as credential:
        try:
            fetched = await gather(harness.adapter, harness.unknown, credential, Limits())
            table = fetched.table
        except SourceRefused as error:
            refused = error
    assert refused is None or harness.source.name in str(refused)
    assert table.equals(schema.empty_table())


async def test_value_of_another_type_is_refused(harness: Harness) -> None:
    """A column that does not hold what the model says is an error that names the column alone."""
    name = harness.misfit.columns[0].name
    async with harness.credential() as credential:
        with pytest.raises(SourceRefused, match=f"'{name}'.*not int64") as refused:
            await gather(harness.adapter, harness.misfit, credential, Limits())
    assert not refused.value.transient


async def test_unsafe_is_refused_before_it_is_sent(harness: Harness) -> None:
    """The guard refuses without a server or a credential, so nothing was sent."""
    for query in harness.unsafe:
        with pytest.raises(UnsafeQuery):
            await gather(harness.unreachable, query, None, Limits())


async def test_another_language_is_refused(harness: Harness) -> None:
    """A query of another language is refused without being sent."""
    with pytest.raises(SourceRefused, match="away takes"):
        await gather(harness.unreachable, harness.foreign, None, Limits())


async def test_deadline_holds(harness: Harness) -> None:
    """A query that would take long ends at its deadline as SourceTimeout, which is not retried."""
    async with harness.credential() as credential:
        with pytest.raises(SourceTimeout, match="in time") as late:
            await gather(harness.slow, harness.heavy, credential, harness.short)
    assert not late.value.transient
    if credential is not None:
        assert holds_no_secret(late.value, credential.password, credential.api_key)


async def test_no_deadline_is_too_short(harness: Harness) -> None:
    """A deadline under a millisecond is an error of the source, never no deadline at all."""
    hasty = replace(harness.short, timeout_s=0.000_4)
    async with harness.credential() as credential:
        with pytest.raises(SourceError):
            await gather(harness.slow, harness.heavy, credential, hasty)


async def test_nothing_is_kept_between_calls(harness: Harness) -> None:
    """After refused fetches the same adapter answers the next one."""
    async with harness.credential() as credential:
        with pytest.raises(SourceRefused):
            await gather(harness.adapter, harness.misfit, credential, Limits())
        with pytest.raises(UnsafeQuery):
            await gather(harness.adapter, harness.unsafe[0], credential, Limits())
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.none, credential, Limits())
    assert fetched.table.num_rows == 0


@able(lambda capabilities: capabilities.authenticates)
async def test_no_login_is_kept_between_calls(harness: Harness) -> None:
    """After a refused login the same adapter answers with the right credential."""
    with pytest.raises(SourceRefused):
        await gather(harness.adapter, harness.none, harness.wrong, Limits())
    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, harness.none, credential, Limits())
    assert fetched.table.num_rows == 0


async def test_a_batch_waits_for_room(harness: Harness) -> None:
    """The next batch comes only when the one before was taken, and none comes afterwards."""
    asked, room = asyncio.Semaphore(0), asyncio.Semaphore(0)
    waiting: list[int] = []

    async def take(batch: pa.Table) -> None:
        waiting.append(batch.num_rows)
        asked.release()
        await room.acquire()

    async with harness.credential() as credential:
        fetch = asyncio.create_task(
            harness.adapter.fetch(harness.batched, credential, Limits(), take)
        )
        taken = 0
        ended = asyncio.create_task(asyncio.wait({fetch}))
        while not fetch.done():
            come = asyncio.create_task(asked.acquire())
            await asyncio.wait({come, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not come.done():
                come.cancel()
                break
            taken += 1
            assert len(waiting) == taken
            room.release()
        fetched = await fetch
    assert taken > 1
    assert fetched.rows == sum(waiting)


async def test_what_the_taker_raises_ends_the_fetch(harness: Harness) -> None:
    """An error of the taker comes out as it is, and no batch is given after it."""
    given: list[pa.Table] = []

    class FullError(Exception):
        """There is no room."""

    async def take(batch: pa.Table) -> None:
        given.append(batch)
        raise FullError

    async with harness.credential() as credential:
        with pytest.raises(FullError):
            await harness.adapter.fetch(harness.batched, credential, Limits(), take)
    assert len(given) == 1


async def test_cancelling_ends_a_query_that_computes(harness: Harness) -> None:
    """A query that would take minutes ends soon after its task is cancelled, not at its limit."""
    began = time.monotonic()
    async with harness.credential() as credential:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(harness.short.timeout_s):
                await gather(harness.slow, harness.heavy, credential, Limits(timeout_s=120))
    assert time.monotonic() - began < 10


async def test_cancelling_ends_a_query_that_gives(harness: Harness) -> None:
    """A fetch that is cancelled while its taker is busy gives nothing more."""
    given: list[pa.Table] = []
    full = asyncio.Event()

    async def take(batch: pa.Table) -> None:
        given.append(batch)
        full.set()
        await asyncio.Event().wait()

    async with harness.credential() as credential:
        fetch = asyncio.create_task(
            harness.adapter.fetch(harness.batched, credential, Limits(), take)
        )
        await full.wait()
        fetch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetch
    assert len(given) == 1


@able(lambda capabilities: "in" in capabilities.comparisons)
async def test_a_parameter_may_be_a_list(harness: Harness) -> None:
    """Rows whose key is one of a list come, be they many, one or none; what matches none, not."""
    keys = [row[harness.keys] for row in harness.rows]
    strange = type(keys[0])(-1)
    schema = schema_of(harness.known.columns)
    async with harness.credential() as credential:
        for wanted in (keys, keys[:1], []):
            query = harness.listed([*wanted, strange] if wanted else [])
            fetched = await gather(harness.adapter, query, credential, Limits())
            rows = [row for row in harness.rows if row[harness.keys] in wanted]
            assert plain(fetched.table) == sorted_rows(rows, schema)


@able(lambda capabilities: "in" in capabilities.comparisons)
async def test_a_long_list_is_one_parameter(harness: Harness) -> None:
    """Two thousand keys, as a semi-join may feed them, are taken at once."""
    keys = [row[harness.keys] for row in harness.rows]
    others = [type(keys[0])(-number) for number in range(1, 2_001 - len(keys))]
    async with harness.credential() as credential:
        query = harness.listed([*others, *keys])
        fetched = await gather(harness.adapter, query, credential, Limits())
    assert fetched.table.num_rows == len(keys)


@able(lambda capabilities: "decimal" in capabilities.exact)
async def test_decimals_have_their_digits(harness: Harness) -> None:
    """Digits are as asked; where they are too few, the error names the column."""
    decimals = [c for c in harness.known.columns if c.type.startswith("decimal")]
    name = decimals[0].name

    def asked(word: str) -> NativeQuery:
        columns = tuple(
            c.model_copy(update={"type": word}) if c.name == name else c
            for c in harness.known.columns
        )
        return harness.known.model_copy(update={"columns": columns})

    async with harness.credential() as credential:
        fetched = await gather(harness.adapter, asked("decimal(20,6)"), credential, Limits())
        with pytest.raises(SourceRefused, match=f"'{name}'"):
            await gather(harness.adapter, asked("decimal(2,0)"), credential, Limits())
    assert fetched.table.schema.field(name).type == pa.decimal128(20, 6)
    assert sorted(filter(None, fetched.table.column(name).to_pylist())) == sorted(
        row[name] for row in harness.rows if row[name]
    )


@pytest.mark.parametrize("harness", ["postgres", "mongo"], indirect=True, scope="module")
async def test_the_operation_is_named_in_the_source(harness: Harness) -> None:
    """Who looks after the database sees the fetch's id of the audit trail beside what runs."""
    assert harness.running is not None
    operation = uuid.uuid4().hex
    limits = Limits(timeout_s=60, operation=operation)
    async with harness.credential() as credential:
        fetch = asyncio.create_task(gather(harness.slow, harness.heavy, credential, limits))
        async with asyncio.timeout(20):
            while f"crosstalk {operation}" not in await harness.running():
                assert not fetch.done()
        fetch.cancel()
        await asyncio.wait({fetch})
    assert fetch.cancelled()
