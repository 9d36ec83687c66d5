"""Measures of two entities are joined by the key of what they go by, and not by its name."""

import duckdb

from tests.unit.plan.test_grammar import drafted

_ROWS = """
    CREATE TABLE customer AS SELECT * FROM (VALUES
        (1, 'Acme', 'Spain'), (2, 'Acme', NULL), (3, 'Globex', NULL)) t(customer_id, name, country);
    CREATE TABLE "order" AS SELECT * FROM (VALUES
        (1, 1, 10), (2, 2, 20), (3, 3, 30)) t(order_id, customer_id, amount);
    CREATE TABLE ticket AS SELECT * FROM (VALUES
        ('a', 1), ('b', 1), ('c', 2)) t(number, customer_id);
"""


async def _rows(text: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        database.execute(_ROWS)
        return database.execute((await drafted(text)).sql).fetchall()


async def test_two_of_one_name_stay_two() -> None:
    """Each Acme has its own tickets and its own revenue, and the key is not shown."""
    assert await _rows("top 5 customers by number of tickets and revenue") == [
        ("Acme", 2, 10),
        ("Acme", 1, 20),
        ("Globex", None, 30),
    ]


async def test_what_has_no_value_is_one_group() -> None:
    """Customers of no known country stand in one row of both measures."""
    rows = await _rows("revenue and number of tickets by country")
    assert rows == [(None, 50, 1), ("Spain", 10, 2)]
