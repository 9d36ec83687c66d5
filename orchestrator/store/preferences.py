"""What people have set for themselves."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.dialects import insert_into
from orchestrator.store.tables import metadata

preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("team", sa.String(64), primary_key=True),
    sa.Column("user", sa.String(64), primary_key=True),
    sa.Column("time_zone", sa.String(64)),
)


class Preferences:
    """The settings of each (team, user)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def time_zone(self, team: str, user: str) -> str | None:
        """The IANA name of the time zone that a person has chosen, or None."""
        query = sa.select(preferences.c.time_zone)
        query = query.where(preferences.c.team == team, preferences.c.user == user)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def choose_time_zone(self, team: str, user: str, time_zone: str | None) -> None:
        """Set a person's time zone, an IANA name; None is whatever their profile says."""
        new = insert_into(self._engine, preferences)
        new = new.values(team=team, user=user, time_zone=time_zone)
        changed = {"time_zone": time_zone}
        async with self._engine.begin() as connection:
            await connection.execute(
                new.on_conflict_do_update(index_elements=["team", "user"], set_=changed)
            )
