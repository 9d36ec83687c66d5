"""What a source is told: columns and conditions in its language, and what stays for the join."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.query import AggregationQuery, NativeQuery, SqlQuery, VectorQuery
from orchestrator.compile import Plan
from tests.unit.compile.shop import planned

_TICKETS = "JOIN ticket AS t ON t.customer_id = c.customer_id"


def query_of(plan: Plan, source: str) -> NativeQuery:
    """The one query of a plan on a source."""
    return next(step.query for step in plan.steps if step.source == source)


def sql_where(condition: str) -> tuple[str, tuple[Any, ...]]:
    """What SQL is told of a condition on customers when the query has to be split."""
    query = query_of(
        planned(f"SELECT c.name FROM customer AS c {_TICKETS} WHERE {condition}"), "sales"
    )
    assert isinstance(query, SqlQuery)
    return query.text.partition(" WHERE ")[2].replace('"c".', ""), query.parameters


def match_of(condition: str) -> dict[str, Any] | None:
    """The $match of a condition on tickets that are read one by one; None when there is none."""
    query = query_of(
        planned(f"SELECT c.name FROM customer AS c {_TICKETS} WHERE {condition}"), "support"
    )
    assert isinstance(query, AggregationQuery)
    return query.pipeline[0].get("$match")


def of_its_type(match: Any) -> Any:
    """A $match without the alternatives that let values of other types through."""
    if isinstance(match, list):
        return [of_its_type(one) for one in match]
    if not isinstance(match, dict):
        return match
    if "$or" in match:
        kept = [one for one in match["$or"] if "$type" not in next(iter(one.values()))]
        if len(kept) < len(match["$or"]):
            return kept[0] if len(kept) == 1 else {"$or": kept}
    return {key: of_its_type(one) for key, one in match.items()}


def kept(condition: str, source: str) -> str:
    """Why a condition is left to the join, as the plan's step says it."""
    plan = planned(f"SELECT c.name FROM customer AS c {_TICKETS} WHERE {condition}")
    left = next(step.kept for step in plan.steps if step.source == source)
    return " ".join(f"{condition}: {reason}" for condition, reason in left)


def filters_of(condition: str) -> tuple[tuple[str, str, Any], ...]:
    """The filters of a condition on memos."""
    query = query_of(planned(f"SELECT memo_id FROM memo WHERE {condition}"), "memos")
    assert isinstance(query, VectorQuery)
    return query.filters


def test_columns_are_those_used_under_their_own_names() -> None:
    """A source reads the fields that the query uses, by their native names, and no other."""
    plan = planned(f"SELECT c.name, t.score FROM customer AS c {_TICKETS}")
    sales, support = query_of(plan, "sales"), query_of(plan, "support")
    assert isinstance(sales, SqlQuery)
    assert isinstance(support, AggregationQuery)
    chosen = 'SELECT "c"."id" AS "customer_id", "c"."name" AS "name" FROM "public"."customers"'
    assert sales.text == f'{chosen} AS "c"'
    assert support.pipeline == (
        {"$project": {"_id": 0, "customer_id": "$customer", "score": "$csat.score"}},
    )
    assert [(c.name, c.type) for c in support.columns] == [
        ("customer_id", "int64"),
        ("score", "int64"),
    ]


@pytest.mark.parametrize(
    ("condition", "text", "parameters"),
    [
        ("c.segment = 'a'", '"segment" = $1', ("a",)),
        ("'a' = c.segment", '$1 = "segment"', ("a",)),
        ("c.segment <> 'a'", '"segment" <> $1', ("a",)),
        ("5 < c.spend", '5 < "spend"', ()),
        ("c.spend >= -1.5", '"spend" >= -1.5', ()),
        ("c.spend BETWEEN 1 AND 2", '"spend" BETWEEN 1 AND 2', ()),
        ("c.segment IN ('a', 'b')", '"segment" IN ($1, $2)', ("a", "b")),
        ("c.name LIKE 'A%'", 'CAST("name" AS TEXT) LIKE CAST($1 AS TEXT)', ("A%",)),
        ("c.left_at IS NULL", '"left_at" IS NULL', ()),
        ("c.left_at IS NOT NULL", 'NOT "left_at" IS NULL', ()),
        (
            "c.left_at < TIMESTAMPTZ '2026-01-01 01:00:00+01:00'",
            '"left_at" < CAST($1 AS TIMESTAMPTZ)',
            (datetime(2026, 1, 1, tzinfo=UTC),),
        ),
        ("c.segment = 'a' OR c.name = 'a'", '"segment" = $1 OR "name" = $1', ("a",)),
        ("c.spend + 1 > 2", '"spend" + 1 > 2', ()),
        ("c.name = c.segment", '"name" = "segment"', ()),
        ("c.customer_id = 1.5", '"id" = 1.5', ()),
        (
            "NOT (c.segment = 'a' AND c.name = 'b')",
            'NOT ("segment" = $1 AND "name" = $2)',
            ("a", "b"),
        ),
    ],
)
def test_sql_is_told(condition: str, text: str, parameters: tuple[Any, ...]) -> None:
    """SQL gets each condition that means the same there; text and moments are parameters."""
    assert sql_where(condition) == (text, parameters)


