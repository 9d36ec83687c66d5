"""A pipeline means what DuckDB means, or there is none: every SELECT here is run on both."""

import math
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from bson import Decimal128, Int64

from adapters.errors import SourceRefused
from adapters.query import AggregationQuery, OutputColumn
from orchestrator.compile.pipeline import Collection, Untranslatable, pipeline
from sandbox.mongo import MongoServer, start_mongo
from tests.conftest import FOLDER, ROOT
from tests.engine.nasty import documents
from tests.engine.pipelines import COLLECTION, WORDS, Bench, bench, qualified, same

TRANSLATED = (ROOT / "tests/engine/pipeline_translated.sql").read_text().splitlines()
REFUSED = {
    "SELECT LOWER(s) AS l, COUNT(*) AS c FROM t GROUP BY 1": "LOWER",
    "SELECT UPPER(s) AS l FROM t": "UPPER",
    "SELECT id FROM t WHERE LOWER(s) = 'ä'": "ä",
    "SELECT id FROM t WHERE LOWER(s) < 'a'": "LOWER",
    "SELECT id FROM t WHERE s ILIKE 'ä%'": "ILIKE",
    "SELECT id FROM t WHERE s LIKE u": "LIKE",
    "SELECT id FROM t WHERE s LIKE 'a' ESCAPE 'x'": "ESCAPE",
    "SELECT MEDIAN(n) AS m FROM t": "MEDIAN",
    "SELECT STDDEV(f) AS m FROM t": "STDDEV",
    "SELECT SUM(b) AS m FROM t": "BOOLEAN",
    "SELECT SUM(DISTINCT e) AS m FROM t": "34 digits",
    "SELECT COUNT(DISTINCT j) AS m FROM t": "JSON",
    "SELECT j, COUNT(*) AS m FROM t GROUP BY j": "JSON",
    "SELECT id FROM t WHERE j = '[]'": "JSON",
    "SELECT MIN(j) AS m FROM t": "JSON",
    "SELECT n // 2 AS m FROM t": "INTDIV",
    "SELECT f % 2 AS m FROM t": "%",
    "SELECT n % m AS m FROM t": "%",
    "SELECT CAST(f AS BIGINT) AS m FROM t": "CAST",
    "SELECT CAST(f AS TEXT) AS m FROM t": "CAST",
    "SELECT CAST(s AS BIGINT) AS m FROM t WHERE FALSE": "CAST",
    "SELECT TRY_CAST(s AS BIGINT) AS m FROM t": "CAST",
    "SELECT CAST(b AS BIGINT) AS m FROM t": "CAST",
    "SELECT id FROM t WHERE n = '5'": "side by side",
    "SELECT id FROM t WHERE b = 1": "side by side",
    "SELECT ROUND(n, -1) AS m FROM t": "ROUND",
    "SELECT 1 + 1 AS two, 2147483647 + 1 AS m FROM t WHERE FALSE": "write the result",
    "SELECT SUBSTRING(s, -2) AS m FROM t": "SUBSTRING",
    "SELECT SUBSTRING(s, n) AS m FROM t": "SUBSTRING",
    "SELECT REPLACE(s, u, 'x') AS m FROM t": "REPLACE",
    "SELECT n || s AS m FROM t": "BIGINT as TEXT",
    "SELECT date_trunc('decade', ts) AS m FROM t": "DATE_TRUNC",
    "SELECT EXTRACT(epoch FROM ts) AS m FROM t": "EPOCH",
    "SELECT date_diff('week', ts, ts) AS m FROM t": "DATE_DIFF",
    "SELECT date_diff('hour', ts, ts) AS m FROM t": "DATE_DIFF",
    "SELECT day - DATE '2024-01-01' AS m FROM t": "DATE",
    "SELECT ts AT TIME ZONE 'CET' AS m FROM t": "Region/City",
    "SELECT CAST(ts AS TIMESTAMP) AT TIME ZONE 'Europe/Berlin' AS m FROM t": "AT TIME ZONE",
    "SELECT id FROM t WHERE ts > TIMESTAMPTZ '2024-01-01 00:00:00.000001+00'": "milliseconds",
    "SELECT id FROM t WHERE ts > CAST(s AS TIMESTAMPTZ) AND FALSE": "TEXT",
    "SELECT ROW_NUMBER() OVER (ORDER BY id) AS m FROM t": "window",
    "SELECT DISTINCT ON (n) n FROM t": "DISTINCT ON",
    "SELECT n, COUNT(*) AS c FROM t GROUP BY ROLLUP (n)": "ROLLUP",
    "SELECT id FROM t LIMIT 10%": "LIMIT",
    "SELECT id FROM t WHERE n IN (SELECT m FROM t)": "subquery",
    "SELECT id FROM t WHERE e = 12345678901234567890.123456789012345": "34 digits",
    "SELECT d * d * d * d * d * e * e * e AS m FROM t WHERE FALSE": "decimal places",
    'SELECT n AS "a.b" FROM t': "a.b",
    "SELECT s[1] AS m FROM t": "no faithful translation",
}


