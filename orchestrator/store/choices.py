"""Choices that were remembered: what words in doubt mean for a person, or in a channel."""

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.question import Remembered
from orchestrator.store.approvals import aware
from orchestrator.store.dialects import insert_into
from orchestrator.store.tables import metadata

choices = sa.Table(
    "choices",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("meaning", sa.Text, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("chosen_by", sa.String(64), nullable=False),
    sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("ix_choices_whose", "team", "user", "channel"),
)


class Choices:
    """The choices of each (team, user) and of each (team, channel), one for the same words."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def remember(
        self,
        team: str,
        by: str,
        words: str,
        meaning: str,
        terms: tuple[tuple[str, str, str, str], ...],
        at: datetime,
        channel: str = "",
    ) -> None:
        """Keep a person's choice, for themselves or for a channel, in an older one's place."""
        user = "" if channel else by
        named = f"{team}\n{user}\n{channel}\n{words}"
        changed = {"meaning": meaning, "terms": terms, "chosen_by": by, "chosen_at": at}
        new = insert_into(self._engine, choices).values(
            id=hashlib.sha256(named.encode()).hexdigest()[:32],
            team=team,
            user=user,
            channel=channel,
            words=words,
            **changed,
        )
        async with self._engine.begin() as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=changed))

    async def of(self, team: str, user: str, channel: str) -> tuple[Remembered, ...]:
        """What counts for a person in a channel: their own choices before those of the channel, and
        the newest first."""
        names = [choices.c[name] for name in Remembered.__dataclass_fields__]
        own = (choices.c.user == user) & (choices.c.channel == "")
        here = (choices.c.user == "") & (choices.c.channel == channel)
        query = sa.select(*names).where(choices.c.team == team, own | (here & (channel != "")))
        query = query.order_by(choices.c.channel, choices.c.chosen_at.desc())
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(map(_remembered, rows))

    async def forget(self, choice: Remembered, team: str) -> bool:
        """Forget a choice of a team; False when it was forgotten before."""
        its_own = (choices.c.id == choice.id, choices.c.team == team)
        async with self._engine.begin() as connection:
            return (await connection.execute(sa.delete(choices).where(*its_own))).rowcount == 1


def _remembered(row: sa.RowMapping) -> Remembered:
    kept: dict[str, Any] = {**row, "chosen_at": aware(row["chosen_at"])}
    kept["terms"] = tuple(tuple(term) for term in row["terms"])
    return Remembered(**kept)
