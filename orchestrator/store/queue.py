"""Work that waits: written down before it is acknowledged, and kept until it is done.

Each piece has a lane, a kind and a payload that is opaque here. Of one lane one piece is under way
at a time, in order of arrival. Lanes whose names differ only after the last colon are of one flow,
as the threads of a channel are: the flow with the fewest pieces under way is next, and of those
with as many the one whose turn is first, so that one that floods the queue makes no other wait.
Turns are given as in start-time fair queueing (Goyal, Vin and Cheng, 1996): to the pieces of a flow
one after the other, to a flow that was away the one that is served now. Who claims a piece has it
under a lease: a replica that dies stops renewing, and another one takes over.
"""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from orchestrator.store.dialects import insert_into, now_s
from orchestrator.store.tables import metadata, seen

LEASE_S = 30.0
KEPT_DAYS = 7
MOST_AHEAD_S = 3_600.0
"""What is held for longer than this was claimed before the clock was put back."""

queue = sa.Table(
    "queue",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("work_id", sa.String(32), nullable=False, unique=True),
    sa.Column("lane", sa.String(192), nullable=False),
    sa.Column("flow", sa.String(192), nullable=False, server_default=""),
    sa.Column("turn", sa.Integer, nullable=False, server_default="0"),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("owner", sa.String(32)),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("claims", sa.Integer, nullable=False),
    sa.Column("crashes", sa.Integer, nullable=False),
    sa.Index("ix_queue_lane", "lane", "id"),
)


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed piece of work, by the name of its claim. `crashes` counts the leases that ran out
    over it."""

    work_id: str
    lane: str
    kind: str
    payload: dict[str, Any]
    claims: int = 1
    crashes: int = 0
    owner: str = ""

    @property
    def is_resumed(self) -> bool:
        """Whether somebody was at it before, and may have left something."""
        return self.claims > 1


class Queue:
    """The queue as one replica sees it; `lease_s` is how long a claim holds without renewal."""

    def __init__(self, engine: AsyncEngine, *, lease_s: float = LEASE_S) -> None:
        self._engine = engine
        self.lease_s = lease_s

    async def put(
        self, lane: str, keys: Collection[str], kind: str, payload: dict[str, Any]
    ) -> Work | None:
        """Write work down; None, and nothing is written, when any of its keys was seen before.

        `keys` are names of the event that brings it; `payload` is what JSON can hold.
        """
        names, at = sorted(set(keys)), datetime.now(UTC)
        work = Work(uuid.uuid4().hex, lane, kind, payload, claims=0)
        new = insert_into(self._engine, seen).on_conflict_do_nothing().returning(seen.c.key)
        async with self._engine.connect() as connection, connection.begin() as transaction:
            rows = [{"key": name, "at": at} for name in names]
            if rows and len((await connection.execute(new.values(rows))).all()) < len(names):
                await transaction.rollback()
                return None
            await self._one_at_a_time(connection, lane)
            flow = lane.rpartition(":")[0]
            await connection.execute(
                sa.insert(queue).values(
                    work_id=work.work_id,
                    lane=lane,
                    flow=flow,
                    turn=await _next_turn(connection, flow),
                    kind=kind,
                    payload=payload,
                    at=at,
                    until=0.0,
                    claims=0,
                    crashes=0,
                )
            )
        return work

    async def claim(self, kinds: Collection[str], but: Collection[str] = ()) -> Work | None:
        """Lease the next piece of these kinds that nobody holds and whose lane is free: of the
        flows that have the fewest under way the one whose turn is first, and of one turn the
        oldest. `but` are the ids of what the caller is at, which seems to be free when the clock
        jumps."""
        head, before = queue.alias("head"), queue.alias("before")
        is_first = ~sa.exists().where(before.c.lane == head.c.lane, before.c.id < head.c.id)
        busy = (
            sa.select(queue.c.flow, sa.func.count().label("pieces"))
            .where(_is_held(queue), queue.c.owner.is_not(None))
            .group_by(queue.c.flow)
            .subquery("busy")
        )
        first = (
            sa.select(head.c.id)
            .outerjoin(busy, busy.c.flow == head.c.flow)
            .where(
                ~_is_held(head), head.c.kind.in_(kinds), head.c.work_id.not_in(list(but)), is_first
            )
            .order_by(sa.func.coalesce(busy.c.pieces, 0), head.c.turn, head.c.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=head)
            .scalar_subquery()
        )
        ran_out = sa.case((queue.c.owner.is_not(None), 1), else_=0)
        claimed = (
            sa.update(queue)
            .where(queue.c.id == first)
            .values(
                owner=uuid.uuid4().hex,
                until=now_s() + self.lease_s,
                claims=queue.c.claims + 1,
                crashes=queue.c.crashes + ran_out,
            )
            .returning(*(queue.c[name] for name in Work.__dataclass_fields__))
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(claimed)).one_or_none()
        return Work(*row) if row else None

    async def line(self) -> list[str]:
        """The ids of all that waits for somebody to claim it, next first, as they would be claimed
        if none that is under way ended."""
        is_held = _is_held(queue).label("is_held")
        found = sa.select(queue.c.work_id, queue.c.flow, queue.c.turn, queue.c.owner, is_held)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(found.order_by(queue.c.id))).all()
        under_way = Counter(row.flow for row in rows if row.is_held and row.owner is not None)
        waiting = list[tuple[int, int, int, str]]()
        for at, row in enumerate(rows):
            if not row.is_held:
                waiting.append((under_way[row.flow], row.turn, at, row.work_id))
                under_way[row.flow] += 1
        return [work_id for *_, work_id in sorted(waiting)]

    async def renew(self, work: Work) -> bool:
        """Hold on to claimed work; False when the lease was lost to somebody else."""
        return await self._change(
            sa.update(queue).where(*self._held(work)).values(until=now_s() + self.lease_s)
        )

    async def done(self, work: Work) -> bool:
        """Take finished work out of the queue; False when the lease was lost before."""
        return await self._change(sa.delete(queue).where(*self._held(work)))

    async def give_back(self, work: Work, delay_s: float = 0.0) -> bool:
        """Let go of work that is not done, for anybody to claim after so many seconds."""
        return await self._change(
            sa.update(queue).where(*self._held(work)).values(owner=None, until=now_s() + delay_s)
        )

    async def clean(self, days: int = KEPT_DAYS) -> None:
        """Forget keys, and work that nobody could do, from more than so many days ago."""
        long_ago = datetime.now(UTC) - timedelta(days=days)
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(seen).where(seen.c.at < long_ago))
            await connection.execute(sa.delete(queue).where(queue.c.at < long_ago))

    async def _one_at_a_time(self, connection: AsyncConnection, lane: str) -> None:
        """Until the transaction's end nobody else adds to the lane, so that ids rise with commits.

        Else a later piece could be claimed while an earlier one is still being committed. SQLite
        has one writer at a time anyway.
        """
        if self._engine.dialect.name == "postgresql":
            lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(lane, 0))
            await connection.execute(sa.select(lock))

    def _held(self, work: Work) -> tuple[sa.ColumnElement[bool], ...]:
        return queue.c.work_id == work.work_id, queue.c.owner == work.owner

    async def _change(self, statement: sa.Update | sa.Delete) -> bool:
        async with self._engine.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1


async def _next_turn(connection: AsyncConnection, flow: str) -> int:
    """The turn of a new piece: behind the flow's last, and no earlier than the first that waits."""
    last = sa.select(sa.func.max(queue.c.turn) + 1).where(queue.c.flow == flow)
    now = sa.select(sa.func.min(queue.c.turn)).where(queue.c.owner.is_(None))
    turns = await connection.execute(sa.select(last.scalar_subquery(), now.scalar_subquery()))
    return max(turn or 0 for turn in turns.one())


def _is_held(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return (row.c.until > now_s()) & (row.c.until <= now_s() + MOST_AHEAD_S)