@pytest.fixture(scope="module")
async def mongo() -> AsyncGenerator[MongoServer]:
    """A MongoDB of these tests alone."""
    server = await start_mongo(FOLDER / "pipelines")
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def nasty(mongo: MongoServer) -> AsyncGenerator[Bench]:
    """Three hundred nasty documents."""
    async with bench(mongo) as opened:
        await opened.fill(documents(300, seed=1), COLLECTION)
        yield opened


@pytest.fixture
async def own(mongo: MongoServer) -> AsyncGenerator[Bench]:
    """A bench for a test's own documents, in a database of its own."""
    async with bench(mongo, "own") as opened:
        yield opened


@pytest.mark.parametrize("sql", TRANSLATED)
async def test_translated(sql: str, nasty: Bench) -> None:
    """What is translated gives DuckDB's rows, in DuckDB's order where there is one."""
    answered = await nasty.answered(sql)
    assert not isinstance(answered, Untranslatable), answered.reason
    wanted, got = answered
    assert same(wanted, got, "ORDER BY" in sql), (wanted, got)


@pytest.mark.parametrize("sql", REFUSED)
async def test_refused(sql: str, nasty: Bench) -> None:
    """What has no faithful translation is refused, and the reason names it."""
    answered = await nasty.answered(sql)
    assert isinstance(answered, Untranslatable), answered
    assert REFUSED[sql].lower() in answered.reason.lower()


def plain(sql: str, words: dict[str, str] = WORDS) -> AggregationQuery:
    """The pipeline of a SELECT with results of type int64."""
    select = qualified(sql, words)
    names = tuple(OutputColumn(name=name, type="int64") for name in select.named_selects)
    query = pipeline(select, COLLECTION, names)
    assert isinstance(query, AggregationQuery), query
    return query


async def test_every_comparison_compares_something(nasty: Bench) -> None:
    """DuckDB computes every SELECT of the table, and almost all give rows."""
    empty = []
    for sql in TRANSLATED:
        wanted = nasty.wanted(sql, nasty.columns(sql))
        assert wanted is not None, sql
        empty += [] if wanted else [sql]
    assert len(empty) <= 8, empty


async def test_null_and_missing_are_both_null(own: Bench) -> None:
    """A field that is null and one that is not there are one NULL, which nothing equals."""
    documents = [{"_id": 1, "n": None, "m": 1}, {"_id": 2, "m": 2}, {"_id": 3, "n": 0, "m": None}]
    await own.fill([*documents, {"_id": 4, "n": 5}], COLLECTION)
    for sql, rows in {
        "SELECT id FROM t WHERE n IS NULL ORDER BY id": [(1,), (2,)],
        "SELECT id FROM t WHERE n < 3 ORDER BY id": [(3,)],
        "SELECT id FROM t WHERE NOT n = 0 ORDER BY id": [(4,)],
        "SELECT id FROM t WHERE n NOT IN (5, 6) ORDER BY id": [(3,)],
        "SELECT id FROM t WHERE n = m ORDER BY id": [],
        "SELECT id FROM t WHERE n IS NOT DISTINCT FROM NULL ORDER BY id": [(1,), (2,)],
        "SELECT n, COUNT(*) AS c FROM t GROUP BY n ORDER BY n": [(0, 1), (5, 1), (None, 2)],
        "SELECT COUNT(*) AS a, COUNT(n) AS b, COUNT(DISTINCT n) AS c FROM t": [(4, 2, 2)],
        "SELECT DISTINCT n FROM t ORDER BY n NULLS FIRST": [(None,), (0,), (5,)],
    }.items():
        assert await own.answered(sql) == (rows, rows), sql


