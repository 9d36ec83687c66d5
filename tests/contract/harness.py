"""What the contract suite needs of one source, in its own language: known rows and bad queries."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
from pymongo import AsyncMongoClient

from adapters.base import Adapter, Limits
from adapters.coercion import schema_of
from adapters.credentials import Credential, Vault
from adapters.mongo import MongoAdapter
from adapters.postgres import PostgresAdapter
from adapters.qdrant import QdrantAdapter
from adapters.query import AggregationQuery, NativeQuery, OutputColumn, SqlQuery, VectorQuery
from orchestrator.pipeline import Pipeline
from orchestrator.question import Requester
from orchestrator.registry import Source, credential_of
from sandbox.process import free_port
from sandbox.sandbox import Sandbox

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """All batches of a fetch as one table."""

    table: pa.Table
    truncated: bool


async def gather(
    adapter: Adapter, query: NativeQuery, credential: Credential | None, limits: Limits
) -> Gathered:
    """Fetch, and keep every batch."""
    came = [schema_of(query.columns).empty_table()]

    async def take(batch: pa.Table) -> None:
        came.append(batch)

    fetched = await adapter.fetch(query, credential, limits, take)
    table = pa.concat_tables(came)
    assert fetched.rows == table.num_rows
    return Gathered(table, fetched.truncated)


@dataclass(frozen=True, slots=True)
class Harness:
    """One source under test. `known` gives `rows` in any order; `types` are of `relation`.

    `batched` gives several batches. `listed` asks for the rows of `known` whose column `keys` is
    one of a list. Where a source asks for no credential, `wrong` is an empty one. `requester` asks
    where rows are personal. `running` gives the names under which the source lists what runs now.
    """

    source: Source
    vault: Vault | None
    relation: str
    types: dict[str, str]
    size: int
    known: NativeQuery
    rows: Rows
    missing: str
    many: NativeQuery
    batched: NativeQuery
    listed: Callable[[list[Any]], NativeQuery]
    keys: str
    none: NativeQuery
    unknown: NativeQuery
    misfit: NativeQuery
    unsafe: tuple[NativeQuery, ...]
    foreign: NativeQuery
    wrong: Credential
    unreachable: Adapter
    heavy: NativeQuery
    slow: Adapter
    short: Limits
    requester: Requester | None = None
    running: Callable[[], Awaitable[set[str]]] | None = None

    @property
    def adapter(self) -> Adapter:
        """The adapter of the source."""
        return self.source.adapter

    @contextlib.asynccontextmanager
    async def credential(self) -> AsyncGenerator[Credential | None]:
        """A credential from Vault as a step gets it, or None where the source asks for none."""
        async with credential_of(self.source, self.vault, self.requester) as credential:
            assert (credential is not None) == self.adapter.capabilities.authenticates
            yield credential


def columns(**types: str) -> tuple[OutputColumn, ...]:
    """Output columns by name."""
    return tuple(OutputColumn(name=name, type=word) for name, word in types.items())


def _source(pipeline: Pipeline, kind: str) -> tuple[Source, Vault]:
    found = [source for source in pipeline.sources.values() if source.adapter.kind == kind]
    assert pipeline.vault is not None
    return found[0], pipeline.vault


def select(
    text: str, *parameters: Any, relation: str = "public.customers", **types: str
) -> SqlQuery:
    """A SELECT that declares one relation."""
    return SqlQuery(
        relations=(relation,),
        columns=columns(**types),
        text=text,
        parameters=parameters,
    )


def postgres(pipeline: Pipeline, sandbox: Sandbox, _folder: Path) -> Harness:
    """The sandbox's sales."""
    source, vault = _source(pipeline, "postgres")
    known = [one for one in sandbox.company.customers if one.id <= 40]
    asked = {
        "id": "int64",
        "name": "string",
        "signed_up_on": "date",
        "churned_at": "timestamptz",
        "credit_limit": "decimal",
    }
    plain = select(f"SELECT {', '.join(asked)} FROM public.customers WHERE id <= $1", 40, **asked)
    texts = (
        "DELETE FROM public.customers",
        "SELECT id FROM public.customers; DROP TABLE public.customers",
        "SELECT pg_read_file('/etc/passwd') AS id FROM public.customers",
        "SELECT id FROM public.orders",
        "WITH gone AS (DELETE FROM public.customers RETURNING id) SELECT id FROM gone",
    )
    return Harness(
        source=source,
        vault=vault,
        relation="public.customers",
        types=asked,
        size=len(sandbox.company.customers),
        known=plain,
        rows=[{name: getattr(one, name) for name in asked} for one in known],
        missing="churned_at",
        many=select("SELECT id FROM public.customers", id="int64"),
        batched=select("SELECT id FROM public.orders", relation="public.orders", id="int64"),
        listed=lambda keys: select(
            f"SELECT {', '.join(asked)} FROM public.customers WHERE id = ANY($1)", keys, **asked
        ),
        keys="id",
        none=plain.model_copy(update={"parameters": (0,)}),
        unknown=SqlQuery(
            relations=("public.nothing",),
            columns=columns(id="int64"),
            text="SELECT id FROM public.nothing",
        ),
        misfit=select("SELECT name FROM public.customers", name="int64"),
        unsafe=tuple(select(text, id="int64") for text in texts),
        foreign=AggregationQuery(
            relations=("customers",), columns=columns(id="int64"), pipeline=()
        ),
        wrong=Credential("crosstalk_admin", "hunter2-not-the-password"),
        unreachable=PostgresAdapter("away", host="127.0.0.1", port=free_port(), database="sales"),
        heavy=select(
            "SELECT COUNT(*) AS n FROM public.customers AS a CROSS JOIN public.customers AS b "
            "CROSS JOIN public.customers AS c WHERE a.name || b.name || c.name = $1",
            "",
            n="int64",
        ),
        slow=source.adapter,
        short=Limits(timeout_s=0.5),
        running=partial(_sessions, sandbox),
    )


