"""The caps that every adapter keeps, over batches that nobody has asked for."""

from collections.abc import AsyncGenerator

import pyarrow as pa

from adapters.base import Fetched, Limits
from adapters.limits import pour


async def poured(limits: Limits) -> tuple[Fetched, int]:
    """What comes of a hundred batches of ten rows, and how many rows were taken."""
    taken: list[int] = []

    async def batches() -> AsyncGenerator[pa.Table]:
        for _ in range(100):
            yield pa.table({"id": pa.array(range(10), pa.int64())})

    async def take(batch: pa.Table) -> None:
        taken.append(batch.num_rows)

    return await pour(batches(), limits, take), sum(taken)


async def test_rows_are_capped() -> None:
    """Exactly so many rows are taken, and it is told."""
    assert await poured(Limits(max_rows=25)) == (Fetched(25, truncated=True), 25)


async def test_bytes_are_capped() -> None:
    """The batch that passes the cap is the last one, and it is told."""
    assert await poured(Limits(max_bytes=200)) == (Fetched(30, truncated=True), 30)
