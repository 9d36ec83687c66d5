"""The SQL text of a source: physical names, bound literals, and DuckDB's meaning."""

from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from adapters.base import Capabilities
from adapters.duckdb import DuckdbAdapter
from adapters.postgres import PostgresAdapter
from adapters.query import SqlQuery
from adapters.sqlite import SqliteAdapter
from orchestrator.compile import Compiler
from tests.unit.compile.shop import CAPABILITIES, MODEL, planned
from tests.unit.compile.test_same_rows import WRITTEN

_ABLE: dict[str, Capabilities] = {
    "postgres": PostgresAdapter.capabilities,
    "duckdb": DuckdbAdapter.capabilities,
    "sqlite": SqliteAdapter.capabilities,
}
_COMPILERS = {
    dialect: Compiler(MODEL, CAPABILITIES | {"sales": able, "support": able})
    for dialect, able in _ABLE.items()
}
_RELATIONS = {
    binding.relation: {bound.path for bound in binding.fields.values()}
    for entity in MODEL.entities.values()
    for binding in entity.bindings.values()
}


def query_of(sql: str, dialect: str = "postgres") -> SqlQuery:
    """The one SQL query of a plan."""
    (step,) = _COMPILERS[dialect].compile(sql).steps
    assert isinstance(step.query, SqlQuery)
    return step.query


@pytest.mark.parametrize("dialect", _ABLE)
@pytest.mark.parametrize(
    "sql", [*WRITTEN, 'SELECT name, (SELECT MAX(amount) FROM "order" AS i) AS s FROM customer']
)
def test_a_source_sees_physical_names_alone(sql: str, dialect: str) -> None:
    """Every table in a query's text is one of its relations, and every column that is no alias
    of the text is one of theirs."""
    for step in _COMPILERS[dialect].compile(sql).steps:
        if not isinstance(step.query, SqlQuery):
            continue
        tree = sqlglot.parse_one(step.query.text, read=dialect)
        tables = {".".join(p.name for p in table.parts) for table in tree.find_all(exp.Table)}
        made = {one.alias for one in tree.find_all(exp.CTE)} | {"json_each", ""}
        assert {name for name in tables if name.lower() not in made} <= set(step.query.relations)
        named = {one.alias for one in tree.find_all(exp.Alias)}
        physical = {path for name in step.query.relations for path in _RELATIONS[name]}
        assert {column.name for column in tree.find_all(exp.Column)} - named <= physical


@pytest.mark.parametrize("dialect", _ABLE)
def test_text_never_stands_in_the_text(dialect: str) -> None:
    """A hostile literal is a parameter wherever it is compared, whatever the dialect."""
    evil = "x'; DROP TABLE customers; --"
    written = evil.replace("'", "''")
    query = query_of(f"SELECT name FROM customer WHERE segment = '{written}'", dialect)
    assert "DROP" not in query.text
    assert evil in query.parameters


def test_equal_values_share_a_parameter_by_type() -> None:
    """One text is bound once; a day and a moment of the same day are two values."""
    query = query_of(
        "SELECT name FROM customer WHERE segment = 'a' AND name = 'a' AND "
        "joined_on = DATE '2026-01-01' AND left_at = TIMESTAMPTZ '2026-01-01 00:00:00+00:00'"
    )
    assert sorted(map(str, query.parameters)) == [
        "2026-01-01",
        "2026-01-01 00:00:00+00:00",
        "a",
    ]


@pytest.mark.parametrize(
    ("condition", "bound"),
    [
        ("left_at >= '2026-01-01'", "TIMESTAMPTZ) ['2026-01-01 00:00:00+00:00']"),
        ("'2026-01-01' > left_at", "CAST($1 AS TIMESTAMPTZ) >"),
        ("joined_on = '2026-01-02'", "DATE) ['2026-01-02']"),
        ("joined_on IN ('2026-01-02')", "DATE)) ['2026-01-02']"),
        ("CAST(left_at AS DATE) < '2026-01-02'", "DATE) ['2026-01-02']"),
        ("customer_id = '5'", '"id" = 5 []'),
        ("customer_id < '-1.5'", '"id" < -2 []'),
        (f"customer_id < '{10**40}.5'", f'"id" < {10**40 + 1} []'),
        ("'2.5' <> LENGTH(name)", "WHERE 3 <> LENGTH("),
    ],
)
def test_a_text_takes_the_type_beside_it(condition: str, bound: str) -> None:
    """A day in quotes is a day where it is compared with one, as DuckDB reads it."""
    query = query_of(f"SELECT name FROM customer WHERE {condition}")
    assert bound in f"{query.text} {[str(one) for one in query.parameters]}"


def test_a_shown_text_and_a_compared_one_are_two_parameters() -> None:
    """What is compared takes the column's own type, as which another place could not show it."""
    query = query_of(
        "SELECT 'a' AS l, COUNT(*) AS n FROM customer WHERE segment = 'a' OR name = 'a'"
    )
    assert query.parameters == ("a", "a")
    assert 'CAST($2 AS TEXT) AS "l"' in query.text
    assert query.text.endswith('"segment" = $1 OR "customer"."name" = $1')


