"""The raw batches of an aggregation, and its end on the server when they are left early.

The commands are sent as they are: PyMongo's `aggregate_raw_batches` wraps each document once before
it gives the bytes, which takes longer than all that is done with them here (ADR 0007).
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from bson import _array_of_documents_to_buffer  # pyright: ignore[reportPrivateUsage]
from bson.raw_bson import _RAW_ARRAY_BSON_OPTIONS  # pyright: ignore[reportPrivateUsage]
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo.errors import PyMongoError

_KILL_S = 1.0


async def raw_batches(
    database: "AsyncIOMotorDatabase[dict[str, Any]]",
    collection: str,
    pipeline: list[dict[str, Any]],
    *,
    timeout_ms: int,
    batch_rows: int,
    comment: str,
) -> AsyncGenerator[bytes]:
    """Batches of BSON documents, one after another; the next is on its way while one is used.

    Raises the driver's errors. When the caller goes away or closes it, what runs or waits on the
    server is ended there.
    """
    size = {"batchSize": batch_rows}
    first = {
        "aggregate": collection,
        "pipeline": pipeline,
        "cursor": size,
        "maxTimeMS": timeout_ms,
        "collation": {"locale": "simple"},  # text is equal when its bytes are
        "comment": comment,  # its getMores inherit it
    }
    async with await database.client.start_session() as session:

        async def ask(command: dict[str, Any]) -> tuple[bytes, int]:
            reply = await database.command(
                command, codec_options=_RAW_ARRAY_BSON_OPTIONS, session=session
            )
            cursor = reply["cursor"]
            batch = cursor["firstBatch" if command is first else "nextBatch"]
            return _array_of_documents_to_buffer(batch), cursor["id"]

        coming = asyncio.ensure_future(ask(first))
        more = True
        try:
            while more:
                batch, more = await coming
                if more:
                    coming = asyncio.ensure_future(
                        ask({"getMore": more, "collection": collection} | size)
                    )
                if batch:
                    yield batch
        except (GeneratorExit, asyncio.CancelledError):
            if more:
                await _kill(session)
            raise
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def _kill(session: AsyncIOMotorClientSession) -> None:
    """End a cursor that waits, and an operation that has no cursor yet, which killCursors can't.

    Users may kill their own sessions without a right to it.
    """
    with contextlib.suppress(PyMongoError, OSError, TimeoutError):
        async with asyncio.timeout(_KILL_S):
            await session.client.admin.command({"killSessions": [session.session_id]})