@pytest.mark.parametrize("condition", ["c.name > 'M'", "c.name BETWEEN 'A' AND 'M'"])
def test_text_is_compared_by_code_points(condition: str) -> None:
    """The order of text is that of DuckDB, whatever the database's collation."""
    told, _ = sql_where(condition)
    assert 'CAST("name" AS TEXT) COLLATE "C"' in told


@pytest.mark.parametrize(
    ("condition", "match"),
    [
        ("status = 'open'", {"status": {"$eq": "open"}}),
        ("score >= 3", {"csat.score": {"$gte": 3}}),
        ("score < 3", {"csat.score": {"$lt": 3}}),
        ("status IN ('a', 'b')", {"status": {"$in": ["a", "b"]}}),
        ("score IS NULL", {"csat.score": {"$eq": None}}),
        (
            "status = 'a' OR score = 1",
            {"$or": [{"status": {"$eq": "a"}}, {"csat.score": {"$eq": 1}}]},
        ),
        (
            "status = 'a' AND score = 1",
            {"$and": [{"status": {"$eq": "a"}}, {"csat.score": {"$eq": 1}}]},
        ),
        (
            "opened_at >= TIMESTAMPTZ '2026-01-01 00:00:00.5+00:00'",
            {"opened_at": {"$gte": datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)}},
        ),
    ],
)
def test_mongo_is_told(condition: str, match: dict[str, Any]) -> None:
    """MongoDB gets each condition as $match, by the native path."""
    assert of_its_type(match_of(condition)) == match


def test_mongo_lets_values_of_other_types_through() -> None:
    """A document whose field holds another type is read, so that the mistake is told and not
    dropped; a document without the field has nothing to tell."""
    match = match_of("status = 'open'")
    assert match is not None
    own, others = match["$or"]
    assert own == {"status": {"$eq": "open"}}
    assert {"int", "date", "object"} <= set(others["status"]["$type"])
    assert not {"string", "null", "array"} & set(others["status"]["$type"])


def test_mongo_compares_fractions_with_room() -> None:
    """A bound of a decimal or a float holds every stored number that is read as the bound."""
    bounds = of_its_type(match_of("refund <= 1.5"))["refund"]
    assert 1.5 < bounds["$lte"] < 1.5000001


def test_mongo_lets_nan_through_above_a_bound() -> None:
    """NaN is above every number in SQL and below in MongoDB, so it is asked for as well."""
    above, nan = of_its_type(match_of("refund > 1.5"))["$or"]
    assert above["refund"]["$gte"] < 1.5
    assert math.isnan(nan["refund"]["$eq"])


@pytest.mark.parametrize(
    ("condition", "filters"),
    [
        ("kind = 'call'", (("payload.kind", "=", "call"),)),
        ("kind IN ('call', 'visit')", (("payload.kind", "in", ["call", "visit"]),)),
        ("customer_id >= 7", (("payload.customer", ">=", 7),)),
        ("customer_id = 9007199254740993", (("payload.customer", "=", 9007199254740993),)),
        ("customer_id < 9007199254740993", ()),
        ("kind <> 'call'", ()),
        ("kind IS NULL", ()),
        ("kind = 'call' OR kind = 'visit'", ()),
        ("kind LIKE 'c%'", ()),
        ("weight > 0.5", ()),
    ],
)
def test_vectors_are_told(condition: str, filters: tuple[tuple[str, str, Any], ...]) -> None:
    """A vector store gets exact conjunctions alone; all else stays for the join."""
    assert filters_of(condition) == filters


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (r"c.name LIKE 'A\_%'", "backslash"),
        ("c.name LIKE c.segment", "backslash"),
        ("UPPER(c.name) = 'A'", "UPPER may differ"),
        ("c.name ~ '^A'", "REGEXP_LIKE may differ"),
        ("REGEXP_MATCHES(c.name, 'A')", "REGEXP_LIKE may differ"),
        ("c.name ILIKE 'a%'", "ILIKE may differ"),
        ("c.spend / c.customer_id > 1", "division by zero"),
        ("c.customer_id % 2 = 0", "MOD may differ"),
        ("ROUND(c.spend) = 2", "ROUND may differ"),
        ("CAST(c.spend AS BIGINT) = 2", "CAST"),
        ("c.health > 50", "lies elsewhere"),
        ("c.segment = 'a' OR t.status = 'open'", ""),
        ('c.spend > (SELECT AVG(amount) FROM "order")', ""),
    ],
)
def test_sql_is_not_told(condition: str, reason: str) -> None:
    """What may mean something else there stays for the join, and the step says why; a condition
    that needs other tables as well is not the step's at all."""
    assert sql_where(condition) == ("", ())
    assert bool(kept(condition, "sales")) == bool(reason)
    assert reason in kept(condition, "sales")


