"""Every dataset in PostgreSQL and MongoDB, with a login that may only read: one loader a kind."""

import random
from decimal import Decimal
from typing import Any

import asyncpg
from bson import Decimal128, Int64
from pymongo import AsyncMongoClient

from adapters.credentials import Credential
from sandbox.mongo import MongoServer
from sandbox.postgres import PostgresServer
from tests.property.data import ENTITIES, KEYS, Dataset, Row, seeded
from tests.property.sources import Place, stored_as, tables_of

READER = Credential("property_reader", "for reading alone")
_POSTGRES_TYPES = {
    "int64": "bigint",
    "float64": "double precision",
    "decimal(15,2)": "numeric(15,2)",
    "decimal": "numeric(38,9)",
    "string": "text",
    "bool": "boolean",
    "date": "date",
    "timestamptz": "timestamptz",
    "timestamp": "timestamp",
}


async def postgres_place(name: str, server: PostgresServer, datasets: list[Dataset]) -> Place:
    """A database of that name with all datasets, and a role that may only read them."""
    admin = await asyncpg.connect(server.admin_dsn())
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.execute(f'CREATE DATABASE "{name}"')
    if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", READER.username):
        await admin.execute(f"CREATE ROLE {READER.username} LOGIN PASSWORD '{READER.password}'")
    await admin.close()
    connection = await asyncpg.connect(server.admin_dsn(name))
    async with connection.transaction():
        for one in datasets:
            for table, (words, rows) in tables_of(one).items():
                columns = {_postgres_path(field): _POSTGRES_TYPES[words[field]] for field in words}
                written = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                await connection.execute(f'CREATE TABLE "{table}" ({written})')
                await connection.copy_records_to_table(
                    table,
                    columns=list(columns),
                    records=[[row[field] for field in words] for row in rows],
                )
        await connection.execute(
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER.username}"
        )
    await connection.close()
    return Place(
        name,
        "postgres",
        {"host": server.host, "port": server.port, "database": name},
        lambda table: f"public.{table}",
        lambda entity, name: stored_as(entity, name, _postgres_path(name)),
    )


def _postgres_path(name: str) -> str:
    return {"status": "Status 100%", "value": "order", "kind": "sélect"}.get(name, f"c_{name}")


async def mongo_place(name: str, server: MongoServer, datasets: list[Dataset]) -> Place:
    """A database of that name with all datasets, and a user who may only read it."""
    client: AsyncMongoClient[dict[str, Any]]
    rng = seeded(name)
    async with AsyncMongoClient(server.admin_uri()) as client:
        await client.drop_database(name)
        database = client[name]
        for one in datasets:
            for table, (words, rows) in tables_of(one).items():
                collection = await database.create_collection(table)
                if rows:
                    await collection.insert_many(_document(rng, row, words) for row in rows)
        await database.command("dropAllUsersFromDatabase")
        await database.command("createUser", READER.username, pwd=READER.password, roles=["read"])
    return Place(
        name,
        "mongo",
        {"host": server.host, "port": server.port, "database": name},
        lambda table: table,
        _mongo_bound,
    )


def _mongo_bound(entity: str, name: str) -> dict[str, Any]:
    path = name if _is_key(name) else f"in.{name}"
    texts = {"date": "CAST(value AS DATE)", "timestamp": "CAST(value AS TIMESTAMP)"}
    word = ENTITIES[entity][name]
    if word in texts:
        return {"path": path, "stored": "string", "transform": texts[word]}
    return stored_as(entity, name, path)


def _is_key(name: str) -> bool:
    return any(name in key for key in KEYS.values())


def _document(rng: random.Random, row: Row, words: dict[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, word in words.items():
        if row[name] is None and rng.random() < 0.5:
            continue
        inner = document if _is_key(name) else document.setdefault("in", {})
        inner[name] = _bson(rng, row[name], word)
    return document


def _bson(rng: random.Random, value: Any, word: str) -> Any:
    """The value as documents hold it: whole numbers as int, long or double, days as text."""
    if isinstance(value, Decimal):
        return Decimal128(value.normalize() if rng.random() < 0.3 else value)
    if word == "int64" and value is not None and abs(value) < 2**31:
        return rng.choice((value, Int64(value)))
    if word in ("date", "timestamp") and value is not None:
        return value.isoformat()
    return value
