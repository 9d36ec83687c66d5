"""The company's customers and orders in files: as DuckDB and Parquet, and as SQLite."""

import sqlite3
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.base import Adapter, Limits
from adapters.credentials import Credential
from adapters.duckdb import DuckdbAdapter
from adapters.query import AggregationQuery, SqlQuery
from adapters.sqlite import SqliteAdapter
from orchestrator.pipeline import Pipeline
from orchestrator.registry import Source
from orchestrator.semantic import SourceSpec
from sandbox.company.model import Company
from sandbox.sandbox import Sandbox
from tests.contract.harness import Harness, columns, select

ASKED = {
    "id": "int64",
    "name": "string",
    "signed_up_on": "date",
    "churned_at": "timestamptz",
    "credit_limit": "decimal(12,2)",
}
_TABLE = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, signed_up_on DATE, "
    "churned_at TIMESTAMPTZ, credit_limit DECIMAL(12,2))"
)
_UNSAFE = (
    "DELETE FROM customers",
    "SELECT id FROM customers; DROP TABLE customers",
    "SELECT id FROM orders",
    "ATTACH '/tmp/other' AS other",
    "WITH c AS (SELECT id FROM c) SELECT id FROM c",
)


def duckdb_files(_pipeline: Pipeline, sandbox: Sandbox, folder: Path) -> Harness:
    """Customers in a database file, orders in Parquet files."""
    write_duckdb(folder, sandbox.company)
    files = {"orders": "orders-*.parquet"}
    return _harness(
        sandbox.company,
        DuckdbAdapter("lake", folder=folder, database="sales.duckdb", files=files),
        DuckdbAdapter("away", folder=folder, database="away.duckdb", files={"customers": "a.csv"}),
        is_one_of="id = ANY($1)",
        unsafe=(
            *_UNSAFE,
            "SELECT id FROM read_csv('/etc/passwd')",
            "SELECT id FROM '/etc/passwd'",
            "SELECT getenv('HOME') AS id FROM customers",
        ),
    )


def sqlite_file(_pipeline: Pipeline, sandbox: Sandbox, folder: Path) -> Harness:
    """Customers and orders in a SQLite file."""
    write_sqlite(folder / "sales.db", sandbox.company)
    return _harness(
        sandbox.company,
        SqliteAdapter("box", folder=folder, database="sales.db"),
        SqliteAdapter("away", folder=folder, database="away.db"),
        is_one_of="id IN (SELECT value FROM json_each($1))",
        unsafe=(
            *_UNSAFE,
            "SELECT load_extension('x') AS id FROM customers",
            "SELECT id FROM pragma_table_info('customers')",
            "PRAGMA query_only = OFF",
        ),
    )


def write_duckdb(folder: Path, company: Company) -> None:
    """`sales.duckdb` with customers, and orders in two Parquet files."""
    with duckdb.connect(str(folder / "sales.duckdb")) as connection:
        connection.execute(_TABLE)
        rows = {name: [getattr(one, name) for one in company.customers] for name in ASKED}
        connection.register("arrived", pa.table(rows))
        connection.execute("INSERT INTO customers SELECT * FROM arrived")
    ids = [one.id for one in company.orders]
    for number, part in enumerate((ids[: len(ids) // 2], ids[len(ids) // 2 :])):
        pq.write_table(pa.table({"id": part}), folder / f"orders-{number}.parquet")


def write_sqlite(path: Path, company: Company) -> None:
    """Customers and orders; what SQLite has no type for is stored as text."""
    rows = map(attrgetter(*ASKED), company.customers)
    texts = (
        [one if one is None or isinstance(one, int | str) else str(one) for one in row]
        for row in rows
    )
    connection = sqlite3.connect(path)
    connection.execute(_TABLE)
    connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", texts)
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO orders VALUES (?)", ((one.id,) for one in company.orders))
    connection.commit()
    connection.close()


def _select(text: str, *parameters: Any, **types: str) -> SqlQuery:
    return select(text, *parameters, relation="customers", **types)


def _harness(
    company: Company, adapter: Adapter, away: Adapter, *, is_one_of: str, unsafe: tuple[str, ...]
) -> Harness:
    plain = _select(f"SELECT {', '.join(ASKED)} FROM customers WHERE id <= $1", 40, **ASKED)
    known = [one for one in company.customers if one.id <= 40]
    return Harness(
        source=Source(adapter.source, SourceSpec(kind=adapter.kind), adapter),
        vault=None,
        relation="customers",
        types=ASKED,
        size=len(company.customers),
        known=plain,
        rows=[{name: getattr(one, name) for name in ASKED} for one in known],
        missing="churned_at",
        many=_select("SELECT id FROM customers", id="int64"),
        batched=select("SELECT id FROM orders", relation="orders", id="int64"),
        listed=lambda keys: _select(
            f"SELECT {', '.join(ASKED)} FROM customers WHERE {is_one_of}", keys, **ASKED
        ),
        keys="id",
        none=plain.model_copy(update={"parameters": (0,)}),
        unknown=select("SELECT id FROM nothing", relation="nothing", id="int64"),
        misfit=_select("SELECT name FROM customers", name="int64"),
        unsafe=tuple(_select(text, id="int64") for text in unsafe),
        foreign=AggregationQuery(
            relations=("customers",), columns=columns(id="int64"), pipeline=()
        ),
        wrong=Credential(),
        unreachable=away,
        heavy=_select(
            "SELECT COUNT(*) AS n FROM customers AS a CROSS JOIN customers AS b "
            "CROSS JOIN customers AS c WHERE a.name || b.name || c.name = $1",
            "",
            n="int64",
        ),
        slow=adapter,
        short=Limits(timeout_s=0.5),
    )
