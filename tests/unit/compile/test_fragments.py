"""What one source answers whole, what is split, and the reason in words."""

from typing import Any

import pytest

from adapters.query import AggregationQuery, SqlQuery
from orchestrator.compile import Plan
from tests.unit.compile.rewriting import NOTHING_KNOWN, Splitter
from tests.unit.compile.shop import CAPABILITIES, MODEL, planned

_SPLITTER = Splitter(MODEL, CAPABILITIES)
_ORDERS = '"order" AS o ON o.customer_id = c.customer_id'


def parts(sql: str) -> dict[str, list[str]]:
    """The entities of each fragment of a query, by the fragment's name."""
    done = _SPLITTER.split(sql, NOTHING_KNOWN)
    return {name: [leaf.name for leaf in one.leaves] for name, one in done.fragments.items()}


def inner_conditions(sql: str) -> list[str]:
    """The WHERE of each fragment of a query, as SQL over the entities."""
    done = _SPLITTER.split(sql, NOTHING_KNOWN)
    wheres = [one.tree.args.get("where") for one in done.fragments.values()]
    return [where.this.sql("duckdb").replace('"', "") if where else "" for where in wheres]


def only(plan: Plan) -> Any:
    """The native query of a plan that has one step, whose rows are the answer."""
    assert plan.reason is None
    assert len(plan.steps) == 1
    assert tuple(column.name for column in plan.steps[0].query.columns) == plan.columns
    return plan.steps[0].query


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM customer",
        "SELECT segment, COUNT(*) AS n FROM customer GROUP BY 1 ORDER BY n DESC LIMIT 3",
        f"SELECT c.name, SUM(o.amount) AS total FROM customer AS c JOIN {_ORDERS} GROUP BY 1",
        f"SELECT c.name, COUNT(o.order_id) AS n FROM customer AS c LEFT JOIN {_ORDERS} GROUP BY 1",
        "SELECT a.name FROM customer AS a, customer AS b WHERE a.spend > b.spend",
        'SELECT name FROM customer WHERE customer_id IN (SELECT customer_id FROM "order")',
        (
            "SELECT name FROM customer AS c WHERE NOT EXISTS "
            '(SELECT 1 FROM "order" AS o WHERE o.customer_id = c.customer_id)'
        ),
        "SELECT name FROM customer WHERE spend > (SELECT AVG(spend) FROM customer)",
        "SELECT DATE_TRUNC('month', left_at) AS m, COUNT(*) AS n FROM customer GROUP BY 1",
        (
            "WITH big AS (SELECT * FROM (SELECT name, spend FROM customer) AS x WHERE spend > 5) "
            "SELECT name FROM big"
        ),
        "SELECT segment, MIN(name) AS first FROM customer GROUP BY ROLLUP (segment)",
        "SELECT name FROM customer UNION SELECT segment FROM customer",
        "SELECT name || segment AS both, spend / 3 AS third FROM customer",
    ],
)
def test_sql_over_one_source_goes_there_whole(sql: str) -> None:
    """A query over one SQL source goes there whole, and only the result comes back."""
    assert isinstance(only(planned(sql)), SqlQuery)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT status, COUNT(*) AS n, AVG(score) AS a FROM ticket GROUP BY 1 ORDER BY n LIMIT 2",
        "SELECT COUNT(*) AS n FROM ticket",
        "SELECT DATE_TRUNC('month', opened_at) AS m, SUM(refund) AS r FROM ticket GROUP BY 1",
    ],
)
def test_documents_of_one_collection_are_asked_whole(sql: str) -> None:
    """A query over one collection is one pipeline."""
    assert isinstance(only(planned(sql)), AggregationQuery)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT c.name FROM customer AS c, ticket AS t", "several sources"),
        ("SELECT name, health FROM customer", "has to be read before"),
        ('SELECT due_on FROM "order"', "has to be read before"),
        ("SELECT text FROM memo", "has to be read before"),
        ("SELECT text FROM search(memo, 'late', 3) AS m", "has to be read before"),
        ("SELECT UPPER(name) AS name FROM customer", "UPPER may differ"),
        ("SELECT name FROM customer WHERE name ~ '^A'", "REGEXP_LIKE may differ"),
        ("SELECT number FROM ticket WHERE number ~ '^A'", "REGEXP_LIKE"),
        (r"SELECT name FROM customer WHERE name LIKE 'A\_%'", "backslash"),
        ("SELECT spend / customer_id AS a FROM customer", "division by zero"),
        ("SELECT CAST(spend AS BIGINT) AS whole FROM customer", "CAST"),
        ("SELECT RANK() OVER (ORDER BY spend) AS r FROM customer", "WINDOW may differ"),
        ("SELECT DISTINCT ON (segment) name FROM customer", "DISTINCT ON may differ"),
        ('SELECT name FROM customer SEMI JOIN "order" USING (customer_id)', "SEMI JOIN may differ"),
        ("SELECT STRING_AGG(name, ',') AS n FROM customer", "GROUP_CONCAT may differ"),
        ("SELECT EXTRACT(WEEKDAY FROM joined_on) AS d FROM customer", "EXTRACT"),
        ("SELECT DISTINCT name FROM customer ORDER BY name", "order of distinct values"),
        ("SELECT a.number FROM ticket AS a JOIN ticket AS b ON a.number = b.number", "can't join"),
        ("SELECT RANK() OVER (ORDER BY score) AS r FROM ticket", "no subqueries and windows"),
        ("SELECT INTERVAL 1 DAY AS d FROM customer", "type INTERVAL"),
    ],
)
def test_what_goes_to_no_source_whole_has_a_reason(sql: str, reason: str) -> None:
    """Where DuckDB has to evaluate a query itself, the plan says why."""
    assert reason in (planned(sql).reason or "")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            (
                "SELECT x.segment, t.number FROM (SELECT segment, SUM(spend) AS s FROM customer "
                "GROUP BY 1) AS x JOIN ticket AS t ON t.status = x.segment"
            ),
            {"fragment_1": ["customer"]},
        ),
        (
            (
                "WITH x AS (SELECT customer_id, MAX(score) AS s FROM ticket GROUP BY 1) "
                "SELECT c.name, x.s FROM customer AS c JOIN x ON x.customer_id = c.customer_id"
            ),
            {"fragment_1": ["ticket"]},
        ),
        (
            "SELECT name FROM customer WHERE spend > 1 UNION ALL SELECT status FROM ticket",
            {"fragment_1": ["customer"]},
        ),
        (
            (
                "SELECT number FROM ticket WHERE customer_id IN (SELECT customer_id FROM customer "
                "ORDER BY spend DESC LIMIT 10)"
            ),
            {"fragment_1": ["customer"]},
        ),
        (
            "SELECT number FROM ticket WHERE score > (SELECT AVG(customer_id) FROM customer)",
            {"fragment_1": ["customer"]},
        ),
    ],
)
def test_a_part_that_one_source_can_answer_is_a_fragment(
    sql: str, expected: dict[str, list[str]]
) -> None:
    """Derived tables, CTEs, sides of a UNION and subqueries go to their source as they are."""
    assert parts(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT number FROM ticket WHERE status = 'open'",
        (
            "SELECT c.name FROM customer AS c JOIN (SELECT customer_id, score FROM ticket) AS t "
            "ON c.customer_id = t.customer_id"
        ),
        (
            "SELECT c.name FROM customer AS c WHERE EXISTS (SELECT 1 FROM ticket AS t WHERE "
            "c.customer_id = t.customer_id)"
        ),
    ],
)
def test_documents_that_are_only_read_stay_a_leaf(sql: str) -> None:
    """Reading documents as they are is faster than a pipeline that computes each field, so their
    step has conditions and columns alone."""
    step = next(step for step in planned(sql).steps if step.source == "support")
    assert parts(sql) == {}
    assert isinstance(step.query, AggregationQuery)
    operators = {operator for stage in step.query.pipeline for operator in stage}
    assert "$project" in operators or "$group" in operators
    assert "$switch" not in repr(step.query.pipeline)


