"""Sources that change under their bindings, live: what is noticed, refused and told, and what goes
on."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.base import Adapter, Capabilities, Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.postgres import PostgresAdapter
from adapters.query import NativeQuery
from adapters.schema import Catalog
from orchestrator.answer import Answer
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.question import question
from orchestrator.registry import Source, changed
from orchestrator.semantic import SemanticModel
from sandbox.postgres import PostgresServer, start_postgres
from tests.conftest import ADA, NOON, answer_of, opened
from tests.live_mongo import LiveMongo, live_mongo

ORDERS = 'SELECT COUNT(*) AS n FROM "order" AS o'
AMOUNT = 'SELECT SUM(o.amount) AS total FROM "order" AS o'
TICKETS = "SELECT COUNT(*) AS n FROM ticket AS t"
PLAN = "SELECT t.plan, COUNT(*) AS n FROM ticket AS t GROUP BY t.plan"
REFUND = "SELECT SUM(t.refund) AS total FROM ticket AS t"
TABLES = """
DROP TABLE IF EXISTS public.orders, public.purchases;
CREATE TABLE public.orders (id bigint PRIMARY KEY, amount numeric NOT NULL, status text);
INSERT INTO public.orders SELECT g, g * 10, 'paid' FROM generate_series(1, 20) AS g;
"""
DOCUMENTS = [
    {"number": n, "health": {"plan": ["basic", "plus"][n % 2]}, "refund": n} for n in range(300)
]
TREE: dict[str, Any] = {
    "name": "Shop",
    "sources": {"sales": {"kind": "postgres"}, "live": {"kind": "mongo"}},
    "entities": {
        "order": {
            "description": "A purchase",
            "key": "order_id",
            "owners": ["@sales-data"],
            "fields": {"order_id": {"type": "int64"}, "amount": {"type": "decimal"}},
            "bindings": {
                "sales": {
                    "relation": "public.orders",
                    "fields": {"order_id": "id", "amount": "amount"},
                }
            },
        },
        "ticket": {
            "description": "A complaint",
            "key": "number",
            "owners": ["@support-data"],
            "fields": {
                "number": {"type": "int64"},
                "plan": {"type": "string"},
                "refund": {"type": "int64"},
            },
            "bindings": {
                "live": {
                    "collection": "tickets",
                    "fields": {"number": "number", "plan": "health.plan", "refund": "refund"},
                }
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class AsReader:
    """An adapter with one login for all that it does."""

    inner: Adapter
    login: Credential

    @property
    def source(self) -> str:
        """The name of the source."""
        return self.inner.source

    @property
    def kind(self) -> str:
        """The kind of the source."""
        return self.inner.kind

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""
        return self.inner.capabilities

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The source's catalog."""
        return await self.inner.introspect(self.login, timeout_s)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """As the adapter does."""
        return await self.inner.fetch(query, self.login, limits, take)


@dataclass(frozen=True, slots=True)
class Shop:
    """A PostgreSQL with orders and a MongoDB with tickets, which somebody changes."""

    postgres: PostgresServer
    mongo: LiveMongo
    folder: Path

    def opened(self, tree: dict[str, Any] = TREE) -> Any:
        """A pipeline over both, on the store of this shop."""
        kinds = {"postgres": self._postgres, "mongo": self._mongo}
        model = SemanticModel.model_validate(tree)
        return opened(model, None, self.folder, kinds=kinds, warm=False)

    async def alter(self, sql: str) -> None:
        """Change PostgreSQL."""
        admin = await asyncpg.connect(self.postgres.admin_dsn())
        try:
            await admin.execute(sql)
        finally:
            await admin.close()

    async def update(self, *stages: dict[str, Any]) -> None:
        """Change every ticket."""
        await self.mongo.admin.paths.tickets.update_many({}, list(stages))

    def _postgres(self, name: str, **_: Any) -> tuple[Adapter, Any]:
        server = self.postgres
        adapter = PostgresAdapter(name, host=server.host, port=server.port, database="postgres")
        return AsReader(adapter, Credential(server.admin_user, server.admin_password)), None

    def _mongo(self, _name: str, **_: Any) -> tuple[Adapter, Any]:
        return AsReader(self.mongo.adapter, self.mongo.reader), None


@pytest.fixture(scope="module")
async def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[tuple[PostgresServer, LiveMongo]]:
    """The two servers."""
    postgres = await start_postgres(tmp_path_factory.mktemp("postgres"))
    try:
        async with live_mongo(tmp_path_factory.mktemp("mongo")) as mongo:
            yield postgres, mongo
    finally:
        await postgres.stop()


