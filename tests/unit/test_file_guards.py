"""The guards of DuckDB and SQLite, and the engines' own locks behind them."""

import sqlite3
from collections.abc import Generator
from pathlib import Path

import duckdb
import pytest

from adapters.duckdb.files import Files, connect, define_view
from adapters.duckdb.guard import check as check_duckdb
from adapters.errors import UnsafeQuery
from adapters.query import OutputColumn, SqlQuery
from adapters.sqlite.guard import authorizer
from adapters.sqlite.guard import check as check_sqlite


def query(text: str) -> SqlQuery:
    """A query that declares one relation."""
    columns = (OutputColumn(name="id", type="int64"),)
    return SqlQuery(relations=("customers",), columns=columns, text=text)


BOTH = [
    "",
    "SELECT id FROM",
    "DELETE FROM customers",
    "UPDATE customers SET id = 1",
    "INSERT INTO customers VALUES (1)",
    "CREATE TABLE stolen AS SELECT id FROM customers",
    "DROP TABLE customers",
    "SELECT id FROM customers; DROP TABLE customers",
    "SELECT id FROM customers; SELECT id FROM customers",
    "BEGIN",
    "COMMIT",
    "ATTACH 'other.db' AS other",
    "DETACH main",
    "VACUUM INTO 'stolen.db'",
    "SELECT id FROM orders",
    "SELECT id FROM main.customers",
    "SELECT id FROM other.customers",
    "SELECT id FROM customers AS c JOIN orders AS o ON o.id = c.id",
    "SELECT id FROM customers WHERE id IN (SELECT id FROM orders)",
    "SELECT id FROM customers ORDER BY (SELECT max(id) FROM orders)",
    "SELECT id FROM customers UNION ALL SELECT id FROM orders",
    "WITH orders AS (SELECT id FROM orders) SELECT id FROM orders",
    "SELECT id FROM (WITH orders AS (SELECT 1 AS id) SELECT id FROM orders) JOIN orders ON true",
    "SELECT nothing_known(id) AS id FROM customers",
]
FOR_DUCKDB = [
    "SELECT id FROM read_csv('/etc/passwd')",
    "SELECT id FROM read_csv_auto('/etc/passwd')",
    "SELECT id FROM read_parquet('/etc/passwd')",
    "SELECT id FROM parquet_scan('/etc/passwd')",
    "SELECT content AS id FROM read_text('/etc/passwd')",
    "SELECT content AS id FROM read_blob('/etc/passwd')",
    "SELECT id FROM '/etc/passwd'",
    'SELECT id FROM "data.parquet"',
    "SELECT id FROM customers, read_json('/etc/passwd')",
    "SELECT id FROM customers, LATERAL read_csv('/etc/passwd')",
    "SELECT id FROM customers WHERE id IN (SELECT 1 FROM read_csv('/etc/passwd'))",
    "SELECT file AS id FROM glob('/etc/*')",
    "SELECT id FROM query('SELECT 1 AS id')",
    "SELECT id FROM query_table('orders')",
    "SELECT id FROM sniff_csv('/etc/passwd')",
    "SELECT id FROM parquet_metadata('/etc/passwd')",
    "SELECT getenv('HOME') AS id FROM customers",
    "SELECT getvariable('x') AS id FROM customers",
    "SELECT current_setting('temp_directory') AS id FROM customers",
    "SELECT value AS id FROM duckdb_settings()",
    "SELECT name AS id FROM duckdb_settings",
    "SELECT table_name AS id FROM information_schema.tables",
    "SELECT path AS id FROM pragma_database_list",
    "SELECT id FROM range(1000000000000) AS r(id)",
    "SELECT nextval('s') AS id FROM customers",
    "SELECT write_log('x') AS id FROM customers",
    "SUMMARIZE customers",
    "DESCRIBE customers",
    "SHOW TABLES",
    "SELECT id FROM (SUMMARIZE customers)",
    "SELECT id FROM (SHOW TABLES)",
    "CALL pragma_version()",
    "PRAGMA database_list",
    "SET memory_limit = '64GB'",
    "RESET ALL",
    "LOAD httpfs",
    "INSTALL httpfs",
    "COPY customers TO '/tmp/stolen.csv'",
    "EXPORT DATABASE '/tmp/stolen'",
    "FROM customers SELECT id; CHECKPOINT",
]
FOR_SQLITE = [
    "SELECT load_extension('x') AS id FROM customers",
    "SELECT readfile('/etc/passwd') AS id FROM customers",
    "SELECT writefile('/tmp/x', 'x') AS id FROM customers",
    "SELECT fts3_tokenizer('x') AS id FROM customers",
    "SELECT zeroblob(1000000000) AS id FROM customers",
    "SELECT randomblob(1000000000) AS id FROM customers",
    "SELECT printf('%.*c', 1000000000, 'x') AS id FROM customers",
    "SELECT name AS id FROM sqlite_schema",
    "SELECT name AS id FROM sqlite_master",
    "SELECT name AS id FROM temp.sqlite_schema",
    "SELECT name AS id FROM pragma_table_info('customers')",
    "SELECT file AS id FROM pragma_database_list",
    "SELECT name AS id FROM dbstat",
    "SELECT json_each(id) AS id FROM customers",
    "SELECT key AS id FROM json_tree('[1]')",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "REINDEX customers",
    "ANALYZE",
]


