"""However a query is split it says the same: put together again it has the original's rows."""

from functools import lru_cache

import duckdb
import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.mongo import MongoAdapter
from adapters.postgres import PostgresAdapter
from orchestrator.compile.estimate import Statistics
from orchestrator.compile.shapes import Shapes
from tests.property.data import dataset, edges
from tests.property.engine import Truth
from tests.property.placements import Atlas, Placement, everything_in, placements
from tests.property.queries import Query, queries
from tests.property.sameness import difference
from tests.property.sources import Place, stored_as
from tests.unit.compile.rewriting import (
    MANY_ROWS_FEW_GROUPS,
    NOTHING_KNOWN,
    Splitter,
)
from tests.unit.compile.shop import CAPABILITIES, MODEL
from tests.unit.compile.shop_data import filled

_C = "customer AS c"
_T = "ticket AS t ON t.customer_id = c.customer_id"
_O = '"order" AS o ON o.customer_id = c.customer_id'
_L = "line AS l ON l.order_id = o.order_id"
_PER_CUSTOMER = "SELECT customer_id, COUNT(*) AS n FROM ticket GROUP BY customer_id"

WRITTEN = (
    f"SELECT c.name, t.number FROM {_C} JOIN {_T} WHERE c.segment = 'a' AND t.score > 2",
    f"SELECT c.name, t.number FROM {_C} LEFT JOIN {_T} AND t.status = 'open' AND c.segment = 'a'",
    f"SELECT c.name, t.number FROM {_C} LEFT JOIN {_T} WHERE t.status IS NULL",
    f"SELECT c.name, t.number FROM {_C} LEFT JOIN {_T} WHERE t.status = 'open'",
    f"SELECT c.name, t.number FROM {_C} LEFT JOIN {_T} WHERE COALESCE(t.status, 'open') = 'open'",
    f"SELECT c.name, t.number FROM {_C} LEFT JOIN {_T} WHERE t.status IS DISTINCT FROM 'open'",
    f"SELECT c.name, t.number FROM {_C} RIGHT JOIN {_T} WHERE c.segment = 'a' OR c.name IS NULL",
    f"SELECT c.name, t.number FROM {_C} FULL JOIN {_T}",
    f"SELECT c.name, o.order_id, t.number FROM {_C} JOIN {_O} JOIN {_T}",
    f"SELECT c.name, o.order_id, t.number FROM {_C} JOIN {_O} LEFT JOIN {_T} AND o.amount > 1",
    f"SELECT c.name, l.sku, t.number FROM {_C} JOIN {_O} JOIN {_L} JOIN {_T} WHERE l.quantity > 1",
    f"SELECT c.name, o.order_id FROM {_C} LEFT JOIN {_O} JOIN {_T}",
    f"SELECT c.name, o.due_on, t.number FROM {_C} JOIN {_O} JOIN {_T}",
    (
        f"SELECT c.name, a.number, b.number AS other FROM {_C} JOIN ticket AS a ON a.ref = "
        "c.customer_id JOIN ticket AS b ON b.customer_id = a.customer_id"
    ),
    f"SELECT c.segment, SUM(t.score) AS s, COUNT(*) AS n FROM {_C} JOIN {_T} GROUP BY 1",
    (
        f"SELECT c.segment, AVG(t.score) AS a, MIN(t.refund) AS l, MAX(t.opened_at) AS h "
        f"FROM {_C} JOIN {_T} GROUP BY 1"
    ),
    (
        f"SELECT c.segment, COUNT(*) AS n, COUNT(t.score) AS s, COUNT(c.name) AS m "
        f"FROM {_C} LEFT JOIN {_T} GROUP BY 1"
    ),
    f"SELECT c.segment, SUM(t.score) AS s, AVG(t.refund) AS a FROM {_C} LEFT JOIN {_T} GROUP BY 1",
    f"SELECT COALESCE(t.status, '') AS g, SUM(t.score) AS s FROM {_C} LEFT JOIN {_T} GROUP BY 1",
    f"SELECT c.segment, SUM(COALESCE(t.score, 7)) AS s FROM {_C} LEFT JOIN {_T} GROUP BY 1",
    (
        f"SELECT c.segment, COUNT(*) FILTER (WHERE t.status IS NULL) AS n FROM {_C} LEFT JOIN {_T} "
        "GROUP BY 1"
    ),
    (
        f"SELECT c.segment, COUNT(DISTINCT t.status) AS d, SUM(t.score) AS s FROM {_C} JOIN {_T} "
        "GROUP BY c.segment"
    ),
    (
        f"SELECT c.segment, COUNT(*) FILTER (WHERE t.status = 'open') AS n, "
        f"SUM(t.score) FILTER (WHERE t.refund > 0) AS s FROM {_C} JOIN {_T} GROUP BY 1"
    ),
    (
        f"SELECT c.segment, AVG(t.score) FILTER (WHERE t.status = 'none') AS a, SUM(t.score) AS s "
        f"FROM {_C} LEFT JOIN {_T} GROUP BY 1"
    ),
    f"SELECT COUNT(*) AS n, SUM(t.score) AS s, AVG(t.score) AS a FROM {_C} JOIN {_T}",
    f"SELECT COUNT(*) AS n, SUM(t.score) AS s FROM {_C} JOIN {_T} WHERE t.status = 'none'",
    f"SELECT COUNT(t.score) AS n, SUM(t.score) AS s FROM {_C} LEFT JOIN {_T} AND t.status = 'no'",
    (
        f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1 HAVING COUNT(*) > 2 "
        "ORDER BY SUM(t.score) DESC NULLS LAST, c.segment"
    ),
    f"SELECT c.segment, t.status, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1, 2",
    "SELECT 'all' AS k, ROUND(SUM(amount), 2) AS s FROM \"order\" WHERE amount > 1e6 GROUP BY k",
    "SELECT 'all' AS k, ROUND(SUM(amount), 2) AS s FROM \"order\" WHERE amount > 1e6 GROUP BY ALL",
    "SELECT 'all' AS k, COUNT(*) AS n FROM \"order\" WHERE amount > 1e6 GROUP BY ALL",
    f"SELECT 1 AS k, SUM(t.score) AS s FROM {_C} JOIN {_T} WHERE c.spend > 1e6 GROUP BY 1",
    f"SELECT c.segment, COUNT(NULL) AS n, COUNT(1) AS m FROM {_C} JOIN {_T} GROUP BY 1",
    f"SELECT c.segment, SUM(t.score * c.spend) AS s, COUNT(*) AS n FROM {_C} JOIN {_T} GROUP BY 1",
    f"SELECT c.segment, SUM(t.score) AS s FROM {_C} JOIN {_T} AND t.refund < c.spend GROUP BY 1",
    f"SELECT t.status, SUM(o.amount) AS s, COUNT(*) AS n FROM {_C} JOIN {_O} JOIN {_T} GROUP BY 1",
    f"SELECT t.status, SUM(o.amount) / COUNT(*) AS s FROM {_C} JOIN {_O} LEFT JOIN {_T} GROUP BY 1",
    f"SELECT c.segment, MAX(t.score) - MIN(t.score) AS r FROM {_C} JOIN {_T} GROUP BY 1",
    f"SELECT UPPER(c.segment) AS u, SUM(t.score) AS s FROM {_C} JOIN {_T} GROUP BY 1",
    (
        f"SELECT c.name, (SELECT COUNT(*) FROM ticket AS t WHERE t.customer_id = c.customer_id) AS "
        f"n FROM {_C} WHERE c.spend > 0"
    ),
    (
        f"SELECT c.name FROM {_C} WHERE EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id = "
        "c.customer_id AND t.status = 'open')"
    ),
    (
        f"SELECT c.name FROM {_C} WHERE NOT EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id "
        "= c.customer_id AND t.status = 'open')"
    ),
    (
        f"SELECT c.name FROM {_C} WHERE NOT EXISTS (SELECT 1 FROM memo AS m WHERE m.customer_id = "
        "c.customer_id AND EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id = c.customer_id "
        "AND t.status = 'open'))"
    ),
    (
        "SELECT c.name, (SELECT COUNT(*) FROM memo AS m WHERE EXISTS (SELECT 1 FROM ticket AS t "
        f"WHERE t.customer_id = c.customer_id AND t.status = 'open')) AS n FROM {_C}"
    ),
    *(
        f"SELECT c.name FROM {_C} WHERE EXISTS (SELECT {chosen} FROM ticket AS t WHERE "
        f"t.customer_id = c.customer_id AND t.status = 'open'{grouped})"
        for chosen, grouped in (
            ("1", " HAVING COUNT(*) < 2"),
            ("COUNT(*)", ""),
            ("MAX(t.score)", ""),
            ("t.status", " GROUP BY ROLLUP (t.status)"),
            ("t.status", " GROUP BY t.status HAVING COUNT(*) > 1"),
        )
    ),
    (
        f"SELECT c.name FROM {_C} WHERE EXISTS (SELECT 1 FROM memo AS m LEFT JOIN ticket AS t ON "
        "t.customer_id = c.customer_id AND t.status = 'open' WHERE m.kind = 'a')"
    ),
    (
        f"SELECT c.name FROM {_C} WHERE EXISTS (SELECT 1 FROM ticket AS t LEFT JOIN memo AS m ON "
        "m.customer_id = t.customer_id AND t.ref = c.customer_id WHERE t.status = 'open')"
    ),
    (
        "SELECT c.name, (SELECT COUNT(*) FROM ticket AS t LEFT JOIN memo AS m ON m.customer_id = "
        f"t.customer_id AND t.ref = c.customer_id) AS n FROM {_C}"
    ),
    (
        f"SELECT c.name FROM {_C} WHERE EXISTS (SELECT 1 FROM ticket AS t JOIN memo AS m ON "
        "m.customer_id = c.customer_id RIGHT JOIN ticket AS u ON u.customer_id = t.customer_id)"
    ),
    (
        f"SELECT c.name FROM {_C} WHERE c.customer_id IN (SELECT DISTINCT ON (t.status) "
        "t.customer_id FROM ticket AS t ORDER BY t.status, t.number)"
    ),
    f"SELECT c.name FROM {_C} WHERE c.customer_id IN (SELECT customer_id FROM ticket)",
    f"SELECT c.name FROM {_C} WHERE c.customer_id NOT IN (SELECT customer_id FROM ticket)",
    (
        f"SELECT c.name, x.n FROM {_C} JOIN ({_PER_CUSTOMER}) AS x ON x.customer_id = "
        "c.customer_id WHERE x.customer_id > 2 AND x.n > 1"
    ),
    (
        f"WITH x AS ({_PER_CUSTOMER}) SELECT c.name, a.n, b.n AS m FROM {_C} JOIN x AS a ON "
        "a.customer_id = c.customer_id LEFT JOIN x AS b ON b.n = a.n"
    ),
    (
        "SELECT x.segment, x.s, t.number FROM (SELECT segment, SUM(spend) AS s FROM customer GROUP "
        "BY segment) AS x JOIN ticket AS t ON t.status = x.segment WHERE x.segment <> 'b'"
    ),
    "SELECT name FROM customer UNION SELECT status FROM ticket",
    "SELECT customer_id FROM customer EXCEPT SELECT customer_id FROM ticket",
    f"SELECT c.name, ROW_NUMBER() OVER (ORDER BY c.customer_id, t.number) AS r FROM {_C} JOIN {_T}",
    f"SELECT DISTINCT c.segment, t.status FROM {_C} JOIN {_T}",
    f"SELECT c.name, t.number FROM {_C} JOIN {_T} ORDER BY t.number, c.name LIMIT 3",
    (
        f"SELECT m.text, c.name FROM search(memo, 'late', 9) AS m JOIN {_C} ON c.customer_id = "
        "m.customer_id WHERE m.kind = 'a' AND c.segment = 'a'"
    ),
    (
        'SELECT c.name, o.order_id FROM customer AS c, "order" AS o, ticket AS t WHERE '
        "o.customer_id = c.customer_id AND t.score = o.order_id AND t.status IN ('open', 'a')"
    ),
)


