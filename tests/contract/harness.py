"""What the contract suite needs of one source, in its own language: known rows and bad queries."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from adapters.base import Adapter, Limits
from adapters.coercion import schema_of
from adapters.credentials import Credential, Vault
from adapters.mongo import MongoAdapter
from adapters.postgres import PostgresAdapter
from adapters.qdrant import QdrantAdapter
from adapters.query import AggregationQuery, NativeQuery, OutputColumn, SqlQuery, VectorQuery
from orchestrator.pipeline import Pipeline
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
    """One source under test. `known` gives `rows` in any order; `types` are of `relation`."""

    source: Source
    vault: Vault
    relation: str
    types: dict[str, str]
    size: int
    known: NativeQuery
    rows: Rows
    missing: str
    many: NativeQuery
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

    @property
    def adapter(self) -> Adapter:
        """The adapter of the source."""
        return self.source.adapter

    @contextlib.asynccontextmanager
    async def credential(self) -> AsyncGenerator[Credential]:
        """A credential from Vault, as a step gets it."""
        async with credential_of(self.source, self.vault) as credential:
            assert credential is not None
            yield credential


def columns(**types: str) -> tuple[OutputColumn, ...]:
    """Output columns by name."""
    return tuple(OutputColumn(name=name, type=word) for name, word in types.items())


def _source(pipeline: Pipeline, language: str) -> tuple[Source, Vault]:
    found = [
        source
        for source in pipeline.sources.values()
        if source.adapter.capabilities.language == language
    ]
    assert pipeline.vault is not None
    return found[0], pipeline.vault


def _select(text: str, *parameters: Any, **types: str) -> SqlQuery:
    return SqlQuery(
        relations=("public.customers",),
        columns=columns(**types),
        text=text,
        parameters=parameters,
    )


def sql(pipeline: Pipeline, sandbox: Sandbox) -> Harness:
    """A source that takes SELECTs."""
    source, vault = _source(pipeline, "sql")
    known = [one for one in sandbox.company.customers if one.id <= 40]
    asked = {
        "id": "int64",
        "name": "string",
        "signed_up_on": "date",
        "churned_at": "timestamptz",
        "credit_limit": "decimal",
    }
    plain = _select(f"SELECT {', '.join(asked)} FROM public.customers WHERE id <= $1", 40, **asked)
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
        many=_select("SELECT id FROM public.customers", id="int64"),
        none=plain.model_copy(update={"parameters": (0,)}),
        unknown=SqlQuery(
            relations=("public.nothing",),
            columns=columns(id="int64"),
            text="SELECT id FROM public.nothing",
        ),
        misfit=_select("SELECT name FROM public.customers", name="int64"),
        unsafe=tuple(_select(text, id="int64") for text in texts),
        foreign=AggregationQuery(
            relations=("customers",), columns=columns(id="int64"), pipeline=()
        ),
        wrong=Credential("crosstalk_admin", "hunter2-not-the-password"),
        unreachable=PostgresAdapter("away", host="127.0.0.1", port=free_port(), database="sales"),
        heavy=_select(
            "SELECT COUNT(*) AS n FROM public.customers AS a CROSS JOIN public.customers AS b "
            "CROSS JOIN public.customers AS c WHERE a.name || b.name || c.name = $1",
            "",
            n="int64",
        ),
        slow=source.adapter,
        short=Limits(timeout_s=0.5),
    )


def _pipeline(match: dict[str, Any], *, _from: str = "tickets", **types: str) -> AggregationQuery:
    project = {"$project": {"_id": 0} | {name: f"${name}" for name in types}}
    return AggregationQuery(
        relations=(_from,), columns=columns(**types), pipeline=({"$match": match}, project)
    )


def aggregation(pipeline: Pipeline, sandbox: Sandbox) -> Harness:
    """A source that takes aggregation pipelines."""
    source, vault = _source(pipeline, "aggregation")
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
        none=_pipeline({"number": {"$eq": ""}}, **asked),
        unknown=_pipeline({}, _from="nothing", number="string"),
        misfit=_pipeline({}, number="int64"),
        unsafe=tuple(
            AggregationQuery(relations=("tickets",), columns=wanted, pipeline=(body,))
            for body in bodies
        ),
        foreign=_select("SELECT 1 AS id", id="int64"),
        wrong=Credential("crosstalk_admin", "hunter2-not-the-password"),
        unreachable=MongoAdapter("away", host="127.0.0.1", port=free_port(), database="support"),
        heavy=_pipeline(long, number="string"),
        slow=source.adapter,
        short=Limits(timeout_s=0.5),
    )


def vector(pipeline: Pipeline, sandbox: Sandbox) -> Harness:
    """A source that is searched by meaning. It is slow where the text never becomes a vector."""
    source, vault = _source(pipeline, "vector")
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
        foreign=_select("SELECT 1 AS id", id="int64"),
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


HARNESSES: dict[str, Callable[[Pipeline, Sandbox], Harness]] = {
    "sql": sql,
    "aggregation": aggregation,
    "vector": vector,
}
