"""Batches of a fetch to one table, up to the caps: what is over them is cut, and that is told."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pyarrow as pa

from adapters.base import Fetched, Limits
from adapters.coercion import schema_of
from adapters.query import OutputColumn

BATCH_ROWS = 5_000


async def collect(
    batches: AsyncGenerator[pa.Table], columns: Sequence[OutputColumn], limits: Limits
) -> Fetched:
    """Take batches until they end or a cap is passed; no batch gives an empty table."""
    kept: list[pa.Table] = [schema_of(columns).empty_table()]
    rows = size = 0
    async with aclosing(batches):
        async for batch in batches:
            kept.append(batch)
            rows += batch.num_rows
            size += batch.nbytes
            if rows > limits.max_rows or size > limits.max_bytes:
                break
    truncated = rows > limits.max_rows or size > limits.max_bytes
    return Fetched(pa.concat_tables(kept).slice(0, limits.max_rows), truncated)
