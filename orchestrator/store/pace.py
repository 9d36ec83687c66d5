"""How often something may be done, counted for all replicas together: one row a key.

It is the generic cell rate algorithm: a row holds when its bucket is full again, and each turn
moves that on by one interval, in one statement. Turns are given in the order in which they are
taken, so nobody asks twice.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.dialects import insert_into, now_s
from orchestrator.store.tables import metadata

KEPT_S = 3600.0
MOST_AHEAD_S = 7_200.0
"""What is further off than this was counted before the clock was put back, and counts no more."""

pace = sa.Table(
    "pace",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("full_at", sa.Double, nullable=False),
    sa.Column("held_until", sa.Double, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, then so many a second."""

    per_s: float
    burst: int

    @property
    def interval_s(self) -> float:
        """The time between two turns once the burst is spent."""
        return 1 / self.per_s


class Pace:
    """The rows of one database; all times are by its clock."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take(self, key: str, rate: Rate, patience_s: float | None = None) -> float | None:
        """Take the next turn: the seconds until it comes, 0 for now.

        None, and no turn is taken, when it would come after more than `patience_s` seconds. A
        negative patience takes one only while the burst has as many seconds left.
        """
        full_at = _later(_near(pace.c.full_at), now_s()) + rate.interval_s
        wait = full_at - rate.burst * rate.interval_s - now_s()
        new = insert_into(self._engine, pace).values(
            key=key, full_at=now_s() + rate.interval_s, held_until=0.0
        )
        taken = new.on_conflict_do_update(
            index_elements=["key"],
            set_={"full_at": full_at},
            where=sa.true() if patience_s is None else wait <= patience_s,
        ).returning(pace.c.full_at - rate.burst * rate.interval_s - now_s())
        async with self._engine.begin() as connection:
            seconds = (await connection.execute(taken)).scalar_one_or_none()
        return None if seconds is None else max(0.0, seconds)

    async def hold(self, key: str, rate: Rate, seconds: float) -> None:
        """Give no turn for so many seconds, and then one at a time."""
        until = now_s() + seconds
        full_at = until + (rate.burst - 1) * rate.interval_s
        new = insert_into(self._engine, pace).values(key=key, full_at=full_at, held_until=until)
        held = new.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "full_at": _later(_near(pace.c.full_at), full_at),
                "held_until": _later(_near(pace.c.held_until), until),
            },
        )
        async with self._engine.begin() as connection:
            await connection.execute(held)

    async def is_held(self, key: str) -> bool:
        """Whether a turn that has come must be taken anew, since a hold came in between."""
        query = sa.select(_near(pace.c.held_until) > now_s()).where(pace.c.key == key)
        async with self._engine.connect() as connection:
            return bool((await connection.execute(query)).scalar_one_or_none())

    async def clean(self) -> None:
        """Forget rows whose buckets have long been full."""
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(pace).where(pace.c.full_at < now_s() - KEPT_S))


def _near(moment: sa.ColumnElement[float]) -> sa.Case[float]:
    return sa.case((moment > now_s() + MOST_AHEAD_S, 0.0), else_=moment)


def _later(one: sa.ColumnElement[float], other: sa.ColumnElement[float]) -> sa.Case[float]:
    return sa.case((one > other, one), else_=other)
