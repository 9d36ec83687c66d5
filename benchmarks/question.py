"""A whole question over two databases, beside scripts that a person would write for it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg
import duckdb
import pyarrow as pa
from adbc_driver_postgresql import dbapi
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient
from pymongoarrow.api import Schema, aggregate_arrow_all

from adapters.query import AggregationQuery, SqlQuery
from benchmarks.engine import answered, opened, proposed
from benchmarks.measure import Outcome, Target, Variant, Work, compare, plain, without_gc
from benchmarks.postgres import psql_copy, that_run
from benchmarks.servers import DATABASE, Place, fill_customers, fill_orders
from orchestrator.compile import Plan
from orchestrator.semantic import SemanticModel

TITLE = "A whole question: orders in PostgreSQL by segment of customers in MongoDB"
TARGETS = (
    Target(
        "small: time, of the script with bare drivers", "crosstalk", "script", at=0, at_most=1.3
    ),
    Target("small: time, of the script in Arrow", "crosstalk", "script, Arrow", at=0, at_most=1.3),
    Target("large: time, of the script with bare drivers", "crosstalk", "script", at_most=1.05),
    Target("large: time, of the script in Arrow", "crosstalk", "script, Arrow", at_most=1.05),
    Target("large: times as fast as fetching all as dicts", "crosstalk", "all dicts", at_least=20),
    Target(
        "large: times as fast as fetching all as dicts, GC off",
        "crosstalk",
        "all dicts, GC off",
        at_least=20,
    ),
    Target("large: times as fast as the columns as dicts", "crosstalk", "pruned dicts", at_least=6),
    Target(
        "large: times as fast as the columns as dicts, GC off",
        "crosstalk",
        "pruned dicts, GC off",
        at_least=6,
    ),
    Target(
        "large: time, of psql's COPY of the two columns", "crosstalk", "psql COPY", at_most=1.15
    ),
)
_ABOUT = """`SELECT c.segment, SUM(o.amount), COUNT(*) … GROUP BY c.segment`, with ten orders a \
customer. A customer bears its number as the text `CUST-000017`, which both sides have to turn \
into a number.

