"""The raw batches of an aggregation, and its end on the server when they are left early."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo.errors import PyMongoError

_KILL_S = 1.0


async def raw_batches(
    collection: "AsyncIOMotorCollection[dict[str, Any]]",
    pipeline: list[dict[str, Any]],
    *,
    timeout_ms: int,
    batch_rows: int,
) -> AsyncGenerator[bytes]:
    """Batches of BSON documents, one after another; the next is on its way while one is used.

    Raises the driver's errors. When the caller goes away or closes it, what runs or waits on the
    server is ended there.
    """
    async with await collection.database.client.start_session() as session:
        cursor = collection.aggregate_raw_batches(
            pipeline, maxTimeMS=timeout_ms, batchSize=batch_rows, session=session
        )
        coming = asyncio.ensure_future(_next(cursor))
        try:
            while (batch := await coming) is not None:
                coming = asyncio.ensure_future(_next(cursor))
                yield batch
        except (GeneratorExit, asyncio.CancelledError):
            await _kill(session)
            raise
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def _next(cursor: AsyncIterator[Any]) -> bytes | None:
    return await anext(cursor, None)


async def _kill(session: AsyncIOMotorClientSession) -> None:
    """End a cursor that waits, and an operation that has no cursor yet, which killCursors can't.

    Users may kill their own sessions without a right to it.
    """
    with contextlib.suppress(PyMongoError, OSError, TimeoutError):
        async with asyncio.timeout(_KILL_S):
            await session.client.admin.command({"killSessions": [session.session_id]})