def projected(expression: str, alias: str = "x") -> str:
    """An expression over customers as PostgreSQL is asked for it, without its last cast."""
    query = query_of(f"SELECT {expression} AS {alias} FROM customer")
    tree: Any = sqlglot.parse_one(query.text, read="postgres")
    value = tree.selects[0].unalias()
    return value.this.sql("postgres").replace('"customer".', "")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("spend / 4", 'CAST("spend" AS DOUBLE PRECISION) / CAST(4 AS DOUBLE PRECISION)'),
        ("customer_id / 4", 'CAST("id" AS DOUBLE PRECISION) / CAST(4 AS DOUBLE PRECISION)'),
        ("customer_id * 2", 'CAST("id" AS BIGINT) * 2'),
        ("YEAR(joined_on)", 'EXTRACT(YEAR FROM "joined_on")'),
        ("DATE_TRUNC('month', joined_on)", "DATE_TRUNC('MONTH', CAST(\"joined_on\" AS TIMESTAMP))"),
        ("MIN(name)", 'MIN(CAST("name" AS TEXT) COLLATE "C")'),
        ("MAX(DISTINCT name)", 'MAX(DISTINCT CAST("name" AS TEXT) COLLATE "C")'),
        ("AVG(spend)", 'AVG("spend")'),
        ("COUNT(*)", "COUNT(*)"),
    ],
)
def test_postgres_computes_as_duckdb_would(expression: str, text: str) -> None:
    """Whole numbers divide to fractions, sums do not overflow early, text is by code points."""
    assert projected(expression) == text


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("AVG(spend)", "DOUBLE PRECISION"),
        ("SUM(customer_id)", "DECIMAL"),
        ("SUM(spend)", "DECIMAL"),
        ("COUNT(*)", "BIGINT"),
        ("EXTRACT(YEAR FROM joined_on)", "BIGINT"),
        ("joined_on - DATE '2026-01-01'", "BIGINT"),
        ("DATE_TRUNC('month', left_at)", "TIMESTAMPTZ"),
        ("segment = 'a'", "BOOLEAN"),
    ],
)
def test_computed_columns_come_as_their_canonical_type(expression: str, kind: str) -> None:
    """PostgreSQL's own type of a result is cast to the one that the join expects."""
    query = query_of(f"SELECT {expression} AS x FROM customer")
    assert f' AS {kind}) AS "x"' in query.text


@pytest.mark.parametrize(
    ("order", "by_code_point"),
    [
        ("name", True),
        ("segment DESC", True),
        ("1", True),
        ("spend", False),
        ("joined_on", False),
        ("CASE WHEN spend > 1 THEN name ELSE segment END", True),
    ],
)
def test_text_is_ordered_by_code_point(order: str, by_code_point: bool) -> None:
    """Text is put in the order of DuckDB, whatever the database's collation; other values are in
    the same order anyway."""
    text = query_of(f"SELECT name, segment FROM customer ORDER BY {order}").text
    assert ('COLLATE "C"' in text.partition(" ORDER BY ")[2]) == by_code_point


def test_nulls_are_ordered_as_in_duckdb() -> None:
    """NULLs come last in both directions, as DuckDB has it, unless the query says otherwise."""
    down = query_of("SELECT name FROM customer ORDER BY spend DESC").text
    assert down.endswith("DESC NULLS LAST")
    assert not query_of("SELECT name FROM customer ORDER BY spend").text.endswith("NULLS FIRST")
    first = query_of("SELECT name FROM customer ORDER BY spend NULLS FIRST").text
    assert first.endswith("NULLS FIRST")


def test_a_union_is_cast_around() -> None:
    """The columns of a UNION are cast to their canonical types outside of it."""
    query = query_of("SELECT name AS x FROM customer UNION SELECT segment FROM customer")
    assert query.text.startswith('SELECT CAST("q"."x" AS TEXT) AS "x" FROM (SELECT')


def test_union_by_name_is_not_sent() -> None:
    """PostgreSQL has no UNION BY NAME."""
    plan = planned("SELECT name FROM customer UNION BY NAME SELECT segment AS name FROM customer")
    texts = [step.query.text for step in plan.steps if isinstance(step.query, SqlQuery)]
    assert not any("BY NAME" in text for text in texts)


def test_sqlite_gets_rows_alone() -> None:
    """SQLite's columns hold values of any type, so it only tests what it compares exactly."""
    sql = "SELECT segment, COUNT(*) AS n FROM customer WHERE segment = 'a' AND spend > 1 GROUP BY 1"
    (step,) = _COMPILERS["sqlite"].compile(sql).steps
    assert isinstance(step.query, SqlQuery)
    assert "GROUP BY" not in step.query.text
    assert step.query.parameters == ("a",)
    assert [condition for condition, _ in step.kept] == ["customer.spend > 1"]


@pytest.mark.parametrize("dialect", ["postgres", "sqlite"])
def test_patterns_stay_here(dialect: str) -> None:
    """A regular expression is DuckDB's, whose time is linear: it is not sent to other databases."""
    plan = _COMPILERS[dialect].compile("SELECT name FROM customer WHERE name ~ '(a+)+$'")
    assert isinstance(plan.steps[0].query, SqlQuery)
    assert plan.steps[0].query.parameters == ()
    assert "REGEXP_MATCHES" in plan.join.sql


def test_a_pattern_goes_to_duckdb() -> None:
    """A DuckDB source reads the pattern as the join would; it stands in the text, since its
    functions want a constant."""
    query = query_of("SELECT name FROM customer WHERE name ~ '(a+)+$'", "duckdb")
    assert "'(a+)+$'" in query.text
