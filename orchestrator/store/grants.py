"""Standing approvals of channels: given, listed, revoked; a change writes into the audit trail."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.approve.grant import Grant
from orchestrator.store.approvals import aware
from orchestrator.store.chain import audited
from orchestrator.store.tables import metadata

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False, index=True),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("entities", sa.JSON, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("rules", sa.JSON, nullable=False),
    sa.Column("max_rows", sa.Integer, nullable=False),
    sa.Column("given_by", sa.String(64), nullable=False),
    sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("revoked_by", sa.String(64)),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
)


class Grants:
    """The grants of a store. A grant's own id (which is its run's) names it in the trail."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def give(self, grant: Grant) -> None:
        """Keep a new grant, under the id of the run that it was given for."""
        detail = {
            "by": grant.given_by,
            "channel": grant.channel,
            "fields": grant.fields,
            "sources": grant.sources,
            "max_rows": grant.max_rows,
            "until": grant.until.isoformat(),
        }
        async with audited(self._engine) as (connection, note):
            await connection.execute(sa.insert(grants).values(**asdict(grant)))
            note(grant.id, "granted", detail)

    async def list(self, team: str, at: datetime, channel: str | None = None) -> list[Grant]:
        """The grants of a team that hold at a moment, of one channel or of all, oldest first."""
        names = [grants.c[name] for name in Grant.__dataclass_fields__]
        query = (
            sa.select(*names)
            .where(grants.c.team == team, grants.c.until > at, grants.c.revoked_at.is_(None))
            .order_by(grants.c.given_at)
        )
        if channel is not None:
            query = query.where(grants.c.channel == channel)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_grant(row) for row in rows]

    async def revoke(self, grant_id: str, team: str, by: str, at: datetime) -> bool:
        """End a grant of a team now; False when there is none, or it has ended."""
        change = (
            sa.update(grants)
            .where(grants.c.id == grant_id, grants.c.team == team, grants.c.revoked_at.is_(None))
            .values(revoked_by=by, revoked_at=at)
        )
        async with audited(self._engine) as (connection, note):
            if (await connection.execute(change)).rowcount != 1:
                return False
            note(grant_id, "revoked", {"by": by})
        return True


def _grant(row: sa.RowMapping) -> Grant:
    kept: dict[str, Any] = dict(row)
    kept |= {name: tuple(row[name]) for name in ("entities", "fields", "sources", "rules")}
    kept |= {name: aware(row[name]) for name in ("given_at", "until")}
    return Grant(**kept)
