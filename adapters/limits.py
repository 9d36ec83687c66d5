"""Batches of a fetch, up to the caps: what is over them is cut, and that is told."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pyarrow as pa

from adapters.base import Fetched, Limits, Take

BATCH_ROWS = 5_000


async def pour(batches: AsyncGenerator[pa.Table], limits: Limits, take: Take) -> Fetched:
    """Give batches to `take` until they end or a cap is passed."""
    rows = size = 0
    async with aclosing(batches):
        async for batch in batches:
            kept = batch.slice(0, limits.max_rows - rows)
            rows += kept.num_rows
            size += kept.nbytes
            if kept.num_rows:
                await take(kept)
            if kept.num_rows < batch.num_rows or size > limits.max_bytes:
                return Fetched(rows, truncated=True)
    return Fetched(rows)
