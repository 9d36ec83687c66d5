"""Plans do what they say: run over DuckDB sources, native queries, feeds and join give the rows of
the query, with physical names that are not those of the model.
"""

import duckdb
import pytest

from adapters.duckdb import DuckdbAdapter
from orchestrator.compile import Compiler
from tests.property.sameness import difference
from tests.unit.compile.rewriting import MANY_ROWS_FEW_GROUPS
from tests.unit.compile.running import Fetch, in_duckdb, run
from tests.unit.compile.shop import MODEL
from tests.unit.compile.shop_data import filled, stored
from tests.unit.compile.test_same_rows import WRITTEN

_MORE = (
    'SELECT name, (SELECT MAX(amount) FROM "order" AS i) AS s FROM customer',
    (
        'SELECT c.name, (SELECT SUM(o.amount) FROM "order" AS o WHERE o.customer_id = '
        "c.customer_id) AS s FROM customer AS c"
    ),
    "SELECT c.name, (SELECT MAX(t.score) FROM ticket AS t) AS s FROM customer AS c",
    "SELECT name, health FROM customer WHERE health > 1",
    (
        "SELECT c.name, c.health, t.number FROM customer AS c JOIN ticket AS t ON t.customer_id = "
        "c.customer_id WHERE c.segment = 'a'"
    ),
    'SELECT due_on, COUNT(*) AS n FROM "order" GROUP BY 1',
    (
        "SELECT STRFTIME(joined_on, '%Y-%m') AS m, REGEXP_REPLACE(name, '[a-c]', 'x') AS r FROM "
        "customer WHERE name ~ '^[a-c]' OR name LIKE 'o%'"
    ),
    (
        "SELECT t.number FROM ticket AS t WHERE t.opened_at >= TIMESTAMPTZ '2026-01-01' - INTERVAL "
        "1 DAY AND t.day > DATE '2026-01-31' - INTERVAL 2 MONTH"
    ),
    (
        "WITH tickets AS (SELECT number FROM ticket WHERE score > 2) "
        "SELECT t.number, x.number AS n FROM ticket AS t "
        "LEFT JOIN tickets AS x ON x.number = t.number"
    ),
    "SELECT 1 + 1 AS k, COUNT(*) AS n FROM customer GROUP BY k",
    "SELECT name FROM customer WHERE spend * 1.005 > '20.1' OR spend + 0.005 = '20.005'",
)


@pytest.fixture(scope="module")
def shop() -> duckdb.DuckDBPyConnection:
    """The shop's entities in one DuckDB."""
    return filled()


@pytest.fixture(scope="module")
def sources(shop: duckdb.DuckDBPyConnection) -> Fetch:
    """The same data as it is stored, in another DuckDB that knows no entities."""
    return in_duckdb(stored(shop))


@pytest.fixture(scope="module")
def compiler() -> Compiler:
    """A compiler for sources that are all DuckDB."""
    return Compiler(MODEL, dict.fromkeys(MODEL.sources, DuckdbAdapter.capabilities))


@pytest.mark.parametrize("sql", [*(one for one in WRITTEN if "search(" not in one), *_MORE])
def test_a_plan_gives_the_rows_of_its_query(
    sql: str, compiler: Compiler, sources: Fetch, shop: duckdb.DuckDBPyConnection
) -> None:
    """Steps in the order of their feeds, then the join: nothing else is needed."""
    plan = compiler.compile(sql, MANY_ROWS_FEW_GROUPS)
    ordered = " ORDER BY t.number" in sql or "ORDER BY SUM" in sql
    got = run(plan, sources)
    assert difference(got, shop.sql(sql).to_arrow_table(), ordered=ordered) == ""
