"""Plans over sources that are all DuckDB, run in one process: what every step fetches and feeds,
and the join, by nothing but what the plan says.
"""

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from adapters.coercion import conform
from adapters.query import SqlQuery, with_keys
from orchestrator.compile import FetchStep, Plan

Fetch = Callable[[SqlQuery], pa.Table]


def run(plan: Plan, fetch: Fetch) -> pa.Table:
    """The answer of a plan; `fetch` gives the rows of a native query."""
    with duckdb.connect(":memory:", config={"threads": 1}) as joined:
        joined.execute("SET TimeZone = 'UTC'")
        joined.execute("SET disabled_optimizers = 'statistics_propagation'")
        waiting = {step.id: step for step in plan.steps}
        while waiting:
            ready = [s for s in waiting.values() if not s.feed or s.feed.from_step not in waiting]
            assert ready, "steps wait for each other"
            for step in ready:
                rows = fetch(_query(waiting.pop(step.id), joined))
                joined.register("incoming", rows)
                joined.execute(f"CREATE TABLE fetched_{step.id} AS SELECT * FROM incoming")
                joined.unregister("incoming")
        return joined.sql(plan.join.sql).to_arrow_table()


def _query(step: FetchStep, joined: duckdb.DuckDBPyConnection) -> SqlQuery:
    query: Any = step.query
    if step.feed is not None:
        found = joined.sql(
            f"SELECT DISTINCT {step.feed.from_column} AS k FROM fetched_{step.feed.from_step} "
            "WHERE k IS NOT NULL"
        ).fetchall()
        query = with_keys(step.feed.query, [key for (key,) in found])
    assert isinstance(query, SqlQuery)
    return query


def in_duckdb(connection: duckdb.DuckDBPyConnection) -> Fetch:
    """Fetches from one DuckDB that holds every relation."""

    def fetch(query: SqlQuery) -> pa.Table:
        rows = connection.sql(query.text, params=list(query.parameters)).to_arrow_table()
        return conform(rows, query.columns)

    return fetch
