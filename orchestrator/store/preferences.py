"""What people have set for themselves."""

from dataclasses import asdict, dataclass

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
    sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("currency", sa.String(3)),
)


@dataclass(frozen=True, slots=True)
class PersonalSettings:
    """What a person has set. `time_zone` is an IANA name, or None for that of their profile;
    `is_private`: answers to them in channels go to them alone. `currency` is the code of the one
    that amounts are shown in, or None for that of the model."""

    time_zone: str | None = None
    is_private: bool = False
    currency: str | None = None


class Preferences:
    """The settings of each (team, user)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, team: str, user: str) -> PersonalSettings:
        """A person's settings, or those of somebody who has set nothing."""
        query = sa.select(*(preferences.c[name] for name in PersonalSettings.__dataclass_fields__))
        query = query.where(preferences.c.team == team, preferences.c.user == user)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return PersonalSettings(*row) if row else PersonalSettings()

    async def choose(self, team: str, user: str, settings: PersonalSettings) -> None:
        """Keep a person's settings."""
        chosen = asdict(settings)
        new = insert_into(self._engine, preferences).values(team=team, user=user, **chosen)
        async with self._engine.begin() as connection:
            await connection.execute(
                new.on_conflict_do_update(index_elements=["team", "user"], set_=chosen)
            )
