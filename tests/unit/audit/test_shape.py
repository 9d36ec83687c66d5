"""What a record holds of a native query: its form, and no value."""

from datetime import UTC, datetime

import pytest

from adapters.query import AggregationQuery, NativeQuery, OutputColumn, SqlQuery, VectorQuery
from orchestrator.audit.records import endpoint
from orchestrator.audit.shape import query_hash, shape
from orchestrator.compile.plan import FetchStep, KeyFeed

COLUMNS = (OutputColumn(name="n", type="int64"),)
SECRET = "hunter2"
MATCH = {
    "$match": {
        "name": {"$eq": SECRET},
        "tag": {"$in": [SECRET, f"${SECRET}"]},
        "$or": [{"n": {"$gt": 4711}}, {"at": datetime(1999, 1, 1, tzinfo=UTC)}],
        "$expr": {"$eq": ["$city", {"$literal": f"${SECRET}"}]},
    }
}
STAGES = (
    MATCH,
    {"$facet": {"rows": [MATCH, {"$limit": 1}]}},
    {"$lookup": {"from": "other", "as": "x", "pipeline": [MATCH]}},
    {"$group": {"_id": {"k0": "$city"}, "n": {"$sum": {"$multiply": ["$price", 4711]}}}},
    {"$project": {"_id": 0, "n": 1, "city": "$_id.k0", "said": {"$literal": SECRET}}},
    {"$sort": {"n": -1}},
)


def query(kind: str, value: str = SECRET) -> NativeQuery:
    """A query of a kind that looks for a value."""
    match kind:
        case "sql":
            text = "SELECT n FROM t WHERE name = $1 AND id = ANY($2)"
            parameters = (value, [4711, 4712])
            return SqlQuery(relations=("t",), columns=COLUMNS, text=text, parameters=parameters)
        case "aggregation":
            stages = (*STAGES, {"$match": {"name": value}})
            return AggregationQuery(relations=("t",), columns=COLUMNS, pipeline=stages)
        case _:
            filters = (("payload.name", "=", value), ("payload.n", "in", [4711]))
            return VectorQuery(
                relations=("t",),
                columns=COLUMNS,
                text=value,
                limit=20,
                paths=("n",),
                filters=filters,
            )


@pytest.mark.parametrize("kind", ["sql", "aggregation", "vector"])
def test_no_value_is_in_the_shape(kind: str) -> None:
    """Neither a text nor a number nor a day that the query compares with is told."""
    told = repr(shape(query(kind)))
    assert not [one for one in (SECRET, "4711", "1999") if one in told]


def test_the_form_stays() -> None:
    """Operators, paths, counts and the types of what was left out are told."""
    told, parameters = shape(query("aggregation"))
    for part in ("$city", "$price", "‹str›", "‹int›", "‹datetime›", "{$limit: 1}", "{n: -1}"):
        assert part in told
    assert "{_id: 0, n: 1," in told
    assert parameters == ()
    assert shape(query("sql")) == (query("sql").text, ("‹str›", "2 × ‹int›"))  # type: ignore[union-attr]
    told, _ = shape(query("vector"))
    assert told == (
        '20 points of t nearest to “‹text›” where payload.name = "‹str›" and '
        'payload.n in "1 × ‹int›"'
    )


@pytest.mark.parametrize("kind", ["sql", "aggregation", "vector"])
def test_the_hash_is_of_the_values_too(kind: str) -> None:
    """Another value, source or query of fed keys is another hash; the same query has one."""
    step = FetchStep("s1", "sales", "t", query(kind))
    fed = KeyFeed("s2", "n", "n", query(kind, "other"))
    others = [
        FetchStep("s1", "sales", "t", query(kind, "other")),
        FetchStep("s1", "support", "t", query(kind)),
        FetchStep("s1", "sales", "t", query(kind), feed=fed),
    ]
    assert query_hash(step) == query_hash(FetchStep("s9", "sales", "t", query(kind)))
    assert len({query_hash(one) for one in (step, *others)}) == 4


@pytest.mark.parametrize(
    ("connect", "told"),
    [
        ({"host": "db", "port": "5432", "database": "sales"}, "db:5432/sales"),
        ({"url": "https://user:hunter2@notes:6333/path?key=hunter2"}, "notes:6333"),
        ({"database": "a.duckdb", "files": {"t": "b.csv"}}, "a.duckdb, b.csv"),
        ({"channel_number": "^ext"}, ""),
    ],
)
def test_an_endpoint_has_no_login(connect: dict[str, object], told: str) -> None:
    """Where a source is is told without user, password or parameters."""
    assert endpoint(connect) == told
