"""The Vault tokens of all processes, by accessor, so that none outlives a crash.

A process says that it lives by the database's clock. One that has not for `lease_s` is gone: who
notices has its accessors for as long, to revoke them; they stay until they are revoked.
"""

import uuid

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.dialects import insert_into, now_s
from orchestrator.store.tables import metadata

LEASE_S = 15.0
_BEATS = 3

vault_sessions = sa.Table(
    "vault_sessions",
    metadata,
    sa.Column("accessor", sa.String(255), primary_key=True),
    sa.Column("vault", sa.String(255), nullable=False),
    sa.Column("owner", sa.String(32)),
    sa.Column("until", sa.Double, nullable=False),
)


class VaultSessions:
    """The tokens of one Vault, `vault`, as one process sees them: see adapters.credentials."""

    def __init__(self, engine: AsyncEngine, vault: str, *, lease_s: float = LEASE_S) -> None:
        self._engine = engine
        self._vault = vault
        self._owner = uuid.uuid4().hex
        self._lease_s = lease_s
        self.beat_s = lease_s / _BEATS

    async def begin(self, accessor: str) -> None:
        """Keep a token of this process, before anything is made with it."""
        until = now_s() + self._lease_s
        new = insert_into(self._engine, vault_sessions).values(
            accessor=accessor, vault=self._vault, owner=self._owner, until=until
        )
        again = {"owner": self._owner, "until": until}
        async with self._engine.begin() as connection:
            await connection.execute(
                new.on_conflict_do_update(index_elements=["accessor"], set_=again)
            )

    async def beat(self) -> set[str]:
        """Say that this process lives; the accessors that still count as its own."""
        return await self._taken(vault_sessions.c.owner == self._owner, self._owner)

    async def gone(self) -> list[str]:
        """Accessors of processes that no longer live; for `lease_s` nobody else is given them."""
        dead = (vault_sessions.c.vault == self._vault) & (vault_sessions.c.until <= now_s())
        return sorted(await self._taken(dead, None))

    async def end(self, accessor: str) -> None:
        """Forget a token that has ended."""
        async with self._engine.begin() as connection:
            await connection.execute(
                sa.delete(vault_sessions).where(vault_sessions.c.accessor == accessor)
            )

    async def _taken(self, which: sa.ColumnElement[bool], owner: str | None) -> set[str]:
        taken = sa.update(vault_sessions).where(which)
        taken = taken.values(owner=owner, until=now_s() + self._lease_s)
        async with self._engine.begin() as connection:
            rows = await connection.execute(taken.returning(vault_sessions.c.accessor))
            return set(rows.scalars())