@pytest.mark.parametrize("text", BOTH + FOR_DUCKDB)
def test_duckdb_takes_one_select_of_what_is_declared(text: str) -> None:
    """Changes, files, settings, catalogs and unknown functions are refused before they are run."""
    with pytest.raises(UnsafeQuery):
        check_duckdb(query(text))


@pytest.mark.parametrize("text", BOTH + FOR_SQLITE)
def test_sqlite_takes_one_select_of_what_is_declared(text: str) -> None:
    """Changes, files, the schema, pragmas and unknown functions are refused before they are run."""
    with pytest.raises(UnsafeQuery):
        check_sqlite(query(text))


GOOD = [
    "SELECT id FROM customers",
    'SELECT "id" AS "id" FROM "customers" AS "c" WHERE "c"."name" = $1 OR "c"."id" <= $2',
    "SELECT count(*) AS id FROM customers AS a JOIN customers AS b ON a.id = b.id GROUP BY a.name",
    "WITH c AS (SELECT id FROM customers), d AS (SELECT id FROM c) SELECT id FROM d",
    "SELECT id FROM (SELECT id FROM customers) AS c ORDER BY id DESC LIMIT 5",
    "SELECT CASE WHEN id > 1 THEN coalesce(id, 0) ELSE abs(id) END AS id FROM customers",
    "SELECT CAST(lower(name) || upper(name) AS TEXT) AS id FROM customers WHERE name LIKE 'a%'",
    "SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM customers AS o WHERE o.id = 3)",
]


@pytest.mark.parametrize(
    "text",
    [
        *GOOD,
        "SELECT id FROM customers WHERE id = ANY($1)",
        "SELECT date_trunc('month', at) AS id FROM customers WHERE date_part('year', at) = 2026",
        "SELECT row_number() OVER (PARTITION BY name ORDER BY id) AS id FROM customers",
    ],
)
def test_duckdb_takes_whole_queries(text: str) -> None:
    """What the compiler makes passes."""
    check_duckdb(query(text))


@pytest.mark.parametrize(
    "text",
    [
        *GOOD,
        "SELECT id FROM customers WHERE id IN (SELECT value FROM json_each($1))",
        "SELECT strftime('%Y', at) AS id FROM customers",
    ],
)
def test_sqlite_takes_whole_queries(text: str) -> None:
    """What the compiler makes passes."""
    check_sqlite(query(text))


