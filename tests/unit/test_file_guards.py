"""What the guards of DuckDB and SQLite let through; what they refuse stands in tests/hostile."""

import pytest

from adapters.duckdb.guard import check as check_duckdb
from adapters.query import OutputColumn, SqlQuery
from adapters.sqlite.guard import check as check_sqlite


def query(text: str) -> SqlQuery:
    """A query that declares one relation."""
    columns = (OutputColumn(name="id", type="int64"),)
    return SqlQuery(relations=("customers",), columns=columns, text=text)


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
