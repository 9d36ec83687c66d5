"""One case: a query in a placement, by the whole engine and by one DuckDB that has all the data."""

import threading
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from adapters.coercion import arrow_type
from orchestrator.compile import Compiler, Plan
from orchestrator.compile.shapes import Shapes
from orchestrator.events import Finished
from orchestrator.explain import explain, plan_text
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Question, question
from orchestrator.store import Store, StoredRun
from tests.conftest import ADA, NOON
from tests.property.data import ENTITIES, Dataset
from tests.property.placements import Atlas, Placement
from tests.property.sameness import difference, shown

PATIENCE_S = 5.0
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Ran:
    """What the engine answered, or why it did not; the plan when there is one."""

    table: pa.Table | None
    reason: str = ""
    plan: Plan | None = None


class Truth:
    """One DuckDB a dataset, with a table for each entity."""

    def __init__(self, datasets: list[Dataset]) -> None:
        self._connections = [_oracle(one) for one in datasets]

    def __len__(self) -> int:
        return len(self._connections)

    def run(self, number: int, sql: str) -> None:
        """Run a statement over one dataset."""
        self._connections[number].execute(sql)

    def ask(self, number: int, sql: str) -> pa.Table | None:
        """The right result, or None when the SQL has none: a type error, an overflow, more rows
        than MOST_ROWS or than there is memory or patience for."""
        connection = self._connections[number]
        patience = threading.Timer(PATIENCE_S, connection.interrupt)
        patience.start()
        try:
            reader = connection.sql(sql).to_arrow_reader(MOST_ROWS)
            batches, rows = [], 0
            for batch in reader:
                batches.append(batch)
                rows += batch.num_rows
                if rows > MOST_ROWS:
                    return None
            return pa.Table.from_batches(batches, reader.schema)
        except (duckdb.Error, pa.ArrowInvalid, OSError):
            return None
        finally:
            patience.cancel()

    def tables(self, number: int, sql: str) -> str:
        """The entities that a query names, as text."""
        return "\n".join(
            f"{name}:\n{shown(self._connections[number].table(name).to_arrow_table())}"
            for name in ENTITIES
            if f'"{name}"' in sql
        )


def _oracle(one: Dataset) -> duckdb.DuckDBPyConnection:
    # a random query may multiply its rows: one that has no room has no result
    bounds: dict[str, Any] = {"threads": 1, "memory_limit": "1GB", "temp_directory": ""}
    connection = duckdb.connect(":memory:", config=bounds)
    connection.execute("SET TimeZone = 'UTC'")
    # with it, DuckDB 2.0.0 drops a LIMIT over a LEFT JOIN whose ON can't hold
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    for entity, fields in ENTITIES.items():
        schema = pa.schema([(field, arrow_type(word)) for field, word in fields.items()])
        connection.register("incoming", pa.Table.from_pylist(one.rows[entity], schema=schema))
        connection.execute(f'CREATE TABLE "{entity}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    return connection


class Unwritten(Store):
    """A store that keeps no runs: writing each down would be a third of a case's time."""

    async def propose(self, run_id: str, question: Question, **what: Any) -> None:
        """Keep nothing."""

    async def finish(self, run_id: str, status: str, outcome: dict[str, Any]) -> None:
        """Keep nothing."""

    async def note(self, run_id: str, what: str, detail: dict[str, Any]) -> None:
        """Keep nothing."""

    async def recall(self, run_id: str) -> StoredRun | None:
        """Nothing is kept."""
        return None


class Engine:
    """A pipeline over all sources; a placement is the semantic model that it is given."""

    def __init__(self, pipeline: Pipeline, atlas: Atlas, truth: Truth) -> None:
        self.pipeline = pipeline
        self.atlas = atlas
        self.truth = truth
        self._shapes = Shapes(pipeline.model)
        self._capabilities = {
            name: source.adapter.capabilities for name, source in pipeline.sources.items()
        }

    async def answer(self, sql: str, placement: Placement) -> Ran:
        """Compile, validate, approve, execute and join."""
        model = self.atlas.model(placement)
        compiler = Compiler(model, self._capabilities, self._shapes)
        pipeline = replace(self.pipeline, model=model, compiler=compiler)
        proposed = await pipeline.propose(question("by SQL", ADA, asked_at=NOON), sql)
        if not isinstance(proposed, Proposed):
            return Ran(None, f"refused: {proposed}")
        assert proposed.approved is not None
        async for event in pipeline.run(proposed.approved):
            if isinstance(event, Finished):
                answer = event.answer
                if answer.failed or answer.partial:
                    return Ran(
                        None,
                        f"failed: {answer.warnings} {[one.failure for one in answer.sources]}",
                        proposed.plan,
                    )
                return Ran(answer.table, "", proposed.plan)
        raise AssertionError("the run had no end")

    async def disagreement(self, sql: str, placement: Placement, *, ordered: bool) -> str | None:
        """What differs between engine and truth, at length; "" when nothing does.

        None when the truth has no result, so that there is nothing to compare.
        """
        expected = self.truth.ask(placement.dataset, sql)
        if expected is None:
            return None
        ran = await self.answer(sql, placement)
        what = ran.reason
        if ran.table is not None:
            what = difference(ran.table, expected, ordered=ordered)
        if not what:
            return ""
        return "\n".join(
            (
                *(what, "", sql, "", str(placement), ""),
                plan_text(explain(ran.plan, {})) if ran.plan else "no plan",
                *("", "engine:", shown(ran.table) if ran.table is not None else "nothing"),
                *("", "truth:", shown(expected), "", self.truth.tables(placement.dataset, sql)),
            )
        )
