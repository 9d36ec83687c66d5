"""A PostgreSQL and a mongod of the benchmarks' own, and the shop's rows in them.

Orders are in PostgreSQL as `orders_<count>`, customers and tickets in MongoDB, as
`customers_<count>` and `tickets_<count>`. They are the same every time, with
more columns than any question reads.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from pymongo import AsyncMongoClient

from sandbox.mongo import MongoServer, start_mongo
from sandbox.postgres import PostgresServer, start_postgres

DATABASE = "benchmark"
SEGMENTS = ("enterprise", "mid-market", "small business", "public", "start-up")
_SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "effective_cache_size": "8GB",
    "max_wal_size": "8GB",
}
"""So that PostgreSQL is no slow rival: the sandbox's own settings are those of a small guest."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where a server is, and its admin."""

    host: str
    port: int
    user: str
    password: str

    def dsn(self, database: str = DATABASE) -> str:
        """PostgreSQL's connection URL. The password is made of letters and digits."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def uri(self) -> str:
        """MongoDB's connection URL."""
        return f"mongodb://{self.user}:{self.password}@{self.host}:{self.port}/?authSource=admin"


@dataclass(frozen=True, slots=True)
class Place:
    """What a variant is told: both servers, and a folder for files."""

    postgres: Login
    mongo: Login
    folder: Path


@contextlib.asynccontextmanager
async def open_servers(folder: Path) -> AsyncGenerator[Place]:
    """Both servers, with their data in the folder, so that it is made once."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        postgres = await start_postgres(folder / "postgres", settings=_SETTINGS)
        stack.push_async_callback(postgres.stop)
        mongo = await start_mongo(folder / "mongo")
        stack.push_async_callback(mongo.stop)
        await postgres.create_database(DATABASE)
        yield Place(_login(postgres), _login(mongo), folder)


def _login(server: PostgresServer | MongoServer) -> Login:
    return Login(server.host, server.port, server.admin_user, server.admin_password)


async def fill_orders(place: Place, count: int, customers: int) -> None:
    """`orders_<count>`, by that many customers."""
    table = f"orders_{count}"
    connection = await asyncpg.connect(place.postgres.dsn())
    try:
        if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"public.{table}"):
            return
        async with connection.transaction():
            await connection.execute(f"""
                CREATE TABLE {table} AS
                SELECT g AS id, g * 7919 % {customers} + 1 AS customer_id,
                       (g * 104729 % 1000000 / 100.0)::numeric(12,2) AS amount,
                       (ARRAY['open', 'paid', 'shipped', 'returned'])[1 + g % 4] AS status,
                       timestamptz '2020-01-01 00:00:00+00' + g * interval '37 seconds'
                       AS ordered_at, repeat('x', 60) AS comment
                FROM generate_series(1, {count}::bigint) AS g;
                ALTER TABLE {table} ADD PRIMARY KEY (id);
                CREATE INDEX ON {table} (customer_id);
            """)
        await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


async def fill_customers(place: Place, count: int) -> None:
    """`customers_<count>`, which bear their number as `CUST-000017`."""
    number: dict[str, Any] = {"$toString": "$_id"}
    padded: dict[str, Any] = {"$concat": ["000000", number]}
    last: dict[str, Any] = {"$subtract": [{"$strLenCP": padded}, 6]}
    await _fill(
        place,
        f"customers_{count}",
        count,
        {
            "ref": {"$concat": ["CUST-", {"$substrCP": [padded, last, 6]}]},
            "segment": {"$arrayElemAt": [list(SEGMENTS), {"$mod": ["$_id", len(SEGMENTS)]}]},
            "name": {"$concat": ["Customer ", number]},
            "address": {"city": "Utrecht", "street": "x" * 40},
        },
    )


async def fill_tickets(place: Place, count: int) -> None:
    """`tickets_<count>`: texts, an int, a double, a Decimal128, a bool and a date."""
    statuses = ["open", "pending", "solved", "closed"]
    await _fill(
        place,
        f"tickets_{count}",
        count,
        {
            "number": {"$concat": ["T-", {"$toString": {"$add": ["$_id", 1_000_000]}}]},
            "customer": {"$mod": [{"$multiply": ["$_id", 7919]}, 50_000]},
            "amount": {"$divide": [{"$mod": [{"$multiply": ["$_id", 104729]}, 999_983]}, 97]},
            "refund": {"$divide": [{"$toDecimal": {"$mod": ["$_id", 100_003]}}, 100]},
            "open": {"$eq": [{"$mod": ["$_id", 3]}, 0]},
            "opened_at": {
                "$add": [{"$toDate": "2020-01-01T00:00:00Z"}, {"$multiply": ["$_id", 37_000]}]
            },
            "status": {"$arrayElemAt": [statuses, {"$mod": ["$_id", 4]}]},
            "subject": "x" * 60,
        },
    )


async def _fill(place: Place, name: str, count: int, fields: dict[str, Any]) -> None:
    """Have the server make `count` documents, numbered from 1."""
    blocks, block = max(1, count // 1_000), min(count, 1_000)
    async with AsyncMongoClient[dict[str, Any]](place.mongo.uri()) as client:
        database = client[DATABASE]
        if await database[name].estimated_document_count() == blocks * block:
            return
        numbered = {"$add": [{"$multiply": ["$block", block]}, "$one", 1]}
        await database.aggregate(
            [
                {"$documents": [{"block": {"$range": [0, blocks]}}]},
                {"$unwind": "$block"},
                {"$set": {"one": {"$range": [0, block]}}},
                {"$unwind": "$one"},
                {"$project": {"_id": {"$toLong": numbered}}},
                {"$set": fields},
                {"$out": name},
            ]
        )