async def _sessions(sandbox: Sandbox) -> set[str]:
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    try:
        found = await connection.fetch("SELECT application_name FROM pg_stat_activity")
        return {row[0] for row in found}
    finally:
        await connection.close()


def _pipeline(match: dict[str, Any], *, _from: str = "tickets", **types: str) -> AggregationQuery:
    project = {"$project": {"_id": 0} | {name: f"${name}" for name in types}}
    return AggregationQuery(
        relations=(_from,), columns=columns(**types), pipeline=({"$match": match}, project)
    )


def mongo(pipeline: Pipeline, sandbox: Sandbox, _folder: Path) -> Harness:
    """The sandbox's support."""
    source, vault = _source(pipeline, "mongo")
    known = [one for one in sandbox.company.tickets if one.number <= "T-000060"]
    asked = {
        "number": "string",
        "opened_at": "timestamptz",
        "refund": "decimal",
    }
    long = {
        "$or": [
            {"$expr": {"$eq": [{"$ifNull": ["$nothing", "$number"]}, f"{number}"]}}
            for number in range(4_000)
        ]
    }
    bodies: tuple[dict[str, Any], ...] = (
        {"$out": "stolen"},
        {"$lookup": {"from": "accounts", "as": "a", "pipeline": []}},
        {"$match": {"$where": "sleep(1000)"}},
        {"$match": {"$and": [{"$expr": {"$function": {"body": "", "args": [], "lang": "js"}}}]}},
    )
    wanted = columns(number="string")
    return Harness(
        source=source,
        vault=vault,
        relation="tickets",
        types=asked,
        size=len(sandbox.company.tickets),
        known=_pipeline({"number": {"$lte": "T-000060"}}, **asked),
        rows=[{name: getattr(one, name) for name in asked} for one in known],
        missing="refund",
        many=_pipeline({}, number="string"),
        batched=_pipeline({}, number="string"),
        listed=lambda keys: _pipeline({"number": {"$in": keys}}, **asked),
        keys="number",
        none=_pipeline({"number": {"$eq": ""}}, **asked),
        unknown=_pipeline({}, _from="nothing", number="string"),
        misfit=_pipeline({}, number="int64"),
        unsafe=tuple(
            AggregationQuery(relations=("tickets",), columns=wanted, pipeline=(body,))
            for body in bodies
        ),
        foreign=select("SELECT 1 AS id", id="int64"),
        wrong=Credential("crosstalk_admin", "hunter2-not-the-password"),
        unreachable=MongoAdapter("away", host="127.0.0.1", port=free_port(), database="support"),
        heavy=_pipeline(long, number="string"),
        slow=source.adapter,
        short=Limits(timeout_s=0.5),
        running=partial(_commands, sandbox),
    )


