"""Smallest groups: what is told of many rows together, and never of a few."""

from typing import Any

import duckdb
import pytest

from adapters.errors import AccessDenied
from orchestrator.compile.parse import parse
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.rights import rights_of
from orchestrator.compile.shapes import Shapes
from orchestrator.semantic import SemanticModel
from tests.unit.access.company import ADA, model, planned

FIELD = model({"name": "x", "for": ["everyone"], "pii": ["contact"],
               "smallest_group": {"customer.spend": 3}})  # fmt: skip
ENTITY = model({"name": "x", "for": ["everyone"], "pii": ["contact"],
                "smallest_group": {"customer": 3}})  # fmt: skip

SINGLING_OUT = {
    "the value itself": "SELECT spend FROM customer",
    "a group of it": "SELECT spend, COUNT(*) AS n FROM customer GROUP BY spend",
    "a condition on it": "SELECT COUNT(*) AS n FROM customer WHERE spend > 5",
    "the highest": "SELECT MAX(spend) AS x FROM customer",
    "the middle": "SELECT MEDIAN(spend) AS x FROM customer",
    "one row by CASE": (
        "SELECT SUM(CASE WHEN customer_id = 1 THEN spend END) AS x FROM customer"
    ),
    "one row by FILTER": "SELECT SUM(spend) FILTER (WHERE segment = 'a') AS x FROM customer",
    "one row by its key": "SELECT SUM(spend) AS x FROM customer WHERE customer_id = 1",
    "all but one": "SELECT SUM(spend) AS x FROM customer WHERE customer_id <> 1",
    "by personal data": "SELECT SUM(spend) AS x FROM customer WHERE name <> 'Acme'",
    "distinct values": "SELECT SUM(DISTINCT spend) AS x FROM customer",
    "a window": "SELECT SUM(spend) OVER (ORDER BY customer_id) AS x FROM customer",
    "weights": "SELECT SUM(spend * customer_id) AS x FROM customer",
    "weights by a join": (
        "SELECT SUM(c.spend) AS x FROM customer AS c JOIN ticket AS t ON t.customer_id ="
        " c.customer_id"
    ),
    "picked by a join": (
        "SELECT SUM(c.spend) AS x FROM customer AS c JOIN (SELECT 1 AS one) AS o ON"
        " c.customer_id = o.one"
    ),
    "picked by a subquery": (
        "SELECT SUM(spend) AS x FROM customer WHERE customer_id IN (SELECT ref FROM ticket)"
    ),
    "correlated": (
        "SELECT (SELECT SUM(c.spend) FROM customer AS c WHERE c.customer_id = t.ref) AS x"
        " FROM memo AS m JOIN ticket AS t ON t.number = m.memo_id"
    ),
    "a derived table": "SELECT SUM(x) AS s FROM (SELECT spend AS x FROM customer) AS c",
}  # fmt: skip


@pytest.mark.parametrize("sql", SINGLING_OUT.values(), ids=SINGLING_OUT.keys())
def test_what_could_single_out_a_row_is_refused(sql: str) -> None:
    """Each way to a single value is refused."""
    with pytest.raises(AccessDenied, match="groups of at least 3 alone"):
        planned(sql, FIELD)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM customer",
        "SELECT COUNT(*) AS n FROM customer WHERE name = 'Acme'",
        "SELECT COUNT(*) AS n, MAX(joined_on) AS m FROM customer",
        (
            'SELECT amount FROM "order" AS o WHERE EXISTS (SELECT 1 FROM customer AS c WHERE'
            " c.customer_id = o.customer_id)"
        ),
    ],
)
def test_of_a_whole_entity_no_row_is_told(sql: str) -> None:
    """Rows, counts by a name, and extremes of an entity with a smallest group are refused."""
    with pytest.raises(AccessDenied, match="customer may be told of groups of at least 3 alone"):
        planned(sql, ENTITY)


def _told(sql: str, here: SemanticModel) -> list[tuple[Any, ...]]:
    """What is told of groups of five, two, and four of whom one alone has a value."""
    resolved = Resolver(here, Shapes(here)).resolve(parse(sql), rights_of(here, ADA))
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(
            "CREATE TABLE customer AS SELECT i AS customer_id, 'n' || i AS name, CASE WHEN i < 5"
            " THEN 'five' WHEN i < 7 THEN 'two' ELSE 'four' END AS segment, CASE WHEN i < 8 THEN"
            " i * 1.0 END AS spend, DATE '2020-01-01' AS joined_on FROM range(11) AS r(i)"
        )
        connection.execute(
            'CREATE TABLE "order" AS SELECT i AS order_id, i % 11 AS customer_id, 1.0 AS amount'
            " FROM range(44) AS r(i)"
        )
        return connection.sql(resolved.tree.sql("duckdb")).fetchall()


@pytest.mark.parametrize(
    ("here", "sql", "told"),
    [
        (FIELD, "SELECT segment, SUM(spend) AS s FROM customer GROUP BY 1", [("five", 10)]),
        (FIELD, "SELECT segment, AVG(spend) AS s FROM customer GROUP BY 1 HAVING COUNT(*) > 9", []),
        (FIELD, "SELECT SUM(spend) AS s FROM customer WHERE segment = 'two'", []),
        (FIELD, "SELECT segment, COUNT(*) AS n FROM customer GROUP BY 1 ORDER BY 2",
         [("two", 2), ("four", 4), ("five", 5)]),
        (ENTITY, "SELECT segment, COUNT(*) AS n FROM customer GROUP BY 1 ORDER BY 2",
         [("four", 4), ("five", 5)]),
        (ENTITY, "SELECT segment, SUM(spend) AS s FROM customer GROUP BY 1", [("five", 10)]),
        (ENTITY, "SELECT name, COUNT(*) AS n FROM customer GROUP BY 1", []),
        (ENTITY, ("SELECT SUM(x.s) AS s FROM (SELECT segment, SUM(spend) AS s FROM customer"
         " GROUP BY 1) AS x"), [(10,)]),
    ],
)  # fmt: skip
def test_groups_that_are_too_small_are_left_out(
    here: SemanticModel, sql: str, told: list[tuple[Any, ...]]
) -> None:
    """A group counts by its different rows that have a value."""
    assert [tuple(map(_plain, row)) for row in _told(sql, here)] == told


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else int(value)


def test_a_join_to_another_entity_by_its_key_is_allowed() -> None:
    """Orders by the segment of their customer are added up, in groups of orders."""
    here = model({"name": "x", "for": ["everyone"], "smallest_group": {"order.amount": 3}})
    sql = (
        'SELECT c.segment, SUM(o.amount) AS s FROM "order" AS o JOIN customer AS c'
        " ON c.customer_id = o.customer_id GROUP BY 1 ORDER BY 1"
    )
    assert [row[0] for row in _told(sql, here)] == ["five", "four", "two"]
    assert "HAVING" in planned(sql, here).join.sql + repr(planned(sql, here).steps)