@pytest.fixture(scope="module")
def shop() -> duckdb.DuckDBPyConnection:
    """The shop's data in one DuckDB."""
    return filled()


@lru_cache(maxsize=1)
def _shop_splitter() -> Splitter:
    return Splitter(MODEL, CAPABILITIES)


@pytest.mark.parametrize("guess", [MANY_ROWS_FEW_GROUPS, NOTHING_KNOWN], ids=["few", "unknown"])
@pytest.mark.parametrize("sql", WRITTEN)
def test_a_split_query_has_the_same_rows(
    sql: str, guess: Statistics, shop: duckdb.DuckDBPyConnection
) -> None:
    """Fragments, copies of conditions and keys that bound a table change no row of the result."""
    splitter = _shop_splitter()
    done = splitter.split(sql, guess)
    ordered = " ORDER BY t.number" in sql or "ORDER BY SUM" in sql
    expected = shop.sql(_plain(sql)).to_arrow_table()
    for written in splitter.rewritings(done):
        got = shop.sql(written).to_arrow_table()
        assert difference(got, expected, ordered=ordered) == "", written


def _plain(sql: str) -> str:
    return sql.replace("search(memo, 'late', 9)", "search_of_memo")


NAMES = ("pg_one", "mongo", "pg_two")
ABLE = {
    "pg_one": PostgresAdapter.capabilities,
    "mongo": MongoAdapter.capabilities,
    "pg_two": PostgresAdapter.capabilities,
}