@pytest.fixture
async def shop(
    servers: tuple[PostgresServer, LiveMongo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """Both with their data as it was, and no catalog too fresh to be read again."""
    monkeypatch.setattr(changed, "FRESH_S", 0)
    one = Shop(*servers, tmp_path)
    await one.alter(TABLES)
    await one.mongo.fill("tickets", [dict(document) for document in DOCUMENTS])
    return one


async def answers(pipeline: Pipeline, *queries: str) -> list[list[dict[str, Any]]]:
    """The rows of each query, all of which can be answered."""
    found = [await answer_of(pipeline, "how many?", sql) for sql in queries]
    assert not [one.warnings for one in found if one.failed]
    return [one.rows() for one in found]


async def refused(pipeline: Pipeline, sql: str) -> str:
    """Why a query is not run."""
    proposed = await pipeline.propose(question("how many?", ADA, asked_at=NOON), sql)
    assert isinstance(proposed, Refused), proposed
    return proposed.message


async def failed(pipeline: Pipeline, sql: str) -> str:
    """What a query's answer says that came when its source had changed a moment before."""
    answer: Answer = await answer_of(pipeline, "how many?", sql)
    assert answer.failed
    return " ".join(answer.warnings)


def changes_of(pipeline: Pipeline, source: str) -> Sequence[str]:
    """What the history says of a source, without the moments."""
    return [str(one) for one in pipeline.registry.changes(source)]


async def test_a_renamed_column_of_postgresql(shop: Shop) -> None:
    """The query that meets it says so, with the new name; then the question is refused with the
    owners, and those that do not touch it go on."""
    async with shop.opened() as pipeline:
        await answers(pipeline, AMOUNT)
        await shop.alter("ALTER TABLE public.orders RENAME amount TO total")
        said = await failed(pipeline, AMOUNT)
        assert "sales has changed since" in said
        assert "public.orders.amount is gone, probably renamed to total" in said
        said = await refused(pipeline, AMOUNT)
        assert "public.orders.amount in sales, which has no such column since" in said
        assert "It was probably renamed to total." in said
        assert said.endswith("Owners of order: @sales-data.")
        assert await answers(pipeline, ORDERS, TICKETS) == [[{"n": 20}], [{"n": 300}]]


async def test_a_dropped_table_of_postgresql(shop: Shop) -> None:
    """A table that is gone is met once, then told; questions to another source go on."""
    async with shop.opened() as pipeline:
        await answers(pipeline, ORDERS)
        await shop.alter("DROP TABLE public.orders")
        assert "public.orders is gone" in await failed(pipeline, ORDERS)
        assert "which has no such relation since" in await refused(pipeline, ORDERS)
        assert await answers(pipeline, TICKETS) == [[{"n": 300}]]


async def test_a_retyped_column_of_postgresql(shop: Shop) -> None:
    """A number that became text is met by its sum, and then not summed any more."""
    async with shop.opened() as pipeline:
        await answers(pipeline, AMOUNT)
        await shop.alter("ALTER TABLE public.orders ALTER amount TYPE text")
        assert "public.orders.amount is string and was decimal" in await failed(pipeline, AMOUNT)
        assert "as decimal, but it is string since" in await refused(pipeline, AMOUNT)
        assert await answers(pipeline, ORDERS) == [[{"n": 20}]]


async def test_a_new_column_of_postgresql(shop: Shop) -> None:
    """A model that binds a column which came after the snapshot is planned after one more look at
    that source alone, and the answer says so."""
    async with shop.opened() as pipeline:
        await answers(pipeline, ORDERS, TICKETS)
        read = pipeline.registry.read_at("live")
    await shop.alter("ALTER TABLE public.orders ADD weight double precision DEFAULT 2.5")
    tree = {**TREE, "entities": {**TREE["entities"]}}
    order = tree["entities"]["order"] = {**TREE["entities"]["order"]}
    order["fields"] = {**order["fields"], "weight": {"type": "float64"}}
    bound = order["bindings"]["sales"]
    fields = {**bound["fields"], "weight": "weight"}
    order["bindings"] = {"sales": {**bound, "fields": fields}}
    async with shop.opened(tree) as pipeline:
        assert pipeline.registry.read_at("live") == read
        sql = 'SELECT SUM(o.weight) AS total FROM "order" AS o'
        answer = await answer_of(pipeline, "how heavy?", sql)
        assert answer.rows() == [{"total": 50.0}]
        (said,) = answer.warnings
        assert "The catalog of sales had changed since" in said
        assert "(public.orders.weight is new), so it was read anew. Owners of order" in said
        assert pipeline.registry.read_at("live") == read
        assert (await answer_of(pipeline, "how heavy?", sql)).warnings == ()


async def test_a_renamed_path_of_mongodb(shop: Shop) -> None:
    """A path that every document had is refused once the catalog was read, and the rest goes on."""
    async with shop.opened() as pipeline:
        await answers(pipeline, PLAN)
        await shop.update({"$set": {"health.tier": "$health.plan"}}, {"$unset": "health.plan"})
        await pipeline.registry.refresh({"live"}, keep_s=0)
        assert changes_of(pipeline, "live") == [
            "tickets.health.plan is gone, probably renamed to health.tier"
        ]
        said = await refused(pipeline, PLAN)
        assert "tickets.health.plan in live, which has no such column since" in said
        assert "health.tier. Correct the binding. Owners of ticket: @support-data." in said
        assert await answers(pipeline, REFUND, TICKETS) == [[{"total": 44_850}], [{"n": 300}]]


async def test_a_dropped_collection_of_mongodb(shop: Shop) -> None:
    """MongoDB gives no error for a collection that is gone, but it is not read as empty."""
    async with shop.opened() as pipeline:
        await answers(pipeline, PLAN)
        await shop.mongo.admin.paths.tickets.drop()
        assert "tickets is gone" in await failed(pipeline, PLAN)
        assert "tickets in live, which has no such relation since" in await refused(pipeline, PLAN)
        assert await answers(pipeline, ORDERS) == [[{"n": 20}]]


async def test_a_retyped_and_a_new_path_of_mongodb(shop: Shop) -> None:
    """A number that became text in every document is refused; a new path is known from then on."""
    async with shop.opened() as pipeline:
        await answers(pipeline, REFUND)
        await shop.update({"$set": {"refund": {"$toString": "$refund"}, "spam": True}})
        await pipeline.registry.refresh({"live"}, keep_s=0)
        assert changes_of(pipeline, "live") == [
            "tickets.spam is new",
            "tickets.refund is string and was int64",
        ]
        assert "as int64, but it is string since" in await refused(pipeline, REFUND)
        assert await answers(pipeline, TICKETS) == [[{"n": 300}]]


async def test_what_another_process_read_is_taken_over(shop: Shop) -> None:
    """Of two processes on one store the second begins with what the first has read, reads nothing
    that is fresh, and knows what the first has found."""
    async with shop.opened() as one, shop.opened() as other:
        await one.registry.refresh({"sales", "live"})
        await other.registry.refresh({"sales", "live"})
        assert other.registry.read_at("sales") == one.registry.read_at("sales")
        await shop.alter("ALTER TABLE public.orders RENAME TO purchases")
        await one.registry.refresh({"sales"}, keep_s=0)
        new, old = one.registry.age_s("sales"), other.registry.age_s("sales")
        assert new is not None
        assert old is not None
        await other.registry.refresh({"sales"}, keep_s=(new + old) / 2)
        assert other.registry.read_at("sales") == one.registry.read_at("sales")
        assert changes_of(other, "sales") == changes_of(one, "sales")
        assert "probably renamed to public.purchases" in await refused(other, ORDERS)


async def test_a_store_begins_with_the_catalogs_of_the_last_time(shop: Shop) -> None:
    """After a restart questions are planned while a source is away, and nothing is read first."""
    async with shop.opened() as pipeline:
        await answers(pipeline, ORDERS, TICKETS)
    async with shop.opened() as pipeline:
        sound = pipeline.sources["sales"]
        port = PostgresAdapter("sales", host="127.0.0.1", port=1, database="postgres")
        pipeline.sources["sales"] = Source("sales", sound.spec, port)
        asked = question("how many?", ADA, asked_at=NOON)
        assert isinstance(await pipeline.propose(asked, ORDERS), Proposed)
        assert pipeline.registry.failure("sales") is None
        await pipeline.registry.refresh({"sales"}, keep_s=0)
        assert "can't be reached" in (pipeline.registry.failure("sales") or "")
        assert isinstance(await pipeline.propose(asked, ORDERS), Proposed)
