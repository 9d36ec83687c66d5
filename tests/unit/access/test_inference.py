"""Every way to use a masked field to find out what it hides is refused, or sees the mask alone."""

import duckdb
import pytest

from adapters.errors import AccessDenied
from orchestrator.compile.parse import parse
from orchestrator.compile.pseudonym import pseudonym_macro
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.rights import rights_of
from orchestrator.compile.shapes import Shapes
from orchestrator.semantic import SemanticModel
from tests.unit.access.company import ADA, EVERYONE, model, planned

TRIES = {
    "a condition": "SELECT customer_id FROM customer WHERE name = 'Acme'",
    "LIKE": "SELECT customer_id FROM customer WHERE name LIKE 'A%'",
    "a pattern": "SELECT customer_id FROM customer WHERE REGEXP_MATCHES(name, '^A')",
    "IS NULL": "SELECT customer_id FROM customer WHERE name IS NULL",
    "a range": "SELECT customer_id FROM customer WHERE name BETWEEN 'A' AND 'B'",
    "IN a list": "SELECT customer_id FROM customer WHERE name IN ('Acme')",
    "IN a subquery": (
        "SELECT number FROM ticket WHERE number IN (SELECT name FROM customer)"
    ),
    "a subquery's value": (
        "SELECT number FROM ticket WHERE number = (SELECT MIN(name) FROM customer)"
    ),
    "a plain subquery's value": "SELECT (SELECT name FROM customer LIMIT 1) AS n FROM ticket",
    "EXISTS": (
        "SELECT number FROM ticket AS t WHERE EXISTS (SELECT 1 FROM customer AS c"
        " WHERE c.name = t.number)"
    ),
    "a correlated column": (
        "SELECT c.customer_id FROM customer AS c WHERE EXISTS (SELECT 1 FROM ticket AS t"
        " WHERE t.number = c.name)"
    ),
    "a join": "SELECT t.number FROM ticket AS t JOIN customer AS c ON c.name = t.number",
    "an outer join": (
        "SELECT t.number FROM ticket AS t LEFT JOIN customer AS c ON c.name > t.number"
    ),
    "USING": "SELECT a.spend FROM customer AS a JOIN customer AS b USING (name)",
    "a group": "SELECT COUNT(*) AS n FROM customer GROUP BY name",
    "GROUP BY ALL": "SELECT name, COUNT(*) AS n FROM customer GROUP BY ALL",
    "a group by place": "SELECT name, COUNT(*) AS n FROM customer GROUP BY 1",
    "a grouping set": "SELECT segment, COUNT(*) AS n FROM customer GROUP BY ROLLUP (segment, name)",
    "HAVING": "SELECT segment FROM customer GROUP BY segment HAVING MAX(name) > 'M'",
    "an order": "SELECT customer_id FROM customer ORDER BY name",
    "an order by alias": "SELECT name AS x FROM customer ORDER BY x",
    "an order by place": "SELECT name FROM customer ORDER BY 1",
    "ORDER BY ALL": "SELECT name FROM customer ORDER BY ALL",
    "DISTINCT": "SELECT DISTINCT name FROM customer",
    "DISTINCT ON": "SELECT DISTINCT ON (name) segment FROM customer",
    "CASE": "SELECT CASE WHEN name = 'Acme' THEN 1 END AS x FROM customer",
    "a function": "SELECT UPPER(name) AS x FROM customer",
    "its length": "SELECT LENGTH(name) AS x FROM customer",
    "a cast": "SELECT TRY_CAST(name AS BIGINT) AS x FROM customer",
    "a concatenation": "SELECT name || segment AS x FROM customer",
    "COALESCE": "SELECT COALESCE(name, 'none') AS x FROM customer",
    "MIN": "SELECT MIN(name) AS x FROM customer",
    "MAX": "SELECT MAX(name) AS x FROM customer",
    "COUNT DISTINCT": "SELECT COUNT(DISTINCT name) AS x FROM customer",
    "FILTER": "SELECT COUNT(*) FILTER (WHERE name = 'Acme') AS x FROM customer",
    "ARG_MAX": "SELECT ARG_MAX(segment, name) AS x FROM customer",
    "STRING_AGG": "SELECT STRING_AGG(name, ',') AS x FROM customer",
    "a window": "SELECT ROW_NUMBER() OVER (ORDER BY name) AS x FROM customer",
    "a window's group": "SELECT COUNT(*) OVER (PARTITION BY name) AS x FROM customer",
    "LAG": "SELECT LAG(name) OVER (ORDER BY customer_id) AS x FROM customer",
    "QUALIFY": "SELECT segment FROM customer QUALIFY ROW_NUMBER() OVER (ORDER BY name) = 1",
    "a CTE": "WITH c AS (SELECT name AS x FROM customer) SELECT 1 AS one FROM c WHERE x = 'Acme'",
    "a renamed CTE": (
        "WITH c(x) AS (SELECT name FROM customer) SELECT 1 AS one FROM c WHERE x = 'A'"
    ),
    "a derived table": "SELECT 1 AS one FROM (SELECT name AS x FROM customer) AS c ORDER BY c.x",
    "a renamed derived table": (
        "SELECT 1 AS one FROM (SELECT name FROM customer) AS c(x) WHERE x = 'Acme'"
    ),
    "two derived tables": (
        "SELECT 1 AS one FROM (SELECT x FROM (SELECT name AS x FROM customer) AS a) AS b"
        " WHERE b.x = 'Acme'"
    ),
    "UNION": "SELECT name FROM customer UNION SELECT number FROM ticket",
    "UNION ALL, ordered": (
        "SELECT name FROM customer UNION ALL SELECT number FROM ticket ORDER BY name"
    ),
    "EXCEPT": "SELECT number FROM ticket EXCEPT SELECT name FROM customer",
    "INTERSECT": "SELECT name FROM customer INTERSECT SELECT number FROM ticket",
    "a union in a CTE": (
        "WITH c AS (SELECT name AS x FROM customer UNION ALL SELECT number FROM ticket)"
        " SELECT 1 AS one FROM c WHERE x = 'Acme'"
    ),
    "arithmetic on a moment": "SELECT MAX(left_at) AS x FROM customer",
    "a moment in a condition": (
        "SELECT segment FROM customer WHERE left_at > TIMESTAMPTZ '2026-01-01'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("sql", TRIES.values(), ids=TRIES.keys())
def test_a_masked_field_can_be_shown_and_nothing_else(sql: str) -> None:
    """Each use but to show it is refused, with the field's name."""
    with pytest.raises(AccessDenied, match=r"customer\.(name|left_at) is masked for you"):
        planned(sql.replace("FROM ticket", "FROM memo").replace("number", "memo_id"), model())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM customer",
        "SELECT c.name AS who, c.left_at FROM customer AS c WHERE c.segment = 'a' ORDER BY c.spend",
        "SELECT x FROM (SELECT name AS x FROM customer) AS c",
        "WITH c AS (SELECT * FROM customer) SELECT segment FROM c ORDER BY segment",
        "SELECT name FROM customer UNION ALL SELECT memo_id FROM memo",
        "SELECT COUNT(*) AS n FROM customer AS c WHERE EXISTS (SELECT name FROM customer)",
    ],
)
def test_to_show_a_masked_field_is_allowed(sql: str) -> None:
    """What shows it alone, or does not use it, gives a plan."""
    assert planned(sql, model()).steps