- **crosstalk**: from semantic SQL to the composed answer: compiled, checked, stored, fetched, \
joined, its keys counted, with an audit record. No language model, no Vault, no cache.
- **script**: the same native queries by asyncpg and motor, and the same join in DuckDB over Arrow \
tables that are built column by column.
- **script, Arrow**: the same native queries by ADBC and pymongoarrow, both straight to Arrow, and \
the same join in DuckDB. It checks no type, no cap, no key.
- **all dicts**: `SELECT *` and `find()` as lists of dicts, added up in Python; also with Python's \
garbage collector off.
- **pruned dicts**: the same of only the columns that are needed.
- **psql COPY**: the two columns of PostgreSQL alone, thrown away."""
_SIZES, _QUICK = (1_000, 1_000_000), (1_000, 20_000)
_TRANSFORM = "TRY_CAST(REPLACE(value, 'CUST-', '') AS BIGINT)"


@dataclass(frozen=True, slots=True)
class _Native:
    """What a script is given of the plan: its native queries and its join."""

    place: Place
    sql: dict[int, str]
    fed: dict[int, bool]
    pipeline: dict[int, list[dict[str, Any]]]
    join: dict[int, str]


async def run(place: Place, quick: bool) -> Outcome:
    """All variants at two sizes."""
    sizes = _QUICK if quick else _SIZES
    for size in (10, *sizes):
        await fill_orders(place, size, size // 10)
        await fill_customers(place, size // 10)
    plans: dict[int, Plan] = {}
    async with opened(_model(place, (10, *sizes)), _logins(place)) as pipeline:
        for size in (10, *sizes):
            plans[size] = (await proposed(pipeline, _sql(size))).plan
    native = _native(place, plans)
    names = that_run(VARIANTS)
    return Outcome(_ABOUT, await compare(__name__, native, sizes, 2 if quick else 5, names))


def _native(place: Place, plans: dict[int, Plan]) -> _Native:
    found = _Native(place, {}, {}, {}, {})
    for size, plan in plans.items():
        orders, customers = plan.steps
        query = orders.feed.query if orders.feed else orders.query
        assert isinstance(query, SqlQuery)
        assert isinstance(customers.query, AggregationQuery)
        found.sql[size], found.fed[size] = query.text, orders.feed is not None
        found.pipeline[size] = list(customers.query.pipeline)
        found.join[size] = plan.join.sql
    return found


@contextlib.asynccontextmanager
async def _crosstalk(native: _Native, size: int) -> AsyncGenerator[Work]:
    sizes = tuple(native.sql)
    async with opened(_model(native.place, sizes), _logins(native.place)) as pipeline:
        await answered(pipeline, _sql(sizes[0]))

        async def work() -> None:
            answer, _ = await answered(pipeline, _sql(size))
            assert answer.table is not None
            assert sum(answer.table.column("orders").to_pylist()) == size

        yield work


async def _script(native: _Native, size: int) -> None:
    """Fetches side by side, or one after the other where the plan feeds keys."""
    reading = asyncio.create_task(_documents(native.place, size, native.pipeline[size]))
    connection = await asyncpg.connect(native.place.postgres.dsn(), statement_cache_size=0)
    parameters: list[list[int]] = []
    if native.fed[size]:
        parameters = [[int(one["customer_id"][5:]) for one in await reading]]
    records = await connection.fetch(native.sql[size], *parameters)
    connection.terminate()
    orders = pa.table(
        {
            "customer_id": pa.array([record[0] for record in records], pa.int64()),
            "amount": pa.array([record[1] for record in records], pa.decimal128(12, 2)),
        }
    )
    documents = await reading
    customers = pa.table(
        {name: [one.get(name) for one in documents] for name in ("customer_id", "segment")}
    )
    _joined(native.join[size], orders, customers, size)


async def _script_in_arrow(native: _Native, size: int) -> None:
    if native.fed[size]:
        customers = await asyncio.to_thread(_arrow_customers, native, size)
        keys = [int(one.as_py()[5:]) for one in customers.column("customer_id")]
        orders = await asyncio.to_thread(_arrow_orders, native, size, keys)
    else:
        customers, orders = await asyncio.gather(
            asyncio.to_thread(_arrow_customers, native, size),
            asyncio.to_thread(_arrow_orders, native, size, None),
        )
    _joined(native.join[size], orders, customers, size)


def _arrow_customers(native: _Native, size: int) -> pa.Table:
    schema = Schema({"customer_id": pa.string(), "segment": pa.string()})
    with MongoClient[dict[str, Any]](native.place.mongo.uri()) as client:
        collection = client[DATABASE][f"customers_{size // 10}"]
        return aggregate_arrow_all(collection, native.pipeline[size], schema=schema)


def _arrow_orders(native: _Native, size: int, keys: list[int] | None) -> pa.Table:
    """ADBC gives PostgreSQL's numeric as text, which the join has to cast."""
    with dbapi.connect(native.place.postgres.dsn()) as connection, connection.cursor() as cursor:
        if keys is None:
            cursor.execute(native.sql[size])
        else:
            cursor.execute(native.sql[size].replace("$1", f"'{{{','.join(map(str, keys))}}}'"))
        orders = cursor.fetch_arrow_table()
    amounts = orders.column("amount").cast(pa.string()).cast(pa.decimal128(12, 2))
    return orders.set_column(1, "amount", amounts)


def _joined(sql: str, orders: pa.Table, customers: pa.Table, size: int) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.register("fetched_s1", orders)
        connection.register("fetched_s2", customers)
        table = connection.sql(sql).to_arrow_table()
    assert sum(table.column("orders").to_pylist()) == size


