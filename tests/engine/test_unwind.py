"""Arrays of documents as entities of their own: their elements are the rows."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from adapters.base import Limits
from adapters.coercion import schema_of
from adapters.errors import QueryError
from adapters.mongo import MongoAdapter
from adapters.query import with_keys
from orchestrator.compile import Compiler, Plan
from orchestrator.compile.estimate import Unknown
from orchestrator.join import join
from orchestrator.semantic import SemanticModel
from orchestrator.staging import StagingPool, StagingSettings
from tests.contract.harness import gather
from tests.live_mongo import LiveMongo, live_mongo

MODEL = SemanticModel.model_validate(
    {
        "name": "Shop",
        "sources": {"shop": {"kind": "mongo"}},
        "entities": {
            "line": {
                "description": "A line of an order",
                "key": ["order_id", "sku"],
                "fields": {
                    "order_id": {"type": "int64"},
                    "customer": {"type": "string"},
                    "sku": {"type": "string"},
                    "quantity": {"type": "int64"},
                    "colour": {"type": "string"},
                },
                "bindings": {
                    "shop": {
                        "collection": "orders",
                        "unwind": "lines",
                        "fields": {
                            "order_id": "number",
                            "customer": "customer.name",
                            "sku": "lines[].sku",
                            "quantity": "lines[].quantity",
                            "colour": "lines[].options.colour",
                        },
                    }
                },
            },
            "tag": {
                "description": "A word that an order bears",
                "key": ["order_id", "word"],
                "fields": {"order_id": {"type": "int64"}, "word": {"type": "string"}},
                "bindings": {
                    "shop": {
                        "collection": "orders",
                        "unwind": "about.tags",
                        "fields": {"order_id": "number", "word": "about.tags[]"},
                    }
                },
            },
            "product": {
                "description": "What is sold",
                "key": "sku",
                "fields": {"sku": {"type": "string"}, "name": {"type": "string"}},
                "bindings": {
                    "shop": {"collection": "products", "fields": {"sku": "sku", "name": "name"}}
                },
            },
        },
    }
)
CAPABILITIES = {"shop": MongoAdapter.capabilities}
ORDERS: list[dict[str, Any]] = [
    {
        "number": 1,
        "customer": {"name": "Ada"},
        "lines": [
            {"sku": "A", "quantity": 2, "options": {"colour": "red"}},
            {"sku": "B", "quantity": 5},
        ],
        "about": {"tags": ["gift", "late"]},
    },
    {"number": 2, "customer": {"name": "Bo"}, "lines": [{"sku": "A", "quantity": None}]},
    {"number": 3, "customer": {"name": "Cy"}, "lines": [], "about": {"tags": None}},
    {"number": 4, "customer": {"name": "Di"}, "about": {"tags": ["late"]}},
]
ANSWERS = {
    "SELECT order_id, customer, sku, quantity, colour FROM line ORDER BY ALL": [
        (1, "Ada", "A", 2, "red"),
        (1, "Ada", "B", 5, None),
        (2, "Bo", "A", None, None),
    ],
    "SELECT sku FROM line WHERE quantity > 2": [("B",)],
    "SELECT order_id FROM line WHERE sku = 'A' AND quantity IS NULL": [(2,)],
    "SELECT sku FROM line WHERE customer = 'Ada' AND (sku = 'B' OR quantity = 9)": [("B",)],
    "SELECT sku, COUNT(*) AS n, SUM(quantity) AS q FROM line GROUP BY sku ORDER BY sku": [
        ("A", 2, 2),
        ("B", 1, 5),
    ],
    "SELECT order_id, word FROM tag WHERE word <> 'gift' ORDER BY ALL": [(1, "late"), (4, "late")],
    """SELECT p.name, l.order_id FROM product AS p JOIN line AS l ON l.sku = p.sku
    ORDER BY ALL""": [("Apple", 1), ("Apple", 2)],
}


@pytest.fixture(scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[LiveMongo]:
    """A mongod with orders, one of two lines, one of one and two of none."""
    async with live_mongo(tmp_path_factory.mktemp("mongo")) as one:
        await one.fill("orders", ORDERS)
        await one.fill("products", [{"sku": "A", "name": "Apple"}, {"sku": "C", "name": "Cherry"}])
        yield one


class FewProducts(Unknown):
    """Statistics of a shop with few products and many orders."""

    def rows(self, source: str, relation: str) -> int | None:
        """The rows of a relation."""
        return 10 if source and relation == "products" else 9_000


def planned(sql: str) -> Plan:
    """A plan in which there are few products and many orders."""
    return Compiler(MODEL, CAPABILITIES).compile(sql, FewProducts())


async def answered(live: LiveMongo, plan: Plan) -> list[tuple[Any, ...]]:
    """The rows of a plan whose every step reads the mongod."""
    pool = StagingPool(StagingSettings())
    async with pool.opened() as staging:
        for step in plan.steps:
            async with staging.filling(step.id, schema_of(step.query.columns)) as take:
                await live.adapter.fetch(step.query, live.reader, Limits(), take)
        joined = await join(plan, staging)
    await pool.close()
    return [tuple(row.values()) for row in joined.table.to_pylist()]


@pytest.mark.parametrize("sql", ANSWERS)
async def test_elements_are_rows(live: LiveMongo, sql: str) -> None:
    """Each element is a row with its document's fields; documents without elements give none."""
    assert await answered(live, planned(sql)) == ANSWERS[sql]


async def test_fed_keys_bound_the_documents(live: LiveMongo) -> None:
    """Keys that a small entity feeds choose documents, before these are unwound, by any element."""
    step = next(s for s in planned(next(q for q in ANSWERS if "JOIN" in q)).steps if s.feed)
    assert step.feed is not None
    got = await gather(live.adapter, with_keys(step.feed.query, ["B"]), live.reader, Limits())
    assert sorted(got.table.column("sku").to_pylist()) == ["A", "B"]


async def test_the_catalog_lists_what_can_be_bound(live: LiveMongo) -> None:
    """Every path of the model's bindings stands in the catalog, with its type."""
    catalog = await live.adapter.introspect(live.reader, 10)
    for entity in MODEL.entities.values():
        binding = entity.bindings["shop"]
        relation = catalog.relation(binding.relation)
        assert relation is not None
        for field, bound in binding.fields.items():
            column = relation.column(bound.path)
            assert column is not None, bound.path
            assert column.type == entity.fields[field].type


def test_a_source_that_reads_no_elements_is_told() -> None:
    """A source that can't unwind refuses the entity in words, whatever language it speaks."""
    poor = {"shop": replace(MongoAdapter.capabilities, unwinds=False)}
    with pytest.raises(QueryError, match="line is bound to the elements of an array in shop"):
        Compiler(MODEL, poor).compile("SELECT sku FROM line")
