"""The text of the pipelines of a few typical queries, and what can't be one."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from adapters.mongo.guard import check
from adapters.query import AggregationQuery, OutputColumn
from orchestrator.compile.pipeline import Collection, Untranslatable, pipeline
from orchestrator.compile.shapes import SQL_TYPES

WORDS = {
    "number": "string",
    "status": "string",
    "opened_at": "timestamptz",
    "hours": "int64",
    "refund": "decimal(10,2)",
    "at_risk": "float64",
    "clock": "timestamp",
}
TICKETS = Collection("tickets", {name: f"t.{name}" for name in WORDS}, WORDS)


def compiled(sql: str, *words: str) -> AggregationQuery | Untranslatable:
    """The pipeline of a SELECT over `t`, whose results have these words."""
    schema: dict[str, object] = {
        "t": {name: SQL_TYPES.get(word, word) for name, word in WORDS.items()}
    }
    select = qualify(sqlglot.parse_one(sql, read="duckdb"), schema=schema, dialect="duckdb")
    assert isinstance(select, exp.Select)
    pairs = zip(select.named_selects, words, strict=True)
    columns = tuple(OutputColumn(name=name, type=word) for name, word in pairs)
    return pipeline(select, TICKETS, columns)


def stages(sql: str, *words: str) -> list[dict[str, Any]]:
    """The stages of a pipeline that the guard lets through, without those that read the fields."""
    query = compiled(sql, *words)
    assert isinstance(query, AggregationQuery), query
    check(query)
    assert query.relations == ("tickets",)
    return [one for one in query.pipeline if "$switch" not in repr(one.get("$project"))]


def test_a_field_is_read_as_its_type_or_fails() -> None:
    """The first projection reads the fields used, and its default is a conversion that fails."""
    query = compiled("SELECT COUNT(hours) AS n FROM t", "int64")
    assert isinstance(query, AggregationQuery)
    reading = query.pipeline[0]["$project"]
    assert list(reading) == ["_id", "hours"]
    failing = {"$toInt": {"$concat": ["misfit <hours> <int64> ", {"$type": "$t.hours"}]}}
    assert reading["hours"]["$switch"]["default"] == failing


def test_a_count_of_everything_needs_no_field() -> None:
    """COUNT(*) groups at once; the facet gives a row where there was none."""
    assert stages("SELECT COUNT(*) AS n FROM t", "int64") == [
        {"$group": {"_id": None, "a0": {"$sum": 1}}},
        {"$facet": {"rows": [{"$limit": 1}]}},
        {"$project": {"a0": {"$ifNull": [{"$arrayElemAt": ["$rows.a0", 0]}, {"$literal": 0}]}}},
        {"$project": {"_id": 0, "n": "$a0"}},
    ]


def test_groups_by_month_of_what_a_filter_lets_through() -> None:
    """The filter stands first, where an index can answer it, and again on what was read."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    first, again, group, results, sort, limit, last = stages(
        "SELECT date_trunc('month', opened_at) AS month, SUM(refund) AS refunds FROM t "
        "WHERE opened_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' "
        "GROUP BY 1 ORDER BY month LIMIT 12",
        "timestamptz",
        "decimal(38,2)",
    )
    here, others = first["$match"]["$or"]
    assert here == {"t.opened_at": {"$gte": since}}
    assert "string" in others["t.opened_at"]["$type"]
    assert again == {"$match": {"$expr": {"$lte": [since, "$opened_at"]}}}
    assert group == {
        "$group": {
            "_id": {"k0": {"$dateTrunc": {"date": "$opened_at", "unit": "month"}}},
            "a0": {"$sum": {"$cond": [{"$eq": ["$refund", None]}, 0, 1]}},
            "a1": {"$sum": "$refund"},
        }
    }
    assert results["$project"] == {
        "_id": 0,
        "month": "$_id.k0",
        "refunds": {"$cond": [{"$eq": ["$a0", 0]}, None, "$a1"]},
        "order0": {"$eq": ["$_id.k0", None]},
    }
    assert sort == {"$sort": {"order0": 1, "month": 1}}
    assert limit == {"$limit": 12}
    assert last == {"$project": {"order0": 0}}


def test_what_is_used_twice_is_accumulated_once() -> None:
    """AVG and SUM of one field share their accumulators."""
    group, *_ = stages("SELECT SUM(hours) AS s, AVG(hours) AS a FROM t", "int64", "float64")
    assert list(group["$group"]) == ["_id", "a0", "a1"]


def test_text_is_never_read_as_a_path_or_a_pattern() -> None:
    """A text that begins with $ is a literal, and a LIKE's characters mean themselves."""
    _, again, _ = stages("SELECT number FROM t WHERE status = '$number'", "string")
    assert again["$match"]["$expr"] == {"$eq": ["$status", {"$literal": "$number"}]}
    match, _ = stages("SELECT number FROM t WHERE status LIKE 'a.b%(c)_'", "string")
    regex = match["$match"]["$expr"]["$regexMatch"]["regex"]
    assert regex == r"(?s)\Aa\.b.*\(c\).\z"


def test_null_is_looked_for_only_where_it_would_count() -> None:
    """MongoDB sorts NULL below everything, so only < and <= would let it through."""
    _, over, _ = stages("SELECT number FROM t WHERE hours > 3", "string")
    assert over["$match"]["$expr"] == {"$lt": [3, "$hours"]}
    _, under, _ = stages("SELECT number FROM t WHERE hours < 3", "string")
    assert under["$match"]["$expr"] == {"$and": [{"$ne": ["$hours", None]}, {"$lt": ["$hours", 3]}]}


def test_a_decimal_is_sought_among_doubles_too() -> None:
    """A stored double is read as the decimal that it prints as, so the index looks around it."""
    first, *_ = stages("SELECT number FROM t WHERE refund = 19.99", "string")
    bounds = first["$match"]["$or"][0]["t.refund"]
    assert bounds["$gte"] < 19.99 < bounds["$lte"]
    assert Decimal(bounds["$gte"]) < Decimal("19.99") < Decimal(bounds["$lte"])


@pytest.mark.parametrize(
    ("sql", "words", "reason"),
    [
        ("SELECT LOWER(status) AS s FROM t", ["string"], "ASCII letters alone"),
        ("SELECT COUNT(clock) AS n FROM t", ["int64"], "no times without a zone"),
        ("SELECT AVG(refund) AS n FROM t", ["int64"], "it is DOUBLE"),
        ("SELECT SUM(refund) AS n FROM t", ["decimal(38,1)"], "it is DECIMAL"),
        ("SELECT hours AS h FROM t ORDER BY RANDOM()", ["int64"], "RAND"),
        (f"SELECT {'-(' * 60}hours{')' * 60} AS h FROM t", ["int64"], "too deep"),
    ],
)
def test_what_stays_behind_says_why(sql: str, words: list[str], reason: str) -> None:
    """The reason names the construct in words for a person."""
    refused = compiled(sql, *words)
    assert isinstance(refused, Untranslatable)
    assert reason in refused.reason