async def _all_dicts(native: _Native, size: int) -> None:
    await _added_up(native.place, size, "*", [])


async def _pruned_dicts(native: _Native, size: int) -> None:
    only = [{"$project": {"_id": 0, "ref": 1, "segment": 1}}]
    await _added_up(native.place, size, "customer_id, amount", only)


async def _added_up(place: Place, size: int, columns: str, stages: list[dict[str, Any]]) -> None:
    reading = asyncio.create_task(_documents(place, size, stages))
    connection = await asyncpg.connect(place.postgres.dsn(), statement_cache_size=0)
    records = await connection.fetch(f"SELECT {columns} FROM orders_{size}")
    connection.terminate()
    orders = [dict(record) for record in records]
    segments = {int(one["ref"][5:]): one["segment"] for one in await reading}
    revenue: dict[str, Decimal] = {}
    count: dict[str, int] = {}
    for order in orders:
        segment = segments.get(order["customer_id"])
        if segment is not None:
            revenue[segment] = revenue.get(segment, Decimal()) + order["amount"]
            count[segment] = count.get(segment, 0) + 1
    assert sum(count.values()) == size


async def _documents(place: Place, size: int, stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(place.mongo.uri())
    try:
        return await client[DATABASE][f"customers_{size // 10}"].aggregate(stages).to_list(None)
    finally:
        client.close()


async def _copy(native: _Native, size: int) -> None:
    await psql_copy(native.place, size, "customer_id, amount")


VARIANTS: dict[str, Variant] = {
    "crosstalk": _crosstalk,
    "script": plain(_script),
    "script, Arrow": plain(_script_in_arrow),
    "all dicts": plain(_all_dicts),
    "all dicts, GC off": without_gc(plain(_all_dicts)),
    "pruned dicts": plain(_pruned_dicts),
    "pruned dicts, GC off": without_gc(plain(_pruned_dicts)),
    "psql COPY": plain(_copy),
}


def _sql(size: int) -> str:
    return (
        f"SELECT c.segment, SUM(o.amount) AS revenue, COUNT(*) AS orders FROM order_{size} AS o "
        f"JOIN customer_{size} AS c ON o.customer_id = c.customer_id "
        "GROUP BY c.segment ORDER BY revenue DESC"
    )


def _logins(place: Place) -> dict[str, Any]:
    return {"sales": place.postgres, "support": place.mongo}


def _model(place: Place, sizes: tuple[int, ...]) -> SemanticModel:
    """Orders and customers of each size."""
    entities: dict[str, Any] = {}
    for size in sizes:
        entities[f"order_{size}"] = {
            "description": "A purchase",
            "key": "order_id",
            "fields": {
                "order_id": {"type": "int64"},
                "customer_id": {"type": "int64"},
                "amount": {"type": "decimal(12,2)"},
            },
            "bindings": {
                "sales": {
                    "relation": f"public.orders_{size}",
                    "fields": {"order_id": "id", "customer_id": "customer_id", "amount": "amount"},
                }
            },
        }
        number = {"path": "ref", "stored": "string", "transform": _TRANSFORM}
        entities[f"customer_{size}"] = {
            "description": "Who buys",
            "key": "customer_id",
            "fields": {"customer_id": {"type": "int64"}, "segment": {"type": "string"}},
            "bindings": {
                "support": {
                    "collection": f"customers_{size // 10}",
                    "fields": {"customer_id": number, "segment": "segment"},
                }
            },
        }
    connect = {
        "sales": {"kind": "postgres", "connect": _address(place.postgres)},
        "support": {
            "kind": "mongo",
            "connect": _address(place.mongo) | {"auth_database": "admin"},
        },
    }
    return SemanticModel.model_validate(
        {
            "name": "Benchmark",
            "sources": connect,
            "entities": entities,
            "policies": {"max_rows": 100_000_000},
        }
    )


def _address(login: Any) -> dict[str, Any]:
    return {"host": login.host, "port": login.port, "database": DATABASE}
