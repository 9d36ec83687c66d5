"""Questions that are asked on a schedule. Of two replicas that act on one, one does."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.approvals import aware
from orchestrator.store.tables import metadata

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("rule", sa.String(255), nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("on_change", sa.Boolean, nullable=False),
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("digest", sa.String(64)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("ended_why", sa.String(255)),
    sa.Index("ix_schedules_person", "team", "user"),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A question that is asked again and again, as `user` and into `channel`.

    `rule` says when, in words that its reader understands, by the clock of `time_zone`; `next_at`
    is aware. With `on_change` the answer is told only when its `digest` is another than before;
    None before the first.
    """

    id: str
    team: str
    user: str
    channel: str
    question: str
    rule: str
    time_zone: str
    on_change: bool
    next_at: datetime
    digest: str | None = None


class Schedules:
    """The schedules of a store that have not ended. All times are aware."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, schedule: Schedule) -> None:
        """Keep a new schedule."""
        kept = {**asdict(schedule), "next_at": schedule.next_at.astimezone(UTC)}
        async with self._engine.begin() as connection:
            await connection.execute(sa.insert(schedules).values(**kept))

    async def of(self, schedule_id: str) -> Schedule | None:
        """A schedule by its id; None when there is none, or it has ended."""
        found = await self._all(schedules.c.id == schedule_id)
        return found[0] if found else None

    async def owned(self, team: str, user: str) -> list[Schedule]:
        """The schedules of a person, the next one first."""
        return await self._all(schedules.c.team == team, schedules.c.user == user)

    async def due(self, at: datetime) -> list[Schedule]:
        """The schedules whose time has come, the oldest first."""
        return await self._all(schedules.c.next_at <= at.astimezone(UTC))

    async def advance(self, schedule: Schedule, next_at: datetime) -> bool:
        """Set a schedule's next time; False when it does not stand as it was read."""
        unmoved = schedules.c.next_at == schedule.next_at.astimezone(UTC)
        return await self._change(schedule.id, {"next_at": next_at.astimezone(UTC)}, unmoved)

    async def result(self, schedule: Schedule, digest: str) -> bool:
        """Keep the digest of a new result; False when it does not stand as it was read."""
        before = schedules.c.digest
        unmoved = before.is_(None) if schedule.digest is None else before == schedule.digest
        return await self._change(schedule.id, {"digest": digest}, unmoved)

    async def end(self, schedule_id: str, at: datetime, why: str) -> bool:
        """End a schedule; False when it has ended before."""
        return await self._change(schedule_id, {"ended_at": at.astimezone(UTC), "ended_why": why})

    async def _all(self, *conditions: sa.ColumnElement[bool]) -> list[Schedule]:
        names = [schedules.c[name] for name in Schedule.__dataclass_fields__]
        query = sa.select(*names).where(schedules.c.ended_at.is_(None), *conditions)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.order_by(schedules.c.next_at))).mappings()
        return [_schedule(row) for row in rows]

    async def _change(
        self, schedule_id: str, values: dict[str, object], *conditions: sa.ColumnElement[bool]
    ) -> bool:
        change = sa.update(schedules).where(
            schedules.c.id == schedule_id, schedules.c.ended_at.is_(None), *conditions
        )
        async with self._engine.begin() as connection:
            return (await connection.execute(change.values(**values))).rowcount == 1


def _schedule(row: sa.RowMapping) -> Schedule:
    kept: dict[str, Any] = {**row, "next_at": aware(row["next_at"])}
    return Schedule(**kept)
