"""The parser's bounds and what it lets through; what it refuses stands in tests/hostile."""

import pytest

from adapters.errors import QueryError, SqlNotAllowed
from orchestrator.compile.parse import MAX_CHARACTERS, MAX_TABLES, parse
from tests.unit.compile.shop import planned


def test_bounds_hold() -> None:
    """Length, depth, nodes and tables are bounded, each with its own message."""
    with pytest.raises(SqlNotAllowed, match=f"over {MAX_CHARACTERS:,} characters"):
        parse("SELECT name FROM customer WHERE name = '" + "x" * 30_000 + "'")
    with pytest.raises(SqlNotAllowed, match="nested over"):
        parse("SELECT " + "(" * 60 + "1" + ")" * 60)
    with pytest.raises(SqlNotAllowed, match="nested over"):
        parse("SELECT name FROM " + "(SELECT name FROM " * 50 + "customer" + ")" * 50)
    with pytest.raises(SqlNotAllowed, match="too large"):
        parse("SELECT name FROM customer WHERE spend IN (" + ", ".join("1" * 4_500) + ")")
    with pytest.raises(SqlNotAllowed, match=f"over {MAX_TABLES} entities"):
        parse("SELECT 1 FROM " + ", ".join(f"customer AS c{n}" for n in range(30)))


@pytest.mark.parametrize("operator", ["NOT ", "- ", "1 + ", "TRUE AND "])
def test_long_chains_are_refused_or_read(operator: str) -> None:
    """A chain without brackets ends as a tree or a refusal, never as a crash."""
    text = "SELECT " + operator * 1_900 + "1 FROM customer"
    try:
        parse(text)
    except SqlNotAllowed as refused:
        assert str(refused)  # noqa: PT017 -- both ends are right


def test_a_query_without_entities_is_refused() -> None:
    """A SELECT that reads nothing says which entities there are."""
    with pytest.raises(QueryError, match="customer"):
        planned("SELECT 1 AS one")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM customer -- all of them",
        "SELECT /* the */ name FROM customer;",
        'SELECT "name" FROM "customer"',
        "select NAME from customer",
    ],
)
def test_harmless_spellings_are_read(sql: str) -> None:
    """Comments, one closing semicolon, quotes and capitals of words and fields do no harm."""
    assert [one.lower() for one in planned(sql).columns] == ["name"]
