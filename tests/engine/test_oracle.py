"""The same SQL over the live databases and over one DuckDB with the truth gives the same rows."""

import asyncio

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import answer_of
from tests.engine.oracle import comparable, oracle

QUERIES = {
    "one source, whole": """SELECT country, COUNT(*) AS n, AVG(credit_limit) AS mean FROM customer
        WHERE segment <> 'enterprise' GROUP BY country ORDER BY n DESC, country LIMIT 5""",
    "one source, text order": "SELECT DISTINCT industry FROM customer ORDER BY industry",
    "join of two tables": """SELECT p.category, SUM(l.quantity) AS n FROM order_line AS l
        JOIN product AS p ON p.product_id = l.product_id GROUP BY 1 ORDER BY 2 DESC""",
    "time grain": """SELECT DATE_TRUNC('month', ordered_at) AS month, SUM(amount) AS revenue
        FROM "order" WHERE ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+01:00' GROUP BY 1
        ORDER BY 1""",
    "three-way with EXISTS": """SELECT c.name, SUM(o.amount) AS revenue FROM customer AS c
        JOIN "order" AS o ON o.customer_id = c.customer_id WHERE c.segment = 'enterprise'
        AND o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00'
        AND o.ordered_at < TIMESTAMPTZ '2026-04-01 00:00:00+00:00'
        AND EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id = c.customer_id
            AND t.status = 'open' AND t.priority = 'P1')
        GROUP BY c.customer_id, c.name ORDER BY revenue DESC NULLS LAST LIMIT 10""",
    "NOT EXISTS across sources": """SELECT COUNT(*) AS n FROM customer AS c WHERE NOT EXISTS
        (SELECT 1 FROM ticket AS t WHERE t.customer_id = c.customer_id)""",
    "LEFT JOIN keeps those without": """SELECT c.segment, COUNT(*) AS n, COUNT(t.number) AS tickets
        FROM customer AS c LEFT JOIN ticket AS t ON t.customer_id = c.customer_id
        AND t.priority = 'P1' GROUP BY 1 ORDER BY 1""",
    "LEFT JOIN with IS NULL after it": """SELECT COUNT(*) AS n FROM customer AS c LEFT JOIN
        (SELECT customer_id, number FROM ticket WHERE priority = 'P1') AS t
        ON t.customer_id = c.customer_id WHERE t.number IS NULL AND c.country = 'Italy'""",
    "RIGHT JOIN": """SELECT COUNT(*) AS n, COUNT(c.name) AS known FROM customer AS c
        RIGHT JOIN ticket AS t ON t.customer_id = c.customer_id WHERE t.category = 'billing'""",
    "FULL JOIN": """SELECT COUNT(*) AS n FROM (SELECT customer_id FROM customer WHERE country =
        'Spain') AS c FULL JOIN (SELECT customer_id FROM ticket WHERE status = 'open') AS t
        ON t.customer_id = c.customer_id""",
    "missing and null are both NULL": """SELECT COUNT(*) AS n, COUNT(solved_at) AS solved,
        COUNT(satisfaction) AS rated FROM ticket WHERE solved_at IS NULL OR satisfaction IS NULL""",
    "not equal drops NULL": "SELECT COUNT(*) AS n FROM ticket WHERE satisfaction <> 5",
    "decimal of documents": """SELECT category, SUM(refund) AS refunds FROM ticket
        WHERE refund > 10.5 GROUP BY 1 ORDER BY 1""",
    "HAVING over documents": """SELECT c.name, COUNT(*) AS n FROM ticket AS t JOIN customer AS c
        ON c.customer_id = t.customer_id GROUP BY c.customer_id, c.name HAVING COUNT(*) >= 8
        ORDER BY n DESC, c.name""",
    "CTE and window": """WITH monthly AS (SELECT DATE_TRUNC('month', opened_at) AS month,
        COUNT(*) AS n FROM ticket GROUP BY 1) SELECT month, n, SUM(n) OVER (ORDER BY month) AS total
        FROM monthly ORDER BY month""",
    "UNION": """SELECT customer_id FROM customer WHERE country = 'Austria' UNION
        SELECT customer_id FROM ticket WHERE priority = 'P1' AND customer_id IS NOT NULL""",
    "dates as text": """SELECT COUNT(*) AS n FROM "order" WHERE promised_on
        BETWEEN DATE '2026-03-01' AND DATE '2026-03-31'""",
    "plain scroll of vectors": """SELECT n.kind, c.segment, COUNT(*) AS n FROM note AS n
        JOIN customer AS c ON c.customer_id = n.customer_id WHERE n.kind = 'call'
        GROUP BY 1, 2 ORDER BY 1, 2""",
    "IN a list, OR, CASE": """SELECT CASE WHEN priority IN ('P1', 'P2') THEN 'urgent'
        ELSE 'calm' END AS how, COUNT(*) AS n FROM ticket
        WHERE status = 'open' OR status = 'pending' GROUP BY 1 ORDER BY 1""",
    "scalar subquery": """SELECT COUNT(*) AS n FROM "order" WHERE amount >
        (SELECT AVG(amount) FROM "order") AND status = 'delivered'""",
    "OFFSET": """SELECT name, list_price FROM product ORDER BY list_price DESC, name
        LIMIT 5 OFFSET 3""",
    "self join": """SELECT COUNT(*) AS n FROM ticket AS a JOIN ticket AS b
        ON a.customer_id = b.customer_id WHERE a.priority = 'P1' AND b.priority = 'P4'""",
    "LIKE": "SELECT COUNT(*) AS n FROM customer WHERE name LIKE '%GmbH%'",
    "two facts aggregated apart": """WITH spend AS (SELECT c.country, SUM(o.amount) AS revenue FROM
        customer AS c JOIN "order" AS o ON o.customer_id = c.customer_id GROUP BY 1), cases AS
        (SELECT c.country, COUNT(*) AS tickets FROM customer AS c JOIN ticket AS t
        ON t.customer_id = c.customer_id GROUP BY 1)
        SELECT s.country, s.revenue, k.tickets FROM spend AS s JOIN cases AS k
        ON k.country = s.country ORDER BY 1""",
}


