"""What planning costs before any source is asked: semantic SQL to a plan."""

import contextlib
import statistics
import time
from collections.abc import AsyncGenerator

from benchmarks.measure import Outcome, Run, Target, Variant, Work, compare
from benchmarks.rows_moved import MODEL, TODAY, questions, rows_of
from benchmarks.servers import Place
from orchestrator.compile import Compiler
from orchestrator.compile.estimate import Unknown
from orchestrator.semantic import SemanticModel, load
from orchestrator.wire import ADAPTERS, adapter_class
from sandbox.company.generate import generate
from sandbox.tpch.model import model_of
from sandbox.tpch.placements import PLACEMENTS
from sandbox.tpch.queries import queries

TITLE = "Planning"
TARGETS = (
    Target("time, a question of the demo company", "thirty questions"),
    Target("time, a query of TPC-H", "TPC-H"),
)
_ABOUT = """Parsing, resolving, splitting and writing the native queries of one question, in \
seconds a question (the median of its kind); **slowest** is the slowest of them.

- **thirty questions**: those of the demo company.
- **TPC-H**: its 22 queries in the placement `mixed`."""


class _Sizes(Unknown):
    """How many rows the relations of the demo company have; nothing is known of others."""

    def __init__(self) -> None:
        self._rows = rows_of(generate(TODAY))

    def rows(self, source: str, relation: str) -> int | None:
        """The relation's rows."""
        return self._rows.get(relation)


async def run(place: Place, quick: bool) -> Outcome:
    """Both kinds of question."""
    return Outcome(_ABOUT, await compare(__name__, place, (1,), 1 if quick else 5))


@contextlib.asynccontextmanager
async def _thirty(_: Place, size: int) -> AsyncGenerator[Work]:
    async with _planned(load(MODEL, {}), list(questions().values())) as work:
        yield work


@contextlib.asynccontextmanager
async def _tpch(_: Place, size: int) -> AsyncGenerator[Work]:
    address = {"host": "127.0.0.1", "port": 1, "database": "tpch"}
    model = model_of(
        PLACEMENTS["mixed"],
        {
            "postgres": {"kind": "postgres", "connect": address},
            "mongo": {"kind": "mongo", "connect": address},
            "parquet": {"kind": "duckdb", "connect": {"files": {}}},
        },
    )
    async with _planned(model, list(queries(1.0).values())) as work:
        yield work


@contextlib.asynccontextmanager
async def _planned(model: SemanticModel, asked: list[str]) -> AsyncGenerator[Work]:
    capabilities = {
        name: adapter_class(source.kind).capabilities
        for name, source in model.sources.items()
        if source.kind in ADAPTERS
    }
    compiler, sizes = Compiler(model, capabilities), _Sizes()
    compiler.compile(asked[0], sizes)

    async def work() -> Run:
        times: list[float] = []
        for sql in asked:
            began = time.perf_counter()
            compiler.compile(sql, sizes)
            times.append(time.perf_counter() - began)
        return {"seconds": statistics.median(times), "slowest": max(times)}

    yield work


VARIANTS: dict[str, Variant] = {"thirty questions": _thirty, "TPC-H": _tpch}