@pytest.mark.parametrize("sql", TRIES.values(), ids=TRIES.keys())
def test_a_usable_mask_is_all_that_a_query_sees(sql: str) -> None:
    """With a usable mask each of these runs, and says the same of other values with that mask."""
    masks = {
        "customer.name": {"kind": "partial", "usable": True},
        "customer.left_at": {"kind": "bucket", "unit": "month", "usable": True},
    }
    here = model({**EVERYONE, "pii": ["contact"], "masks": masks})
    written = _guarded(sql.replace("FROM ticket", "FROM memo").replace("number", "memo_id"), here)
    one = _answer(written, "Acme", "2026-03-02")
    assert one == _answer(written, "Axyz", "2026-03-29")


def _guarded(sql: str, here: SemanticModel) -> str:
    resolved = Resolver(here, Shapes(here)).resolve(parse(sql), rights_of(here, ADA))
    return resolved.tree.sql("duckdb")


def _answer(sql: str, name: str, left_on: str) -> list[str]:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(pseudonym_macro("key"))
        connection.execute(
            "CREATE TABLE customer AS SELECT i AS customer_id, CASE WHEN i = 1 THEN $1 ELSE"
            " 'Bob' || i END AS name, 'a' AS segment, i * 1.5 AS spend, DATE '2020-01-01' AS"
            " joined_on, CAST($2 AS TIMESTAMPTZ) AS left_at, 1.0 AS health FROM range(4) AS r(i)",
            [name, left_on],
        )
        connection.execute(
            "CREATE TABLE memo AS SELECT 'A***' AS memo_id, 1 AS customer_id, 'call' AS kind,"
            " 1.0 AS weight, 'words' AS text"
        )
        return sorted(map(repr, connection.sql(sql).to_arrow_table().to_pylist()))