async def test_decimals_are_exact(own: Bench) -> None:
    """Decimal128, doubles and whole numbers in one decimal field add up and compare exactly."""
    amounts = [Decimal128("0.10"), 0.1, Decimal128("1E+2"), 3, Int64(7), 19.99, Decimal128("0.2")]
    await own.fill(
        [{"_id": n, "money": {"amount": one}} for n, one in enumerate(amounts)], COLLECTION
    )
    for sql, rows in {
        "SELECT SUM(d) AS s, MIN(d) AS a, MAX(d) AS b FROM t": [
            (Decimal("130.39"), Decimal("0.10"), Decimal("100.00"))
        ],
        "SELECT COUNT(*) AS c FROM t WHERE d = 0.1": [(2,)],
        "SELECT COUNT(*) AS c FROM t WHERE d = 19.99": [(1,)],
        "SELECT d * d AS q FROM t WHERE id = 5": [(Decimal("399.6001"),)],
        "SELECT d, COUNT(*) AS c FROM t WHERE d < 1 GROUP BY d ORDER BY d": [
            (Decimal("0.10"), 2),
            (Decimal("0.20"), 1),
        ],
        "SELECT ROUND(d * 0.5, 2) AS r FROM t WHERE id = 5": [(Decimal("10.00"),)],
    }.items():
        assert await own.answered(sql) == (rows, rows), sql


async def test_whole_numbers_meet_floats_as_floats(own: Bench) -> None:
    """BIGINT against DOUBLE compares as DOUBLE, where 2^53 and 2^53 + 1 are the same, and NaN is
    above all numbers and equal to itself."""
    big = 2**53
    await own.fill(
        [
            {"_id": 1, "m": Int64(big + 1), "f": float(big)},
            {"_id": 2, "m": 3, "f": 2.5},
            {"_id": 3, "m": 3.0, "f": math.nan},
            {"_id": 4, "m": 0, "f": -0.0},
        ],
        COLLECTION,
    )
    for sql, rows in {
        "SELECT id FROM t WHERE m = f ORDER BY id": [(1,), (4,)],
        f"SELECT id FROM t WHERE m = {big} ORDER BY id": [],
        f"SELECT id FROM t WHERE m = {big}e0 ORDER BY id": [(1,)],
        "SELECT id FROM t WHERE m < f ORDER BY id": [(3,)],
        "SELECT id FROM t WHERE f > 1e300 ORDER BY id": [(3,)],
        "SELECT id FROM t WHERE f = f ORDER BY id": [(1,), (2,), (3,), (4,)],
        "SELECT id FROM t ORDER BY f DESC, id": [(3,), (1,), (2,), (4,)],
        "SELECT m / 2 AS h FROM t WHERE id = 2": [(1.5,)],
        "SELECT m / f AS h FROM t WHERE id = 4": [(math.nan,)],
    }.items():
        answered = await own.answered(sql)
        assert not isinstance(answered, Untranslatable)
        assert same(rows, answered[0], ordered=True), sql
        assert same(rows, answered[1], ordered=True), sql


async def test_days_begin_where_the_zone_says(own: Bench) -> None:
    """Days, months and hours are UTC's, or those of the named zone with its summer time."""
    await own.fill(
        [
            {"_id": 1, "ts": datetime(2024, 3, 31, 0, 59, tzinfo=UTC)},
            {"_id": 2, "ts": datetime(2024, 3, 31, 1, 0, tzinfo=UTC)},
            {"_id": 3, "ts": datetime(2024, 3, 31, 22, 30, tzinfo=UTC)},
            {"_id": 4, "ts": datetime(2024, 12, 31, 23, 30, tzinfo=UTC)},
        ],
        COLLECTION,
    )
    berlin = "ts AT TIME ZONE 'Europe/Berlin'"
    for sql, rows in {
        f"SELECT EXTRACT(hour FROM {berlin}) AS h FROM t ORDER BY id": [(1,), (3,), (0,), (0,)],
        "SELECT EXTRACT(month FROM ts) AS m FROM t ORDER BY id": [(3,), (3,), (3,), (12,)],
        f"SELECT EXTRACT(month FROM {berlin}) AS m FROM t ORDER BY id": [(3,), (3,), (4,), (1,)],
        f"SELECT CAST({berlin} AS DATE) AS d FROM t WHERE id = 4": [(date(2025, 1, 1),)],
        "SELECT CAST(ts AS DATE) AS d FROM t WHERE id = 4": [(date(2024, 12, 31),)],
        "SELECT id FROM t WHERE ts >= '2024-03-31 03:00:00+02:00' ORDER BY id": [(2,), (3,), (4,)],
    }.items():
        assert await own.answered(sql) == (rows, rows), sql


