"""The audit trail as its operators read it, and how its oldest part is let go."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.approvals import aware
from orchestrator.store.chain import Head, Record, audited
from orchestrator.store.tables import audit_head, audit_records

PRUNED = "pruned"
"""What the record says that stands for the records that were let go."""
_BATCH = 1_000


class Trail:
    """The records of a store, in the order of the chain."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def head(self) -> Head | None:
        """The chain's head as the store keeps it, or None when somebody has taken it away."""
        query = sa.select(audit_head.c.seq, audit_head.c.hash)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return Head(row.seq, row.hash) if row else None

    async def records(self, until: int | None = None) -> AsyncGenerator[Record]:
        """All records, up to the number `until`."""
        after, most = None, [] if until is None else [audit_records.c.seq <= until]
        while True:
            later = [] if after is None else [audit_records.c.seq > after]
            batch = await self._read(*most, *later, limit=_BATCH)
            for record in batch:
                yield record
            if len(batch) < _BATCH:
                return
            after = batch[-1].seq

    async def of(self, run_id: str) -> list[Record]:
        """The records of one run."""
        return await self._read(audit_records.c.run_id == run_id)

    async def prune(self, before: datetime, by: str) -> int:
        """Delete the oldest records, up to the first that is not older than `before`: how many.

        A record of it is left with the hash of the last one deleted, so that what follows can
        still be verified. The last record of all always stays.
        """
        last = await self._last_before(before)
        if last is None:
            return 0
        async with audited(self._engine) as (connection, note):
            gone = sa.delete(audit_records).where(audit_records.c.seq <= last.seq)
            count = (await connection.execute(gone)).rowcount
            if count:
                detail = {"through": last.seq, "hash": last.hash, "records": count}
                note("", PRUNED, detail | {"before": before.isoformat(), "by": by})
        return count

    async def _last_before(self, before: datetime) -> Record | None:
        newer = sa.select(sa.func.min(audit_records.c.seq)).where(audit_records.c.at >= before)
        newest = sa.select(sa.func.max(audit_records.c.seq))
        bound = sa.func.coalesce(newer.scalar_subquery(), newest.scalar_subquery())
        found = await self._read(audit_records.c.seq == bound - 1)
        return found[0] if found else None

    async def _read(self, *which: sa.ColumnElement[bool], limit: int | None = None) -> list[Record]:
        names = [audit_records.c[name] for name in Record.__dataclass_fields__]
        query = sa.select(*names).where(*which).order_by(audit_records.c.seq).limit(limit)
        async with self._engine.connect() as connection:
            return [_record(row) for row in (await connection.execute(query)).mappings()]


def _record(row: sa.RowMapping) -> Record:
    kept: dict[str, Any] = dict(row)
    kept["at"] = cast("datetime", aware(row["at"]))
    return Record(**kept)