@pytest.mark.parametrize("negated", ["", "NOT "])
def test_membership_reads_each_key_once(negated: str) -> None:
    """IN asks its source for the distinct keys, since equal ones count once."""
    sql = (
        f"SELECT t.number FROM ticket AS t WHERE t.customer_id {negated}IN "
        "(SELECT customer_id FROM customer WHERE segment = 'a')"
    )
    assert parts(sql) == {"fragment_1": ["customer"]}
    query = next(step.query for step in planned(sql).steps if step.source == "sales")
    assert isinstance(query, SqlQuery)
    assert query.text.startswith("SELECT DISTINCT ")


def test_what_depends_on_the_row_around_it_is_no_fragment() -> None:
    """A correlated subquery has no rows of its own."""
    sql = (
        "SELECT t.number FROM ticket AS t WHERE t.score > (SELECT c.spend FROM customer AS c "
        "WHERE c.customer_id = t.customer_id LIMIT 1)"
    )
    assert parts(sql) == {}


_GROUPED = "SELECT segment, COUNT(*) AS n FROM customer GROUP BY segment"


@pytest.mark.parametrize(
    ("inner", "outer", "pushed"),
    [
        (_GROUPED, "x.segment <> 'b'", ["customer.segment <> 'b'"]),
        (f"{_GROUPED} HAVING COUNT(*) > 1", "x.segment <> 'b'", [""]),
        (_GROUPED, "x.n > 1", [""]),
        (_GROUPED, "x.segment = t.status", [""]),
        (f"{_GROUPED} ORDER BY n LIMIT 2", "x.segment <> 'b'", [""]),
        ("SELECT DISTINCT segment FROM customer", "x.segment <> 'b'", [""]),
        ("SELECT MAX(segment) AS segment FROM customer", "x.segment <> 'b'", [""]),
    ],
)
def test_conditions_are_copied_into_a_fragment_where_they_may_be(
    inner: str, outer: str, pushed: list[str]
) -> None:
    """A condition on a group's key is tested at the source; one on what comes after is not."""
    sql = f"SELECT x.segment, t.number FROM ({inner}) AS x, ticket AS t WHERE {outer}"
    assert inner_conditions(sql) == pushed
    assert outer.replace("x.", "")[:7] in planned(sql).join.sql.replace('"', "")


