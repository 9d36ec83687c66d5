"""TPC-H spread over PostgreSQL, MongoDB and Parquet files gives the rows that one DuckDB gives."""

import contextlib
from collections.abc import AsyncGenerator

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from orchestrator.pipeline import Pipeline
from orchestrator.semantic.check import check
from orchestrator.wire import open_pipeline
from sandbox.sandbox import Sandbox
from sandbox.tpch.placements import PLACEMENTS
from sandbox.tpch.queries import queries
from sandbox.tpch.schema import TABLES
from sandbox.tpch.tpch import Tpch, open_tpch
from tests.conftest import answer_of
from tests.engine.same import differences

SCALE = 0.01
QUERIES = queries(SCALE)


@pytest.fixture(scope="module")
async def tpch(sandbox: Sandbox) -> AsyncGenerator[Tpch]:
    """TPC-H in the sandbox's servers."""
    assert sandbox.mongo is not None, sandbox.missing
    folder = sandbox.folder / "tpch"
    async with open_tpch(folder, SCALE, sandbox.postgres, sandbox.mongo) as opened:
        yield opened


@pytest.fixture(scope="module")
async def pipelines(
    tpch: Tpch, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[dict[str, Pipeline]]:
    """A pipeline for each placement."""
    folder = tmp_path_factory.mktemp("tpch")
    async with contextlib.AsyncExitStack() as stack:
        made: dict[str, Pipeline] = {}
        for placement in PLACEMENTS:
            made[placement] = await open_pipeline(
                model=tpch.model(placement),
                vault=tpch.vault,
                store_url=f"sqlite+aiosqlite:///{folder}/{placement}.db",
                warm=False,
            )
            stack.push_async_callback(made[placement].close)
        yield made


@pytest.fixture(scope="module")
def truth(tpch: Tpch) -> dict[str, pa.Table]:
    """The answer of one DuckDB over the Parquet files, for each query."""
    with duckdb.connect(":memory:") as connection:
        for table, file in tpch.files.items():
            connection.read_parquet(str(file)).create_view(table)
        return {name: connection.sql(sql).to_arrow_table() for name, sql in QUERIES.items()}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("placement", PLACEMENTS)
async def test_same_rows_as_one_database(
    placement: str, name: str, pipelines: dict[str, Pipeline], truth: dict[str, pa.Table]
) -> None:
    """A query of TPC-H gives the same columns and rows, in the order that it asks for."""
    answer = await answer_of(pipelines[placement], name, QUERIES[name])
    assert not answer.failed, answer.warnings
    assert not answer.partial, answer.warnings
    assert differences(answer.table, truth[name], _order(QUERIES[name])) == []


def _order(sql: str) -> list[str]:
    """The columns that the whole query is ordered by."""
    order = sqlglot.parse_one(sql, read="duckdb").args.get("order")
    return [part.this.name for part in order.expressions] if order else []


@pytest.mark.parametrize("name", QUERIES)
def test_no_answer_is_empty(name: str, truth: dict[str, pa.Table]) -> None:
    """At this scale each query finds rows, with measures that are not all null or zero."""
    table = truth[name]
    assert table.num_rows > 0
    for column in table.columns:
        if pa.types.is_decimal(column.type) or pa.types.is_floating(column.type):
            assert any(column.to_pylist())


def test_there_are_22_queries() -> None:
    """None is left out."""
    assert list(QUERIES) == [f"q{number:02}" for number in range(1, 23)]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_placement_uses_every_kind_of_source(placement: str, tpch: Tpch) -> None:
    """The model of a placement fits together, and its tables lie in all three kinds of source."""
    model = tpch.model(placement)
    assert check(model) == []
    assert {source.kind for source in model.sources.values()} == {"postgres", "mongo", "duckdb"}


def test_hostile_joins_all_cross_sources() -> None:
    """No foreign key, and no equality that a query writes between two tables, stays in a source."""
    places = PLACEMENTS["hostile"]
    owner = {column: table for table, spec in TABLES.items() for column in spec.columns}
    joined = {(table, other) for table, spec in TABLES.items() for other in spec.refers}
    for sql in QUERIES.values():
        for equality in sqlglot.parse_one(sql, read="duckdb").find_all(exp.EQ):
            sides = owner.get(equality.left.name), owner.get(equality.right.name)
            if sides[0] and sides[1] and sides[0] != sides[1]:
                joined.add((sides[0], sides[1]))
    assert ("customer", "supplier") in joined
    assert [pair for pair in joined if places[pair[0]] == places[pair[1]]] == []


@pytest.mark.parametrize(
    "other",
    [
        {"a": [2, 1], "b": [0.5, 0.25]},
        {"a": [1, 2], "b": [0.25, 0.5 + 1e-8]},
        {"a": [1, 3], "b": [0.25, 0.5]},
        {"a": [1, 2], "b": [0.25, None]},
        {"a": [1], "b": [0.25]},
        {"b": [0.25, 0.5], "a": [1, 2]},
    ],
    ids=["order", "float", "exact", "null", "fewer", "columns"],
)
def test_the_comparison_sees_what_differs(other: dict[str, list[float]]) -> None:
    """Each way in which an answer can be wrong is told; the last bits of a float are not."""
    right = pa.table({"a": [1, 2], "b": [0.25, 0.5]})
    assert differences(pa.table(other), right, ["a"])
    assert not differences(pa.table({"a": [1, 2], "b": [0.25, 0.5 + 1e-12]}), right, ["a"])
