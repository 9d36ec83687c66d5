"""Where SQL means the same in a source as in DuckDB, by dialect."""

import pytest

from adapters.base import Capabilities
from adapters.duckdb import DuckdbAdapter
from adapters.postgres import PostgresAdapter
from adapters.sqlite import SqliteAdapter
from orchestrator.compile.meaning import difference
from orchestrator.compile.parse import parse
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.shapes import Shapes
from tests.unit.compile.shop import MODEL

_RESOLVER = Resolver(MODEL, Shapes(MODEL))
_POSTGRES, _SQLITE = PostgresAdapter.capabilities, SqliteAdapter.capabilities


def said(condition: str, able: Capabilities) -> str | None:
    """Why a condition on customers does not mean the same there."""
    tree = _RESOLVER.resolve(parse(f"SELECT name FROM customer WHERE {condition}")).tree
    return difference(tree.args["where"].this, able)


@pytest.mark.parametrize(
    "condition",
    [
        "name = 'a'",
        "name < 'a'",
        "name || segment = 'ab'",
        "LENGTH(name) > 3",
        "SUBSTRING(name, 1, 2) = 'ab'",
        "COALESCE(name, segment) = 'a'",
        "NULLIF(name, '') IS NULL",
        "CASE WHEN spend > 1 THEN name ELSE segment END = 'a'",
        "name LIKE 'a_b%'",
        "name NOT LIKE '%'",
        "spend + customer_id * 2 - 1 > 3",
        "customer_id / 4 > 1",
        "ABS(spend) = 1",
        "GREATEST(spend, 2) = 2",
        "CAST(customer_id AS DOUBLE) = 2",
        "YEAR(joined_on) = 2026",
        "EXTRACT(HOUR FROM left_at) = 3",
        "DATE_TRUNC('month', joined_on) = DATE '2026-01-01'",
        "joined_on + INTERVAL 1 DAY > DATE '2026-01-01'",
        "joined_on > TIMESTAMP '2026-01-01 12:00:00'",
        "joined_on IS DISTINCT FROM DATE '2026-01-01'",
        "name IS NOT DISTINCT FROM segment",
        "left_at AT TIME ZONE 'Europe/Berlin' > TIMESTAMP '2026-01-01'",
        "DATE_TRUNC('day', left_at AT TIME ZONE 'Asia/Tokyo') = TIMESTAMP '2026-01-01'",
        "left_at - INTERVAL '2' QUARTER > TIMESTAMPTZ '2026-01-01 00:00:00+00'",
        "spend NOT BETWEEN 1 AND 2",
    ],
)
def test_postgres_means_the_same(condition: str) -> None:
    """What PostgreSQL is trusted with."""
    assert said(condition, _POSTGRES) is None


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("UPPER(name) = 'A'", "UPPER"),
        ("LOWER(name) = 'a'", "LOWER"),
        ("TRIM(name) = 'a'", "TRIM"),
        ("name ILIKE 'a%'", "ILIKE"),
        ("name ~ 'a'", "REGEXP_LIKE"),
        ("name SIMILAR TO 'a%'", "SIMILARTO"),
        (r"name LIKE 'a\%'", "backslash"),
        ("name LIKE segment", "backslash"),
        ("name LIKE 'a!%' ESCAPE '!'", "ESCAPE"),
        ("SUBSTRING(name, 0, 2) = 'a'", "SUBSTRING"),
        ("SUBSTRING(name, -2) = 'a'", "SUBSTRING"),
        ("SUBSTRING(name, customer_id) = 'a'", "SUBSTRING"),
        ("CONCAT(name, segment) = 'a'", "CONCAT"),
        ("name || customer_id = 'a1'", "||"),
        ("LEAST(name, segment) = 'a'", "order of text"),
        ("spend / customer_id > 1", "division by zero"),
        ("spend / 0 > 1", "division by zero"),
        ("customer_id % 2 = 1", "MOD"),
        ("customer_id // 2 = 1", "INTDIV"),
        ("ROUND(spend, 1) = 1", "ROUND"),
        ("SQRT(spend) = 1", "SQRT"),
        ("POWER(customer_id, 2) = 4", "POWER"),
        ("CAST(spend AS INTEGER) = 1", "CAST"),
        ("CAST(name AS BIGINT) = 1", "CAST"),
        ("TRY_CAST(name AS BIGINT) = 1", "CAST"),
        ("TRY_CAST(spend AS DECIMAL(3, 1)) = 1", "CAST"),
        ("CAST(joined_on AS TEXT) = '2026'", "CAST"),
        ("EXTRACT(EPOCH FROM left_at) > 1", "EXTRACT"),
        ("DATE_DIFF('month', joined_on, joined_on) = 0", "DATEDIFF"),
        ("STRFTIME(joined_on, '%Y') = '2026'", "TIME_TO_STR"),
        ("left_at AT TIME ZONE 'CET' > TIMESTAMP '2026-01-01'", "AT TIME ZONE"),
        ("CAST(joined_on AS TIMESTAMP) AT TIME ZONE 'Europe/Berlin' > left_at", "AT TIME ZONE"),
        ("left_at + INTERVAL '1.5 days' > left_at", "whole units"),
        ("CAST(spend AS FLOAT) > 10.1", "comparison"),
        ("CAST(customer_id AS TINYINT) > 1", "CAST"),
        ("name = 7", "comparison"),
        ("name IN (7)", "comparison"),
        ("left_at + INTERVAL '1 day 2 hours' > left_at", "whole units"),
        ("left_at + INTERVAL (customer_id) DAY > left_at", "whole units"),
        ("DATE_TRUNC('century', left_at) > left_at", "century"),
        ("DATE_TRUNC('millennium', left_at) > left_at", "millennium"),
        ("(name, segment) <> ('a', 'b')", "may differ"),
        ("(name, segment) NOT IN (('a', 'b'), ('c', 'd'))", "a row of values"),
        ("(segment, customer_id) < ('a', 5)", "may differ"),
        ("CASE name WHEN 'a' THEN TRUE END", "CASE"),
    ],
)
def test_postgres_may_mean_another_thing(condition: str, reason: str) -> None:
    """What differs by the manuals stays here, and the reason names it."""
    found = said(condition, _POSTGRES)
    assert reason in (found or "")


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ("name = 'a'", True),
        ("segment IN ('a', 'b')", True),
        ("customer_id >= 3", True),
        ("health < 1.5", True),
        ("customer_id = health", False),
        ("name IS NOT NULL", True),
        ("NOT (name = 'a' AND customer_id = 1)", True),
        ("name < 'a'", False),
        ("name BETWEEN 'a' AND 'b'", False),
        ("name LIKE 'a%'", False),
        ("name ~ 'a'", False),
        ("customer_id + 1 = 2", False),
        ("LENGTH(name) = 2", False),
        ("COALESCE(name, 'a') = 'a'", False),
        ("health <> CAST(1 AS DOUBLE)", True),
        ("health <> CAST('NaN' AS DOUBLE)", False),
        ("customer_id = CAST('1_000' AS BIGINT)", False),
    ],
)
def test_sqlite_is_asked_little(condition: str, same: bool) -> None:
    """SQLite compares, and orders numbers; all else is its own."""
    assert (said(condition, _SQLITE) is None) == same


@pytest.mark.parametrize(
    "condition", ["name ~ '^a'", "UPPER(name) = 'A'", "spend / customer_id > 1", "name < 'a'"]
)
def test_duckdb_means_what_duckdb_means(condition: str) -> None:
    """A DuckDB source is asked everything."""
    assert said(condition, DuckdbAdapter.capabilities) is None


def test_an_unknown_dialect_is_trusted_with_nothing() -> None:
    """A dialect without a list of its own is not told of any condition."""
    able = Capabilities(language="sql", comparisons=frozenset(), dialect="mysql")
    assert said("name = 'a'", able) is not None
