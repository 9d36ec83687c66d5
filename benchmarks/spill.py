"""A join that is larger than its memory."""

import contextlib
from collections.abc import AsyncGenerator, Iterator

import pyarrow as pa

from benchmarks.join import plan_of
from benchmarks.measure import Outcome, Target, Variant, Work, compare
from benchmarks.servers import Place
from orchestrator.compile.plan import KeyCheck
from orchestrator.join import join
from orchestrator.staging import Staging, StagingSettings

TITLE = "A join larger than its memory: as many rows on both sides"
LIMIT_MB = 512
TARGETS = (
    Target("time, of the join with no cap", f"{LIMIT_MB} MB", "no cap", at_most=3),
    Target(
        "growth of the process's memory (the limit and 150 MB)",
        f"{LIMIT_MB} MB",
        figure="memory_mb",
        at_most=LIMIT_MB + 150,
    ),
)
_ABOUT = """Two tables of the given number of rows, each an integer key and an integer value, with \
every key once on each side. They are made batch by batch, staged as they come, joined on the key \
and added up; then the keys are counted.

- **512 MB**: as with `CROSSTALK_JOIN_MEMORY=512MB`; what is over goes to a folder.
- **no cap**: the same with 16 GB."""
_BATCH = 100_000
_STRIDE = 7_919
_SCHEMA = pa.schema({"key": pa.int64(), "value": pa.int64()})
_SQL = """SELECT COUNT(*) AS rows, SUM(l.value + r.value) AS total
FROM fetched_s1 AS l JOIN fetched_s2 AS r ON l.key = r.key"""


async def run(place: Place, quick: bool) -> Outcome:
    """Both variants; the cap only takes hold at the full size."""
    sizes = (200_000,) if quick else (10_000_000,)
    return Outcome(_ABOUT, await compare(__name__, place, sizes, 1 if quick else 5))


def _batches(size: int, stride: int) -> Iterator[pa.Table]:
    """Every key from 0 to `size` once, in an order that `stride` mixes."""
    for first in range(0, size, _BATCH):
        keys = [number * stride % size for number in range(first, min(first + _BATCH, size))]
        column = pa.array(keys, pa.int64())
        yield pa.table([column, column], schema=_SCHEMA)


def _within(memory: str) -> Variant:
    @contextlib.asynccontextmanager
    async def opened(place: Place, size: int) -> AsyncGenerator[Work]:
        empty = _SCHEMA.empty_table()
        check = KeyCheck(("s1", "key", "left"), ("s2", "key", "right"))
        plan = plan_of(_SQL, [empty, empty], (check,))

        async def work() -> None:
            staging = Staging(StagingSettings(memory, place.folder))
            try:
                for step, stride in (("s1", 1), ("s2", _STRIDE)):
                    async with staging.filling(step, _SCHEMA) as take:
                        for batch in _batches(size, stride):
                            await take(batch)
                joined = await join(plan, staging)
            finally:
                staging.close()
            assert joined.table.to_pylist() == [{"rows": size, "total": size * (size - 1)}]

        yield work

    return opened


VARIANTS: dict[str, Variant] = {f"{LIMIT_MB} MB": _within("512MB"), "no cap": _within("16GB")}
