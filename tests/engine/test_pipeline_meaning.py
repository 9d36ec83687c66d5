"""A pipeline means what DuckDB means, or there is none: every SELECT here is run on both."""

from collections.abc import AsyncGenerator

import pytest

from orchestrator.compile.pipeline import Untranslatable
from sandbox.mongo import MongoServer, start_mongo
from tests.conftest import ROOT
from tests.engine.nasty import documents
from tests.engine.pipelines import COLLECTION, Bench, bench, same

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
    "SELECT n, COUNT(*) AS c FROM t GROUP BY ROLLUP (n)": "GROUP BY",
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
    server = await start_mongo(ROOT / ".sandbox" / "pipelines")
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def nasty(mongo: MongoServer) -> AsyncGenerator[Bench]:
    """Three hundred nasty documents."""
    async with bench(mongo) as opened:
        await opened.fill(documents(300, seed=1), COLLECTION)
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
