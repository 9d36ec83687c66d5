"""What is left of a join when fetches failed."""

import duckdb
import pytest

from orchestrator.compile.degrade import degrade

_ONE = "SELECT c.name FROM (SELECT * FROM fetched_s1) AS c "
_TICKETS = "(SELECT * FROM fetched_s2) AS t ON t.id = c.id"
_EXISTS = "EXISTS (SELECT 1 FROM (SELECT * FROM fetched_s2) AS t WHERE t.id = c.id)"


def names(sql: str) -> list[str]:
    """The names that a query gives where s1 has two rows and the failed s2 is empty."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "CREATE TABLE fetched_s1 AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(id, name)"
        )
        connection.execute("CREATE TABLE fetched_s2 (id INT, number TEXT)")
        return [row[0] for row in connection.sql(sql).fetchall()]


@pytest.mark.parametrize(
    "condition", [_EXISTS, f"NOT {_EXISTS}", "c.id IN (SELECT id FROM fetched_s2)"]
)
def test_condition_on_a_failed_fetch_is_left_out(condition: str) -> None:
    """What rests on the failed fetch is dropped and said; other conditions stay."""
    left = degrade(f"{_ONE} WHERE c.name <> 'b' AND {condition}", {"s2"}, frozenset())
    assert left is not None
    assert names(left.sql) == ["a"]
    assert "condition" in left.losses[0]


@pytest.mark.parametrize("join", ["JOIN", "LEFT JOIN"])
def test_joined_entity_becomes_empty_columns(join: str) -> None:
    """A join on the failed fetch keeps the rows, and conditions on it go."""
    left = degrade(f"{_ONE} {join} {_TICKETS} WHERE t.number = 'x'", {"s2"}, frozenset())
    assert left is not None
    assert names(left.sql) == ["a", "b"]
    assert "empty" in left.losses[0]


def test_two_joins_of_one_failed_fetch() -> None:
    """Each of several joins on a failed fetch is emptied, and the loss is said once."""
    sql = f"{_ONE} JOIN {_TICKETS} JOIN (SELECT * FROM fetched_s2) AS u ON u.id = c.id"
    left = degrade(sql, {"s2"}, frozenset())
    assert left is not None
    assert names(left.sql) == ["a", "b"]
    assert len(left.losses) == 1


@pytest.mark.parametrize(
    "sql",
    [
        _ONE,
        f"{_ONE} JOIN {_TICKETS}",
        f"WITH x AS ({_ONE}) SELECT name FROM x",
        f"{_ONE} UNION SELECT number FROM fetched_s2",
    ],
)
def test_nothing_is_left_without_from(sql: str) -> None:
    """Where a query reads FROM the failed fetch, there is no answer."""
    assert degrade(sql, {"s1"}, frozenset()) is None


def test_optional_fetch_loses_nothing_in_the_sql() -> None:
    """A fetch that only adds columns leaves the SQL as it was."""
    sql = f"{_ONE} LEFT JOIN {_TICKETS}"
    left = degrade(sql, {"s2"}, frozenset({"s2"}))
    assert left is not None
    assert left.losses == ()
    assert names(left.sql) == ["a", "b"]