def test_no_condition_is_copied_past_an_outer_join() -> None:
    """What a LEFT JOIN filled with nulls must not be filtered before it."""
    sql = (
        f"SELECT t.number FROM ticket AS t LEFT JOIN ({_GROUPED}) AS x ON x.segment = t.status "
        "WHERE x.segment IS NULL"
    )
    assert inner_conditions(sql) == [""]


def test_a_step_says_what_its_source_does() -> None:
    """Conditions, joins, aggregates, order and limit stand in the plan as people read them."""
    plan = planned(
        f"SELECT c.name, SUM(o.amount) AS s FROM customer AS c JOIN {_ORDERS} "
        "WHERE c.segment = 'a' GROUP BY 1 ORDER BY s DESC LIMIT 3"
    )
    step = plan.steps[0]
    assert step.pushed == ("c.segment = 'a'", "join of customer, order", "aggregates", "sorted",
                           "limit 3")  # fmt: skip
    assert (step.entity, step.kept, step.unit) == ("customer, order", (), "rows")
    assert step.estimate == 3


def test_types_are_those_that_duckdb_would_have_given() -> None:
    """A sum of whole numbers comes as a decimal and is HUGEINT again in the join."""
    plan = planned("SELECT segment, SUM(customer_id) AS s FROM customer GROUP BY 1")
    assert [column.type for column in plan.steps[0].query.columns] == ["string", "decimal(38,0)"]
    assert "AS INT128" in plan.join.sql or "AS HUGEINT" in plan.join.sql