@pytest.fixture(scope="module")
def locked_duckdb(
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection as a fetch makes it, without the guard before it."""
    folder = tmp_path_factory.mktemp("locked")
    with duckdb.connect(str(folder / "a.duckdb")) as made:
        made.execute("CREATE TABLE customers AS SELECT 1 AS id")
        made.execute(f"COPY customers TO '{folder}/declared.parquet'")
    files = Files(folder / "a.duckdb", {"orders": folder / "declared.parquet"})
    with connect() as connection:
        files.prepare(connection, ["customers", "orders"], str(folder / "spill"))
        for relation in ("customers", "orders"):
            define_view(connection, files, relation)
        yield connection


def test_locked_duckdb_reads_what_is_declared(locked_duckdb: duckdb.DuckDBPyConnection) -> None:
    """The lock lets the declared relations be read."""
    assert locked_duckdb.sql("SELECT id FROM customers JOIN orders USING (id)").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "FROM read_csv('/etc/passwd')",
        "FROM read_text('/etc/passwd')",
        "FROM read_blob('/etc/passwd')",
        "FROM '/etc/passwd'",
        "FROM glob('/etc/*')",
        "FROM sniff_csv('/etc/passwd')",
        "COPY customers TO '/tmp/crosstalk-stolen.csv'",
        "EXPORT DATABASE '/tmp/crosstalk-stolen'",
        "ATTACH '/tmp/crosstalk-other.duckdb' AS other",
        "INSERT INTO __source.customers VALUES (2)",
        "DROP TABLE __source.customers",
        "CREATE TABLE __source.stolen (id INT)",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/etc/passwd']",
        "SET lock_configuration = false",
        "RESET memory_limit",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT getenv('HOME')",
        "FROM here_and_python_only",
    ],
)
def test_duckdb_is_locked_behind_the_guard(
    locked_duckdb: duckdb.DuckDBPyConnection, text: str
) -> None:
    """Without the guard, DuckDB itself refuses other files, changes and settings."""
    here_and_python_only = [1]
    assert here_and_python_only
    with pytest.raises(duckdb.Error):
        locked_duckdb.sql(text).fetchall()


@pytest.fixture(scope="module")
def locked_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Generator[sqlite3.Connection]:
    """A connection as a fetch makes it, without the guard before it."""
    file: Path = tmp_path_factory.mktemp("locked") / "a.db"
    made = sqlite3.connect(file)
    made.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY)")
    made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    made.commit()
    made.close()
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    connection.execute("SELECT 1 FROM json_each('[]')")
    connection.set_authorizer(authorizer(["customers"]))
    yield connection
    connection.close()


def test_locked_sqlite_reads_what_is_declared(locked_sqlite: sqlite3.Connection) -> None:
    """The lock lets the declared relations be read, and lists of keys."""
    sql = "SELECT count(id) FROM customers WHERE id IN (SELECT value FROM json_each('[1]'))"
    assert locked_sqlite.execute(sql).fetchall() == [(0,)]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM customers",
        "INSERT INTO customers VALUES (1)",
        "CREATE TABLE stolen (id)",
        "CREATE TEMP TABLE stolen (id)",
        "DROP TABLE customers",
        "ATTACH ':memory:' AS other",
        "VACUUM INTO '/tmp/crosstalk-stolen.db'",
        "PRAGMA query_only = OFF",
        "PRAGMA table_info(customers)",
        "SELECT * FROM pragma_table_info('customers')",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM sqlite_schema",
        "SELECT * FROM sqlite_temp_schema",
        "SELECT id FROM orders",
        "SELECT count(*) FROM orders",
        "SELECT load_extension('x')",
        "SELECT randomblob(10)",
        "SELECT zeroblob(10)",
        "SELECT printf('%d', 1)",
        "SELECT sqlite_version()",
        "SELECT * FROM dbstat",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    ],
)
def test_sqlite_is_locked_behind_the_guard(locked_sqlite: sqlite3.Connection, text: str) -> None:
    """Without the guard, SQLite's authorizer refuses all but reading what is declared."""
    with pytest.raises(
        sqlite3.DatabaseError, match=r"not authorized|prohibited|denied|constructor failed"
    ):
        locked_sqlite.execute(text).fetchall()