@pytest.fixture(scope="module")
def truth(sandbox: Sandbox, model: SemanticModel) -> duckdb.DuckDBPyConnection:
    """The oracle over the sandbox's company."""
    return oracle(sandbox.company, model)


@pytest.mark.parametrize("sql", QUERIES.values(), ids=QUERIES.keys())
async def test_same_rows_as_one_database(
    sql: str, pipeline: Pipeline, truth: duckdb.DuckDBPyConnection
) -> None:
    """A query over live sources gives the rows that one database with everything would give."""
    answer = await answer_of(pipeline, "by SQL", sql)
    expected = truth.sql(sql).to_arrow_table()
    assert not answer.failed, answer.warnings
    ordered = "ORDER BY" in sql
    assert comparable(answer.table, ordered=ordered) == comparable(expected, ordered=ordered)
    assert answer.table.column_names == expected.column_names


async def test_account_fields_come_from_the_second_binding(
    pipeline: Pipeline, truth: duckdb.DuckDBPyConnection, sandbox: Sandbox
) -> None:
    """Fields of another source join on the cleaned key; customers with two accounts are told."""
    accounts = [one.customer_id for one in sandbox.company.accounts if one.customer_id]
    twice = sorted({one for one in accounts if accounts.count(one) > 1})
    sql = f"""SELECT support_plan, COUNT(*) AS n, AVG(health_score) AS health,
        SUM(contract_value) AS value, MIN(renewal_on) AS first FROM customer
        WHERE NOT customer_id IN ({", ".join(map(str, twice))}) GROUP BY 1 ORDER BY 1"""
    answer = await answer_of(pipeline, "by SQL", sql)
    expected = truth.sql(sql).to_arrow_table()
    assert comparable(answer.table, ordered=True) == comparable(expected, ordered=True)
    every = await answer_of(pipeline, "by SQL", "SELECT COUNT(health_score) AS n FROM customer")
    assert any(f"{len(twice)} keys stand more than once" in one for one in every.warnings)


_CONDITIONS = st.lists(
    st.sampled_from(
        [
            "c.segment = 'enterprise'",
            "NOT c.country = 'Germany'",
            "c.churned_at IS NULL",
            "c.credit_limit >= 20000",
            "t.priority IN ('P1', 'P2')",
            "t.satisfaction < 3",
            "t.solved_at IS NOT NULL",
            "(t.status = 'open' OR t.category = 'billing')",
            "t.refund > 0.5",
            "NOT t.satisfaction = 4",
            "t.opened_at >= TIMESTAMPTZ '2026-03-01 00:00:00+00:00'",
            "t.satisfaction IS NULL",
        ]
    ),
    max_size=4,
    unique=True,
)
_JOINS = st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
_OUTPUTS = st.sampled_from(
    [
        "COUNT(*) AS n",
        "COUNT(*) AS n, COUNT(DISTINCT c.customer_id) AS customers, SUM(t.refund) AS refunds",
        "c.segment, COUNT(t.number) AS n, MIN(t.opened_at) AS first, MAX(c.credit_limit) AS most",
        "t.priority, c.country, COUNT(*) AS n",
    ]
)


async def test_random_queries_agree_with_the_oracle(
    pipeline: Pipeline, truth: duckdb.DuckDBPyConnection
) -> None:
    """Random joins, conditions in ON and WHERE, and groups over two sources agree."""
    loop = asyncio.get_running_loop()

    def check(output: str, join: str, on: list[str], where: list[str]) -> None:
        groups = [one.strip() for one in output.split(",") if "(" not in one]
        sql = (
            f"SELECT {output} FROM customer AS c {join} ticket AS t "
            f"ON {' AND '.join(['t.customer_id = c.customer_id', *on])}"
            + (f" WHERE {' AND '.join(where)}" if where else "")
            + (f" GROUP BY {', '.join(groups)}" if groups else "")
        )
        running = asyncio.run_coroutine_threadsafe(answer_of(pipeline, "by SQL", sql), loop)
        answer = running.result(60)
        expected = truth.sql(sql).to_arrow_table()
        assert comparable(answer.table, ordered=False) == comparable(expected, ordered=False), sql

    examples = settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    prop = given(output=_OUTPUTS, join=_JOINS, on=_CONDITIONS, where=_CONDITIONS)(check)
    await asyncio.to_thread(examples(prop))
