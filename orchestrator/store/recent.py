"""What somebody has asked lately."""

from dataclasses import dataclass
from datetime import datetime

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
        rows = (await connection.execute(query)).all()
    return [RecentRun(*row[:4], aware(row[4]) or row[4]) for row in rows]