def _place(name: str) -> Place:
    return Place(
        name, name, {}, lambda table: table, lambda entity, field: stored_as(entity, field, field)
    )


def test_random_queries_have_the_same_rows() -> None:
    """Random queries over random placements, split with few groups and with nothing known: put
    together again they have the rows of the original."""
    datasets = [dataset(4), dataset(6), edges(12)]
    truth, atlas = Truth(datasets), Atlas([_place(name) for name in NAMES])
    shapes = Shapes(atlas.model(everything_in("pg_one", "mongo")))
    fragments = 0

    def check(query: Query, placement: Placement, guess: Statistics) -> None:
        nonlocal fragments
        expected = truth.ask(placement.dataset, query.sql)
        if expected is None:
            return
        splitter = Splitter(atlas.model(placement), ABLE, shapes)
        done = splitter.split(query.sql, guess)
        fragments += len(done.fragments)
        for written in splitter.rewritings(done):
            got = truth.ask(placement.dataset, written)
            assert got is not None, written
            differs = difference(got, expected, ordered=query.ordered)
            assert not differs, f"{differs}\n{query.sql}\n{placement}\n{written}"

    drawn = given(
        query=queries(),
        placement=placements(NAMES, len(datasets)),
        guess=st.sampled_from((MANY_ROWS_FEW_GROUPS, NOTHING_KNOWN)),
    )
    examples = settings(
        max_examples=300,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    hypothesis.seed(0)(examples(drawn(check)))()
    assert fragments > 50
