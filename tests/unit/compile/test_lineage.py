"""Which fields the columns of an answer show."""

import pytest

from tests.unit.compile.shop import planned


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT name, COUNT(*) AS n FROM customer GROUP BY name", {"customer.name"}),
        ("SELECT name FROM customer WHERE segment = 'a' ORDER BY spend", {"customer.name"}),
        ("SELECT COUNT(name), COUNT(DISTINCT segment) FROM customer", set()),
        ("SELECT COUNT(*) FILTER (WHERE name = 'a') AS n FROM customer", set()),
        ("SELECT MAX(name) FROM customer", {"customer.name"}),
        (
            "SELECT ANY_VALUE(name) AS n, SUM(spend) FROM customer",
            {"customer.name", "customer.spend"},
        ),
        ("SELECT LOWER(LEFT(name, 3)) AS n FROM customer", {"customer.name"}),
        ("SELECT COUNT(*) AS n, 'a' AS letter FROM customer", set()),
    ],
)
def test_values_are_shown_and_counts_are_not(sql: str, shown: set[str]) -> None:
    """Group keys, extremes and whatever is computed of a field show it; counts, conditions and
    orders do not."""
    assert set(planned(sql).shown) == shown


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        (
            "WITH x AS (SELECT name AS a, spend AS b FROM customer) SELECT a FROM x",
            {"customer.name"},
        ),
        (
            "WITH x AS (SELECT name, segment FROM customer) SELECT b FROM x AS y(a, b)",
            {"customer.segment"},
        ),
        (
            "WITH x AS (SELECT name, segment FROM customer) SELECT segment FROM x AS y(a)",
            {"customer.segment"},
        ),
        ("SELECT z FROM (SELECT name, segment FROM customer) AS t(y, z)", {"customer.segment"}),
        (
            "SELECT x.n FROM (SELECT name AS n FROM customer UNION SELECT status FROM ticket) AS x",
            {"customer.name", "ticket.status"},
        ),
        (
            "SELECT segment FROM customer EXCEPT (SELECT name FROM customer)",
            {"customer.segment", "customer.name"},
        ),
        (
            """SELECT (SELECT MAX(t.status) FROM ticket AS t WHERE t.customer_id = c.customer_id)
            AS s FROM customer AS c""",
            {"ticket.status"},
        ),
        ("SELECT (SELECT c.name) AS n FROM customer AS c", {"customer.name"}),
        (
            """SELECT EXISTS (SELECT 1 FROM ticket AS t WHERE t.status = c.name) AS e
            FROM customer AS c""",
            set(),
        ),
        (
            "SELECT c.name IN (SELECT status FROM ticket) AS e FROM customer AS c",
            {"customer.name", "ticket.status"},
        ),
        (
            "SELECT status, name FROM customer JOIN ticket USING (customer_id)",
            {"ticket.status", "customer.name"},
        ),
    ],
)
def test_a_value_is_followed_through_queries(sql: str, shown: set[str]) -> None:
    """Derived tables, WITH, set operations and subqueries show what their columns are made of."""
    assert set(planned(sql).shown) == shown


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT RANK() OVER (PARTITION BY name ORDER BY spend) AS r FROM customer", set()),
        ("SELECT FIRST_VALUE(name) OVER (ORDER BY spend) AS r FROM customer", {"customer.name"}),
        (
            "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY spend) AS m FROM customer",
            {"customer.spend"},
        ),
    ],
)
def test_windows_show_what_they_take(sql: str, shown: set[str]) -> None:
    """A window's own order and groups show nothing; the values that it picks do."""
    assert set(planned(sql).shown) == shown
