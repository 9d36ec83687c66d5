"""DuckDB as the judge of types and of constants."""

import pytest
import sqlglot
from sqlglot import exp

from adapters.errors import QueryError, SqlNotAllowed
from adapters.query import SqlQuery
from orchestrator.compile.shapes import Shapes, canonical
from tests.unit.compile.shop import MODEL, planned

_SHAPES = Shapes(MODEL)


def folded(expression: str) -> str:
    """An expression after folding, as SQL."""
    tree = sqlglot.parse_one(f"SELECT {expression} AS x", read="duckdb")
    _SHAPES.fold(tree)
    return tree.sql("duckdb").removeprefix("SELECT ").removesuffix(" AS x")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("-(2 - 5)", "-(-3)"),
        ("0.1 + 0.2", "0.3"),
        ("12345678901 * 10", "123456789010"),
        ("DATE '2026-01-31' + 1", "CAST('2026-02-01' AS DATE)"),
        (
            "DATE '1998-12-01' - INTERVAL '90' DAY",
            "CAST('1998-09-02 00:00:00' AS TIMESTAMP)",
        ),
        (
            "CAST(DATE '2026-01-31' + INTERVAL 1 MONTH AS DATE)",
            "CAST('2026-02-28' AS DATE)",
        ),
        (
            "TIMESTAMPTZ '2026-01-01 01:00:00+01' + INTERVAL 1 DAY",
            "CAST('2026-01-02 00:00:00+00' AS TIMESTAMPTZ)",
        ),
        ("DATE_TRUNC('year', DATE '2026-05-05')", "CAST('2026-01-01 00:00:00' AS TIMESTAMP)"),
    ],
)
def test_constants_are_folded(expression: str, value: str) -> None:
    """What no row can change is its value, so that any source can be told it."""
    assert folded(expression) == value


@pytest.mark.parametrize(
    "expression", ["amount + 1", "1.5", "'a'", "DATE '2026-01-01'", "LENGTH('a') + amount"]
)
def test_what_depends_on_rows_stays(expression: str) -> None:
    """Columns, and literals as they are, are left alone."""
    tree = sqlglot.parse_one(f"SELECT {expression} AS x", read="duckdb")
    assert isinstance(tree, exp.Select)
    assert folded(expression) == tree.selects[0].unalias().sql("duckdb")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("DATE '2026-01-01' + INTERVAL 1000000 YEAR", "range"),
        ("9223372036854775807 + 1", "Overflow"),
        ("CAST('x' AS INTEGER) + 1", "convert"),
        ("CAST(DATE '2026-02-30' + 1 AS DATE)", "2026-02-30"),
    ],
)
def test_a_constant_without_a_value_is_refused(expression: str, said: str) -> None:
    """Overflow, days that are not and texts that are no numbers are told with DuckDB's reason."""
    with pytest.raises(SqlNotAllowed, match=rf"A constant has no value: .*{said}"):
        planned(f"SELECT {expression} AS x FROM customer")


@pytest.mark.parametrize(
    "constant", ["DATE '2026-02-30'", "CAST('x' AS INTEGER)", "CAST(300 AS TINYINT)"]
)
def test_a_literal_without_a_value_is_refused(constant: str) -> None:
    """A literal that DuckDB can't read is told before any source is asked."""
    with pytest.raises(SqlNotAllowed, match="A constant has no value"):
        planned(f"SELECT name FROM customer WHERE customer_id = 1 AND {constant} IS NOT NULL")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT name + 1 AS x FROM customer WHERE name + segment = 3", "has no meaning"),
        ("SELECT SUM(name) AS x FROM customer", "has no meaning"),
        ("SELECT name, COUNT(*) AS n FROM customer", "GROUP BY"),
        ("SELECT name FROM customer WHERE SUM(spend) > 1", "WHERE"),
        ("SELECT name FROM customer UNION SELECT name, segment FROM customer", "columns"),
        ("SELECT YEAR(name) AS y FROM customer", "has no meaning"),
        ("SELECT (SELECT name, segment FROM customer) AS x FROM customer", "columns"),
        ("SELECT name FROM customer ORDER BY 5", "output column: 5"),
    ],
)
def test_a_query_without_meaning_is_refused(sql: str, said: str) -> None:
    """Type errors and the like come with DuckDB's reason, before any source is asked."""
    with pytest.raises(QueryError, match=said):
        planned(sql)


def test_folded_bounds_reach_the_source() -> None:
    """A bound that was computed from constants is told to the source as one value."""
    query = planned(
        "SELECT name FROM customer WHERE joined_on >= DATE '1998-12-01' - INTERVAL '90' DAY"
    ).steps[0].query  # fmt: skip
    assert isinstance(query, SqlQuery)
    assert " WHERE " in query.text
    assert [str(value)[:10] for value in query.parameters] == ["1998-09-02"]


@pytest.mark.parametrize("day", ["99999-01-01", "0001-01-01", "9999-12-31"])
def test_days_beyond_python_are_told_as_text(day: str) -> None:
    """A day that Python has no object for is still a bound."""
    query = planned(f"SELECT name FROM customer WHERE joined_on <= DATE '{day}'").steps[0].query
    assert isinstance(query, SqlQuery)
    assert [str(value) for value in query.parameters] == [day]
    assert " WHERE " in query.text


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("INTEGER", "int64"),
        ("HUGEINT", "decimal(38,0)"),
        ("DECIMAL(18,3)", "decimal(18,3)"),
        ("FLOAT", "float64"),
        ("VARCHAR", "string"),
        ("TIMESTAMP WITH TIME ZONE", "timestamptz"),
        ("INTERVAL", None),
        ("UHUGEINT", None),
        ("STRUCT(a INTEGER)", None),
    ],
)
def test_a_canonical_word_holds_every_value_of_its_type(kind: str, word: str | None) -> None:
    """Types that no source gives have no word, so they are made in the join."""
    assert canonical(kind) == word