@pytest.mark.parametrize(
    "condition",
    [
        "ref = 5",
        "status > 'a'",
        "status LIKE 'o%'",
        "t.number ~ '^A'",
        "score + 1 = 2",
        "status = number",
        "NOT (status = 'a' AND number = 'b')",
        "status <> 'open'",
        "score IS NOT NULL",
        "score = 9007199254740993",
        "refund IN (1.5, 2.5)",
        "day = DATE '2026-01-01'",
        "day IN (DATE '2026-01-01', DATE '2026-01-02')",
        "opened_at >= TIMESTAMPTZ '2026-01-01 00:00:00.000001+00:00'",
        "opened_at IN (TIMESTAMPTZ '2026-01-01 00:00:00.000001+00:00')",
    ],
)
def test_mongo_is_not_told(condition: str) -> None:
    """Transformed fields, text order, days, microseconds, expressions: they stay for the join."""
    assert match_of(condition) is None
    assert "support" in kept(condition, "support")


def test_half_of_a_conjunction_is_pushed() -> None:
    """Of `(a AND b) OR c` with a strange b, `a OR c` is pushed: a source may let too many
    through."""
    match = match_of("(status = 'a' AND score + 1 = 2) OR score = 1")
    assert of_its_type(match) == {"$or": [{"status": {"$eq": "a"}}, {"csat.score": {"$eq": 1}}]}


@pytest.mark.parametrize(
    ("condition", "pushed"),
    [("t.status IS NULL", None), ("t.status = 'a'", {"status": {"$eq": "a"}})],
)
def test_nullable_side_keeps_is_null(condition: str, pushed: dict[str, Any] | None) -> None:
    """After a LEFT JOIN, IS NULL is about the rows without a match and can't go to the source."""
    plan = planned(f"SELECT c.name FROM customer AS c LEFT {_TICKETS} WHERE {condition}")
    query = query_of(plan, "support")
    assert isinstance(query, AggregationQuery)
    assert of_its_type(query.pipeline[0].get("$match")) == pushed


def test_preserved_side_keeps_its_on_conditions() -> None:
    """A condition of ON bounds the joined side of a LEFT JOIN and never the preserved one."""
    plan = planned(
        f"SELECT c.name FROM customer AS c LEFT {_TICKETS} AND c.segment = 'a' AND t.status = 'b'"
    )
    sales, support = query_of(plan, "sales"), query_of(plan, "support")
    assert isinstance(sales, SqlQuery)
    assert isinstance(support, AggregationQuery)
    assert sales.parameters == ()
    assert of_its_type(support.pipeline[0]["$match"]) == {"status": {"$eq": "b"}}


def test_nothing_is_pushed_under_a_search() -> None:
    """The k nearest are chosen first and filtered later, so no condition goes with the text."""
    plan = planned("SELECT text, score FROM search(memo, 'late', 20) AS m WHERE m.kind = 'call'")
    query = query_of(plan, "memos")
    assert isinstance(query, VectorQuery)
    assert (query.text, query.limit, query.filters) == ("late", 20, ())
    assert query.paths == ("payload.kind", "payload.text", "$score")


def test_comments_are_not_sent() -> None:
    """A comment of the question's SQL does not reach a source."""
    query = query_of(planned("SELECT name FROM customer /* for Ada */ -- now"), "sales")
    assert isinstance(query, SqlQuery)
    assert "Ada" not in query.text
    assert "now" not in query.text


def test_literals_never_stand_in_the_text() -> None:
    """A hostile literal is a parameter, split or whole."""
    evil = "x''; DROP TABLE customers; --"
    for sql in (
        f"SELECT c.name FROM customer AS c {_TICKETS} WHERE c.segment = '{evil}'",
        f"SELECT name FROM customer WHERE segment = '{evil}'",
    ):
        query = query_of(planned(sql), "sales")
        assert isinstance(query, SqlQuery)
        assert "DROP" not in query.text
        assert "x'; DROP TABLE customers; --" in query.parameters
