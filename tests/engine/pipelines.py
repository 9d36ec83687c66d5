"""A collection of nasty documents in a real MongoDB, and the same rows in DuckDB.

DuckDB is filled by a plain fetch through the adapter, so what is compared is what the join would
have made of the same documents.
"""

import math
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from adapters.base import Limits
from adapters.coercion import arrow_type
from adapters.credentials import Credential
from adapters.errors import SourceRefused
from adapters.mongo import MongoAdapter
from adapters.query import AggregationQuery, NativeQuery, OutputColumn
from orchestrator.compile.pipeline import Collection, Untranslatable, pipeline
from orchestrator.compile.shapes import SQL_TYPES
from sandbox.mongo import MongoServer
from tests.contract.harness import gather

WORDS = {
    "id": "int64",
    "n": "int64",
    "m": "int64",
    "f": "float64",
    "g": "float64",
    "d": "decimal(12,2)",
    "e": "decimal",
    "s": "string",
    "u": "string",
    "b": "bool",
    "ts": "timestamptz",
    "day": "date",
    "j": "json",
}
PATHS = {name: name for name in WORDS} | {"id": "_id", "d": "money.amount", "u": "deep.in.u"}
COLLECTION = Collection("nasty", PATHS, WORDS)
Rows = list[tuple[Any, ...]]


def sql_type(word: str) -> str:
    """The SQL type of a canonical word."""
    return SQL_TYPES.get(word) or word.upper()


def qualified(sql: str, words: dict[str, str] = WORDS) -> exp.Select:
    """A SELECT over `t` as the compiler hands it on."""
    schema: dict[str, object] = {"t": {name: sql_type(word) for name, word in words.items()}}
    tree = qualify(sqlglot.parse_one(sql, read="duckdb"), schema=schema, dialect="duckdb")
    select = annotate_types(tree, schema=schema, dialect="duckdb")
    assert isinstance(select, exp.Select)
    return select


@dataclass(slots=True)
class Bench:
    """One collection in MongoDB and its rows in DuckDB."""

    database: "AsyncDatabase[dict[str, Any]]"
    duck: duckdb.DuckDBPyConnection
    adapter: MongoAdapter
    credential: Credential

    async def fill(self, documents: Iterable[dict[str, Any]], collection: Collection) -> None:
        """Replace the collection's documents, and DuckDB's table `t`."""
        stored = self.database[collection.name]
        await stored.delete_many({})
        if documents := list(documents):
            await stored.insert_many(documents)
        elif collection.name not in await self.database.list_collection_names():
            await self.database.create_collection(collection.name)
        columns = tuple(OutputColumn(name=n, type=w) for n, w in collection.words.items())
        project = {name: f"${path}" for name, path in collection.paths.items()}
        stages = [{"$unwind": f"${collection.unwind}"}] if collection.unwind else []
        table = await self.fetch(
            AggregationQuery(
                relations=(collection.name,),
                columns=columns,
                pipeline=(*stages, {"$project": {"_id": 0} | project}),
            )
        )
        self.duck.register("incoming", table)
        self.duck.execute("CREATE OR REPLACE TABLE t AS SELECT * FROM incoming")
        self.duck.unregister("incoming")

    async def fetch(self, query: NativeQuery) -> pa.Table:
        """The rows of a query, through the adapter."""
        return (await gather(self.adapter, query, self.credential, Limits())).table

    def columns(self, sql: str) -> tuple[OutputColumn, ...]:
        """The results' names and words, as DuckDB types them."""
        described = self.duck.execute(f"DESCRIBE {sql}").fetchall()
        return tuple(
            OutputColumn(name=row[0], type="json" if row[0] == "j" else word_of(row[1]))
            for row in described
        )

    def wanted(self, sql: str, columns: tuple[OutputColumn, ...]) -> Rows | None:
        """DuckDB's rows, or None when it refuses to compute them."""
        casts = ", ".join(f'CAST("{c.name}" AS {sql_type(c.type)}) AS "{c.name}"' for c in columns)
        try:
            table = self.duck.sql(f"SELECT {casts} FROM ({sql})").to_arrow_table()
        except (duckdb.OutOfRangeException, duckdb.ConversionException):
            return None
        return rows_of(table, columns)

    async def answered(
        self, sql: str, collection: Collection = COLLECTION
    ) -> tuple[Rows | None, Rows | None] | Untranslatable:
        """DuckDB's rows and MongoDB's (None: it failed), or why the query is not translated."""
        columns = self.columns(sql)
        query = pipeline(qualified(sql, collection.words), collection, columns)
        if isinstance(query, Untranslatable):
            return query
        wanted = self.wanted(sql, columns)
        try:
            return wanted, rows_of(await self.fetch(query), columns)
        except SourceRefused:
            return wanted, None


def word_of(kind: str) -> str:
    """The canonical word of a type that DuckDB names."""
    known = {
        "BIGINT": "int64",
        "INTEGER": "int64",
        "HUGEINT": "decimal(38,0)",
        "DOUBLE": "float64",
        "VARCHAR": "string",
        "BOOLEAN": "bool",
        "DATE": "date",
        "TIMESTAMP": "timestamp",
        "TIMESTAMP WITH TIME ZONE": "timestamptz",
        '"NULL"': "int64",
    }
    return known.get(kind) or kind.lower()


def rows_of(table: pa.Table, columns: tuple[OutputColumn, ...]) -> Rows:
    """Rows as tuples, with times in microseconds, which need no time zone to be compared."""
    arrays: list[list[Any]] = []
    for column in columns:
        array = table.column(column.name).cast(arrow_type(column.type))
        moments = pa.types.is_timestamp(array.type)
        arrays.append((array.cast(pa.int64()) if moments else array).to_pylist())
    return list(zip(*arrays, strict=True))


def same(wanted: Rows | None, got: Rows | None, ordered: bool) -> bool:
    """True when both failed, or the rows are the same; floats within the last few digits."""
    if wanted is None or got is None:
        return wanted is got
    if not ordered:
        wanted, got = sorted(wanted, key=_sortable), sorted(got, key=_sortable)
    return len(wanted) == len(got) and all(
        all(_equal(a, b) for a, b in zip(one, other, strict=True))
        for one, other in zip(wanted, got, strict=True)
    )


def _sortable(row: tuple[Any, ...]) -> list[str]:
    return [f"{v + 0.0:.8g}" if isinstance(v, float) else repr(v) for v in row]


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-12)
    return type(a) is type(b) and a == b


@asynccontextmanager
async def bench(server: MongoServer, database: str = "lab") -> AsyncGenerator[Bench]:
    """A bench on a server's database, closed at the end."""
    duck = duckdb.connect(":memory:")
    duck.execute("SET TimeZone = 'UTC'")
    adapter = MongoAdapter(
        "lab", host=server.host, port=server.port, database=database, auth_database="admin"
    )
    credential = Credential(server.admin_user, server.admin_password)
    async with AsyncMongoClient[dict[str, Any]](server.admin_uri()) as client:
        yield Bench(client[database], duck, adapter, credential)
    duck.close()
