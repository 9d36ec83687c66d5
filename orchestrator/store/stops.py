"""The wishes to stop a run that is under way in another process."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.dialects import insert_into
from orchestrator.store.tables import metadata

KEEP = timedelta(days=1)
stops = sa.Table(
    "stops",
    metadata,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)


class Stops:
    """Who wants which run to end; wherever it is under way, that is looked up every second."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def wish(self, run_id: str, team: str, user: str) -> None:
        """Note that somebody wants a run to end; the first wish counts."""
        new = insert_into(self._engine, stops)
        new = new.values(run_id=run_id, team=team, user=user, at=datetime.now(UTC))
        async with self._engine.begin() as connection:
            await connection.execute(new.on_conflict_do_nothing())

    async def of(self, run_ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Of these runs those that shall end, each with the (team, user) who wants it."""
        if not run_ids:
            return {}
        query = sa.select(stops.c.run_id, stops.c.team, stops.c.user)
        query = query.where(stops.c.run_id.in_(run_ids))
        async with self._engine.connect() as connection:
            return {row.run_id: (row.team, row.user) for row in await connection.execute(query)}

    async def clean(self) -> None:
        """Forget the wishes of yesterday."""
        old = sa.delete(stops).where(stops.c.at < datetime.now(UTC) - KEEP)
        async with self._engine.begin() as connection:
            await connection.execute(old)