WRONG = [
    ("n", "int64", "seven"),
    ("n", "int64", 2.5),
    ("n", "int64", math.nan),
    ("n", "int64", True),
    ("n", "int64", [1, 2]),
    ("n", "int64", Decimal128("1E+30")),
    ("f", "float64", "1.5"),
    ("f", "float64", datetime(2024, 1, 1, tzinfo=UTC)),
    ("e", "decimal", "1.5"),
    ("e", "decimal", Decimal128("NaN")),
    ("e", "decimal", Decimal128("0.0123456789")),
    ("e", "decimal", 0.1 + 0.2),
    ("s", "string", 1.5),
    ("s", "string", {"a": 1}),
    ("b", "bool", 1),
    ("ts", "timestamptz", 1_700_000_000),
    ("ts", "timestamptz", "yesterday"),
    ("ts", "timestamptz", "2024-02-30T00:00:00Z"),
    ("day", "date", datetime(2024, 1, 1, tzinfo=UTC)),
    ("day", "date", "2024-02-30"),
]


@pytest.mark.parametrize(("field", "word", "value"), WRONG)
async def test_misfit_fails_and_names_the_field(
    field: str, word: str, value: object, own: Bench
) -> None:
    """A value of another type fails the query, as a plain fetch does, wherever the field stands."""
    with pytest.raises(SourceRefused, match=f"'{field}'.*not {word}") as fetched:
        await own.fill([{"_id": 1, field: value}], COLLECTION)
    for sql in (
        f"SELECT COUNT({field}) AS c FROM t",
        f"SELECT COUNT(*) AS c FROM t GROUP BY {field}",
        f"SELECT COUNT(*) AS c FROM t WHERE {field} IS NOT NULL",
        f"SELECT COUNT(DISTINCT {field}) AS c FROM t",
        f"SELECT id FROM t ORDER BY {field}",
        f"SELECT COUNT(*) FILTER (WHERE {field} IS NULL) AS c FROM t",
        f"SELECT DISTINCT id FROM t WHERE {field} = {field}",
    ):
        with pytest.raises(SourceRefused) as refused:
            await own.fetch(plain(sql))
        assert str(refused.value) == str(fetched.value), sql
        assert "seven" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "condition", "value"),
    [
        ("n", "n > 100", "seven"),
        ("n", "n IN (1, 2)", datetime(2024, 1, 1, tzinfo=UTC)),
        ("f", "f < 0", "-1"),
        ("e", "e BETWEEN 1 AND 2", True),
        ("s", "s = 'x'", 1.5),
        ("b", "b = TRUE", 1),
        ("ts", "ts >= TIMESTAMPTZ '2024-01-01 00:00:00+00'", "2024-06-01"),
    ],
)
async def test_a_filter_hides_no_misfit(
    field: str, condition: str, value: object, own: Bench
) -> None:
    """A condition that an index answers lets another type through, which then fails the query."""
    await own.database[COLLECTION.name].delete_many({})
    await own.database[COLLECTION.name].insert_one({"_id": 1, field: value})
    query = plain(f"SELECT COUNT(*) AS c FROM t WHERE {condition}")
    assert list(query.pipeline[0]) == ["$match"]
    with pytest.raises(SourceRefused, match=f"The column '{field}'"):
        await own.fetch(query)