async def _commands(sandbox: Sandbox) -> set[str]:
    assert sandbox.mongo is not None
    async with AsyncMongoClient[dict[str, Any]](sandbox.mongo.admin_uri()) as client:
        found = await client.admin.aggregate([{"$currentOp": {"allUsers": True}}])
        return {one.get("command", {}).get("comment", "") async for one in found}


def qdrant(pipeline: Pipeline, sandbox: Sandbox, _folder: Path) -> Harness:
    """The sandbox's notes. Qdrant is slow where the text never becomes a vector."""
    source, vault = _source(pipeline, "qdrant")
    known = [one for one in sandbox.company.notes if one.author == sandbox.company.notes[0].author]
    asked = {"note_id": "string", "kind": "string"}

    def scroll(*filters: tuple[str, str, Any], **types: str) -> VectorQuery:
        return VectorQuery(
            relations=("customer_notes",),
            columns=columns(**types),
            text=None,
            limit=5_000,
            paths=tuple(f"payload.{name}" for name in types),
            filters=filters,
        )

    plain = scroll(("payload.author", "=", known[0].author), nowhere="string", **asked)
    gone = ("payload.note_id", "=", "")
    asking = scroll(note_id="string").model_copy(update={"text": "delivery came late"})
    return Harness(
        source=source,
        vault=vault,
        relation="customer_notes",
        types={f"payload.{name}": word for name, word in asked.items()},
        size=len(sandbox.company.notes),
        known=plain,
        rows=[{"nowhere": None, "note_id": one.note_id, "kind": one.kind} for one in known],
        missing="nowhere",
        many=scroll(note_id="string"),
        batched=scroll(note_id="string"),
        listed=lambda keys: scroll(("payload.note_id", "in", keys), nowhere="string", **asked),
        keys="note_id",
        none=scroll(gone, **asked),
        unknown=scroll(note_id="string").model_copy(update={"relations": ("nothing",)}),
        misfit=scroll(note_id="int64"),
        unsafe=(
            asking.model_copy(update={"limit": 0}),
            asking.model_copy(update={"limit": 2_000_000}),
            scroll(("payload.note_id", "like", "%"), note_id="string"),
            asking.model_copy(update={"text": "late " * 1_000}),
            asking.model_copy(update={"relations": ("customer_notes", "others")}),
        ),
        foreign=select("SELECT 1 AS id", id="int64"),
        wrong=Credential(api_key="hunter2-not-the-password"),
        unreachable=QdrantAdapter("away", url=f"http://127.0.0.1:{free_port()}", embed=_one_vector),
        heavy=asking,
        slow=QdrantAdapter("notes", url=sandbox.qdrant.url, embed=_no_vector),
        short=Limits(timeout_s=0.2),
    )


async def _one_vector(texts: list[str]) -> np.ndarray:
    return np.ones((len(texts), 384), np.float32)


async def _no_vector(texts: list[str]) -> np.ndarray:
    await asyncio.Event().wait()
    raise AssertionError(texts)
