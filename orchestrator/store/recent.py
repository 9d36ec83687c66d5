"""What somebody has asked lately."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.approvals import aware
from orchestrator.store.tables import runs


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A run of a person; `status` is as the store keeps it, `asked_at` is aware."""

    run_id: str
    channel: str
    question: str
    status: str
    asked_at: datetime


async def recent_runs(engine: AsyncEngine, team: str, user: str, limit: int) -> list[RecentRun]:
    """The last runs of a person that were asked for in some thread, the newest first."""
    names = ("run_id", "channel", "question", "status", "proposed_at")
    query = (
        sa.select(*(runs.c[name] for name in names))
        .where(runs.c.team == team, runs.c.user == user, runs.c.thread != "")
        .order_by(runs.c.proposed_at.desc())
        .limit(limit)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [_recent(row) for row in rows]


def _recent(row: sa.RowMapping) -> RecentRun:
    kept: dict[str, Any] = {name: row[name] for name in ("run_id", "channel", "question", "status")}
    return RecentRun(**kept, asked_at=cast("datetime", aware(row["proposed_at"])))
