"""Requests for a decision. Every change is one compare-and-set, so that of two at once one wins."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from orchestrator.approve.request import Request, Status, binding_from
from orchestrator.approve.risk import risk_of
from orchestrator.store.chain import audited
from orchestrator.store.tables import metadata, runs

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False, index=True),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("binding", sa.JSON, nullable=False),
    sa.Column("risk", sa.JSON, nullable=False),
    sa.Column("group", sa.Text, nullable=False),
    sa.Column("escalation", sa.String(64), nullable=False),
    sa.Column("escalated", sa.Boolean, nullable=False),
    sa.Column("needed", sa.Integer, nullable=False),
    sa.Column("votes", sa.Integer, nullable=False),
    sa.Column("edited_by", sa.String(64), nullable=False),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("remind_at", sa.DateTime(timezone=True)),
    sa.Column("escalate_at", sa.DateTime(timezone=True)),
    sa.Column("decided_by", sa.String(64), nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("card", sa.JSON),
    sa.Column("notice", sa.JSON),
)
votes = sa.Table(
    "approval_votes",
    metadata,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("user", sa.String(64), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

Due = Literal["remind_at", "escalate_at"]


class Approvals:
    """The requests of a store; each change leaves a record in the audit trail. Times UTC."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ask(self, request: Request) -> None:
        """Keep a new request."""
        kept = {
            "team": request.binding.team,
            "user": request.binding.user,
            "digest": request.binding.digest,
            "binding": asdict(request.binding),
            "risk": asdict(request.risk),
            "votes": 0,
        }
        for column in approvals.columns:
            if column.name not in kept:
                kept[column.name] = getattr(request, column.name)
        detail = {"level": request.risk.level, "reasons": request.risk.reasons}
        detail |= {"group": request.group, "digest": request.binding.digest}
        async with audited(self._engine) as (connection, note):
            await connection.execute(sa.insert(approvals).values(**kept))
            note(request.run_id, "asked", detail)

    async def of(self, run_id: str) -> Request | None:
        """The request of a run, or None when it needs none."""
        async with self._engine.connect() as connection:
            return await _found(connection, run_id)

    async def waiting(self, team: str) -> list[Request]:
        """The open requests of a team, oldest first."""
        chosen = (approvals.c.team == team, approvals.c.status == "waiting")
        return await self._all(*chosen)

    async def approve(self, request: Request, digest: str, by: str, at: datetime) -> Request | None:
        """Count one person's approval, the last of those needed approves. None when the request is
        not waiting any more, has expired, is bound to another `digest`, or counts them already.
        """
        enough = approvals.c.votes + 1 >= approvals.c.needed
        change = (
            sa.update(approvals)
            .where(*_open(request.run_id), approvals.c.digest == digest)
            .where(approvals.c.expires_at > at)
            .values(
                votes=approvals.c.votes + 1,
                status=sa.case((enough, "approved"), else_="waiting"),
                decided_by=sa.case((enough, by), else_=""),
                decided_at=sa.case((enough, sa.literal(at, approvals.c.decided_at.type))),
            )
        )
        try:
            async with audited(self._engine) as (connection, note):
                if (await connection.execute(change)).rowcount != 1:
                    return None
                vote = {"run_id": request.run_id, "user": by, "at": at}
                await connection.execute(sa.insert(votes).values(**vote))
                found = await _found(connection, request.run_id)
                assert found is not None
                said = "approved" if found.status == "approved" else "voted"
                note(request.run_id, said, {"by": by, "digest": digest})
                if found.status == "approved":
                    await connection.execute(_run(request.run_id, "approved"))
                return found
        except sqlalchemy.exc.IntegrityError:
            return None

    async def close(
        self, request: Request, status: Status, at: datetime, *, by: str = "", reason: str = ""
    ) -> Request | None:
        """End a request otherwise than by approval. None when it does not stand as it was read."""
        change = (
            sa.update(approvals)
            .where(approvals.c.run_id == request.run_id, approvals.c.status == request.status)
            .values(status=status, decided_by=by, decided_at=at, reason=reason)
        )
        async with audited(self._engine) as (connection, note):
            if (await connection.execute(change)).rowcount != 1:
                return None
            await connection.execute(_run(request.run_id, status))
            note(request.run_id, status, {"by": by, "reason": reason})
            return await _found(connection, request.run_id)

    async def due(self, at: datetime) -> list[Request]:
        """Waiting requests with something to be done for by now: reminder, escalation or end."""
        times = (approvals.c.remind_at, approvals.c.escalate_at, approvals.c.expires_at)
        return await self._all(
            approvals.c.status == "waiting", sa.or_(*(column <= at for column in times))
        )

    async def not_ended(self, since: datetime) -> list[Request]:
        """Requests that were approved since a moment, and whose runs have not come to an end."""
        its_run = sa.exists().where(
            runs.c.run_id == approvals.c.run_id, runs.c.status == "approved"
        )
        return await self._all(
            approvals.c.status == "approved", approvals.c.decided_at >= since, its_run
        )

    async def claim(self, request: Request, what: Due, at: datetime) -> Request | None:
        """Take on what is due for a request. None when another has, or it is not due."""
        changes: dict[str, Any] = {what: None}
        if what == "escalate_at":
            changes["escalated"] = True
        change = (
            sa.update(approvals)
            .where(*_open(request.run_id), approvals.c[what] <= at)
            .values(**changes)
        )
        async with audited(self._engine) as (connection, note):
            if (await connection.execute(change)).rowcount != 1:
                return None
            if what == "escalate_at":
                note(request.run_id, "escalated", {"group": request.escalation})
            return await _found(connection, request.run_id)

    async def posted(
        self, run_id: str, card: tuple[str, str], notice: tuple[str, str] | None = None
    ) -> None:
        """Remember where a request's card and notice stand: (channel, message)."""
        change = sa.update(approvals).where(approvals.c.run_id == run_id)
        async with self._engine.begin() as connection:
            await connection.execute(change.values(card=card, notice=notice))

    async def _all(self, *conditions: sa.ColumnElement[bool]) -> list[Request]:
        query = sa.select(approvals.c.run_id).where(*conditions).order_by(approvals.c.asked_at)
        async with self._engine.connect() as connection:
            ids = (await connection.execute(query)).scalars().all()
            found = [await _found(connection, run_id) for run_id in ids]
        return [request for request in found if request is not None]


def _open(run_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (approvals.c.run_id == run_id, approvals.c.status == "waiting")


def _run(run_id: str, status: str) -> sa.Update:
    """The run's own status follows its request's."""
    return sa.update(runs).where(runs.c.run_id == run_id).values(status=status)


async def _found(connection: AsyncConnection, run_id: str) -> Request | None:
    query = sa.select(approvals).where(approvals.c.run_id == run_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    voted = sa.select(votes.c.user).where(votes.c.run_id == run_id).order_by(votes.c.at)
    kept: dict[str, Any] = {
        name: aware(row[name]) if name.endswith("_at") else row[name]
        for name in Request.__dataclass_fields__
        if name in row
    }
    for place in ("card", "notice"):
        kept[place] = tuple(row[place]) if row[place] else None
    kept |= {"binding": binding_from(row["binding"]), "risk": risk_of(row["risk"])}
    return Request(**kept, voters=tuple((await connection.execute(voted)).scalars()))


def aware(at: datetime | None) -> datetime | None:
    """A moment as it was written: SQLite gives it back without its zone."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