async def test_what_is_out_of_range_fails(own: Bench) -> None:
    """Beyond 64 bits, or beyond the 34 digits of a Decimal128, there is an error and no guess."""
    documents = [
        {
            "_id": n,
            "m": Int64(2**63 - 1),
            "n": Int64(-(2**63)),
            "e": Decimal128("9000000000000000000000000.5"),
        }
        for n in range(3)
    ]
    await own.fill(documents, COLLECTION)
    for sql in (
        "SELECT m + 1 AS x FROM t",
        "SELECT n - 1 AS x FROM t",
        "SELECT SUM(e) AS x FROM t",
        "SELECT e * 2 AS x FROM t",
    ):
        query = pipeline(qualified(sql), COLLECTION, own.columns(sql))
        assert isinstance(query, AggregationQuery)
        with pytest.raises(SourceRefused, match="out of range"):
            await own.fetch(query)
    total = [(Decimal(2**63 - 1) * 3,)]
    assert await own.answered("SELECT SUM(m) AS x FROM t") == (total, total)


async def test_nothing_there_is_still_an_answer(own: Bench) -> None:
    """Over no rows an aggregate of everything is one row, of groups none, as in SQL."""
    await own.fill([], COLLECTION)
    for sql, rows in {
        "SELECT COUNT(*) AS a, COUNT(n) AS b, SUM(n) AS c, AVG(f) AS d, MAX(s) AS e FROM t": [
            (0, 0, None, None, None)
        ],
        "SELECT COUNT(DISTINCT n) AS a, SUM(DISTINCT n) AS b FROM t WHERE n > 1": [(0, None)],
        "SELECT COUNT(*) + 1 AS a FROM t HAVING COUNT(*) = 0": [(1,)],
        "SELECT n, COUNT(*) AS a FROM t GROUP BY n": [],
        "SELECT DISTINCT n FROM t": [],
    }.items():
        assert await own.answered(sql) == (rows, rows), sql


async def test_elements_of_an_array_are_rows(own: Bench) -> None:
    """With an array to unwind, each element is a row, and a document without any is none."""
    lines = Collection(
        "orders",
        {"id": "_id", "sku": "lines.sku", "n": "lines.n"},
        {"id": "int64", "sku": "string", "n": "int64"},
        unwind="lines",
    )
    documents = [
        {"_id": 1, "lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": 3}, {"sku": "a"}]},
        {"_id": 2, "lines": []},
        {"_id": 3},
        {"_id": 4, "lines": [{"sku": "a", "n": 5}, {"n": 1}]},
    ]
    await own.fill(documents, lines)
    for sql, rows in {
        "SELECT sku, COUNT(*) AS c, SUM(n) AS s FROM t GROUP BY sku ORDER BY sku": [
            ("a", 3, Decimal(7)),
            ("b", 1, Decimal(3)),
            (None, 1, Decimal(1)),
        ],
        "SELECT COUNT(DISTINCT id) AS c FROM t WHERE sku = 'a' AND n > 2": [(1,)],
    }.items():
        assert await own.answered(sql, lines) == (rows, rows), sql


async def test_simple_conditions_use_an_index(own: Bench) -> None:
    """A comparison with a literal reads the part of an index that it needs, not every document."""
    await own.fill([{"_id": n, "n": n, "s": f"s{n}"} for n in range(500)], COLLECTION)
    stored = own.database[COLLECTION.name]
    await stored.create_index([("n", 1)])
    for condition, most in {"n >= 495": 10, "n IN (1, 2)": 10, "n = 3 AND s = 's3'": 5}.items():
        query = plain(f"SELECT COUNT(*) AS c FROM t WHERE {condition} GROUP BY s")
        explained = await own.database.command(
            "explain",
            {"aggregate": COLLECTION.name, "pipeline": [query.pipeline[0]], "cursor": {}},
            verbosity="executionStats",
        )
        assert explained["executionStats"]["totalDocsExamined"] <= most, condition
    await stored.drop_indexes()


async def test_text_is_compared_by_its_bytes(own: Bench) -> None:
    """A collection that was made to ignore case does not in a query."""
    folded = replace(COLLECTION, name="folded")
    database = own.database
    await database.drop_collection("folded")
    await database.create_collection("folded", collation={"locale": "en", "strength": 1})
    await own.fill([{"_id": 1, "s": "a"}, {"_id": 2, "s": "A"}, {"_id": 3, "s": "á"}], folded)
    for sql, rows in {
        "SELECT COUNT(*) AS c FROM t WHERE s = 'A'": [(1,)],
        "SELECT s, COUNT(*) AS c FROM t GROUP BY s ORDER BY s": [("A", 1), ("a", 1), ("á", 1)],
    }.items():
        assert await own.answered(sql, folded) == (rows, rows), sql
