"""Random SELECTs over random documents: what is translated gives what DuckDB gives."""

from collections.abc import AsyncGenerator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, composite

from orchestrator.compile.pipeline import Untranslatable
from sandbox.mongo import start_mongo
from tests.conftest import FOLDER
from tests.engine.nasty import document, documents
from tests.engine.pipelines import COLLECTION, Bench, bench, same
from tests.engine.selects import selects


@pytest.fixture(scope="module")
async def lab() -> AsyncGenerator[Bench]:
    """An empty bench."""
    server = await start_mongo(FOLDER / "pipelines")
    async with bench(server) as opened:
        yield opened
    await server.stop()


@composite
def _few(draw: DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(0, 6))
    return [document(n, lambda values: draw(st.sampled_from(values))) for n in range(count)]


FEW_OR_MANY = st.one_of(_few(), st.builds(documents, st.integers(20, 60), st.integers(0, 10**6)))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sql=selects(), found=FEW_OR_MANY)
async def test_random(sql: str, found: list[dict[str, Any]], lab: Bench) -> None:
    """Whatever the grammar of what is supported can say means the same in both."""
    await lab.fill(found, COLLECTION)
    try:
        answered = await lab.answered(sql)
    except duckdb.Error:
        event("not SQL that DuckDB takes")
        return
    if isinstance(answered, Untranslatable):
        event("refused")
        return
    wanted, got = answered
    if wanted is None:
        event("out of DuckDB's range")
        return
    event("compared")
    assert same(wanted, got, "ORDER BY" in sql), (sql, wanted, got)
