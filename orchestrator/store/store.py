"""Runs with their plans, and the audit trail."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.errors import ConfigurationError
from orchestrator.question import Question, Turn
from orchestrator.store.chain import AuditSettings, Ledger, Seal, audited
from orchestrator.store.dialects import insert_into
from orchestrator.store.forget import forget_organisation, forget_team
from orchestrator.store.tables import audit_records, runs, workspaces

_ANSWERED = runs.c.status.in_(("answered", "partial"))


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it is kept; `plan_text` holds the steps and their native queries.

    `draft` and `time_zone` (of who asked) are those that it was planned with; old runs lack them.
    Times are aware.
    """

    run_id: str
    team: str
    user: str
    question: str
    sql: str
    plan_text: str
    planner: str
    status: str
    channel: str = ""
    thread: str = ""
    time_zone: str | None = None
    draft: dict[str, Any] | None = None
    proposed_at: datetime | None = None


class Store:
    """The tables behind one database URL. Call `open` first, `close` last.

    Raises ConfigurationError when the URL can't be read, or a key of the audit trail is too short.
    """

    def __init__(self, url: str, audit: AuditSettings | None = None) -> None:
        audit = audit or AuditSettings()
        ledger = Ledger(Seal(audit.keys), audit.log)
        try:
            self.engine: AsyncEngine = create_async_engine(url, execution_options=ledger.options)
        except (sqlalchemy.exc.ArgumentError, ImportError) as error:
            raise ConfigurationError(
                "The store's URL can't be read, or its driver is not installed. "
                "Check CROSSTALK_STORE_URL."
            ) from error
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _write_ahead)

    async def open(self) -> None:
        """Bring the tables up to date. Raises ConfigurationError when the store can't be opened."""
        try:
            async with self.engine.begin() as connection:
                await connection.run_sync(_migrate)
        except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            raise ConfigurationError(
                "The store can't be opened. Check CROSSTALK_STORE_URL and that its folder exists "
                "and may be written."
            ) from error

    async def close(self) -> None:
        """Give back all connections."""
        await self.engine.dispose()

    async def propose(
        self,
        run_id: str,
        question: Question,
        *,
        sql: str,
        plan_text: str,
        digest: str,
        planner: str,
        approval: dict[str, Any],
        draft: dict[str, Any] | None = None,
        waits: bool = False,
    ) -> None:
        """Keep a proposed run, and in the audit trail that it was `approved`; or that it was
        proposed and `waits` for a decision."""
        async with audited(self.engine) as (connection, note):
            await connection.execute(
                sa.insert(runs).values(
                    run_id=run_id,
                    team=question.requester.team,
                    user=question.requester.user,
                    channel=question.channel,
                    thread=question.thread,
                    question=question.text,
                    sql=sql,
                    plan_text=plan_text,
                    digest=digest,
                    planner=planner,
                    draft=draft,
                    time_zone=question.requester.time_zone,
                    status="waiting" if waits else "proposed",
                    proposed_at=datetime.now(UTC),
                )
            )
            note(run_id, "proposed" if waits else "approved", approval)

    async def planned(self, run_id: str) -> None:
        """Note that a proposed run is shown, and not run before somebody asks for it."""
        async with self.engine.begin() as connection:
            await connection.execute(
                sa.update(runs)
                .where(runs.c.run_id == run_id, runs.c.status == "proposed")
                .values(status="planned")
            )

    async def finish(self, run_id: str, status: str, outcome: dict[str, Any]) -> None:
        """Note how a run ended (answered, partial or failed), there and in the audit trail."""
        async with audited(self.engine) as (connection, note):
            await connection.execute(
                sa.update(runs)
                .where(runs.c.run_id == run_id)
                .values(status=status, finished_at=datetime.now(UTC))
            )
            note(run_id, status, outcome)

    async def note(self, run_id: str, what: str, detail: dict[str, Any]) -> None:
        """Keep in the audit trail what happened to a run and changes nothing else."""
        async with audited(self.engine) as (_, note):
            note(run_id, what, detail)

    async def recall(self, run_id: str) -> StoredRun | None:
        """A run by its id, or None."""
        names = [runs.c[name] for name in StoredRun.__dataclass_fields__]
        async with self.engine.connect() as connection:
            query = sa.select(*names).where(runs.c.run_id == run_id)
            row = (await connection.execute(query)).one_or_none()
        return _stored(row) if row else None

    async def history(
        self, team: str, user: str, most: int, channel: str | None = None
    ) -> list[StoredRun]:
        """A person's runs, the newest first; of one channel, or of all."""
        names = [runs.c[name] for name in StoredRun.__dataclass_fields__]
        query = sa.select(*names).where(runs.c.team == team, runs.c.user == user)
        if channel is not None:
            query = query.where(runs.c.channel == channel)
        async with self.engine.connect() as connection:
            newest = query.order_by(runs.c.proposed_at.desc()).limit(most)
            return [_stored(row) for row in await connection.execute(newest)]

    async def turns(self, thread: str) -> tuple[Turn, ...]:
        """The answered questions of a thread, oldest first, at most ten."""
        return await self._turns(runs.c.thread == thread) if thread else ()

    async def direct_turns(self, team: str, channel: str, thread: str) -> tuple[Turn, ...]:
        """The same of a whole conversation; up to the last one of `thread` when that has any."""
        last = sa.select(sa.func.max(runs.c.proposed_at)).where(runs.c.thread == thread, _ANSWERED)
        until = sa.func.coalesce(last.scalar_subquery(), runs.c.proposed_at)
        here = (runs.c.team == team) & (runs.c.channel == channel)
        return await self._turns(here & (runs.c.proposed_at <= until))

    async def _turns(self, which: sa.ColumnElement[bool]) -> tuple[Turn, ...]:
        query = (
            sa.select(runs.c.question, runs.c.sql, runs.c.user)
            .where(which, _ANSWERED)
            .order_by(runs.c.proposed_at.desc())
            .limit(10)
        )
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Turn(*row) for row in reversed(rows))

    async def trail(self, run_id: str) -> list[dict[str, Any]]:
        """The audit records of a run, in order, as {what, detail}."""
        async with self.engine.connect() as connection:
            query = sa.select(audit_records.c.what, audit_records.c.detail)
            query = query.where(audit_records.c.run_id == run_id).order_by(audit_records.c.seq)
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def belongs(self, team: str, enterprise: str) -> None:
        """Note that a workspace uses the installation of its organisation."""
        new = insert_into(self.engine, workspaces).values(team=team, enterprise=enterprise)
        changed = {"enterprise": enterprise}
        async with self.engine.begin() as connection:
            await connection.execute(
                new.on_conflict_do_update(index_elements=["team"], set_=changed)
            )

    async def organisation_of(self, team: str) -> str | None:
        """The organisation whose installation a workspace uses, or None when it has its own."""
        query = sa.select(workspaces.c.enterprise).where(workspaces.c.team == team)
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def forget(self, team: str) -> None:
        """Delete all that is kept of a workspace but its audit trail, which holds no question."""
        async with self.engine.begin() as connection:
            await forget_team(connection, team)

    async def forget_organisation(self, enterprise: str) -> None:
        """`forget` every workspace that used an organisation's installation, and that itself."""
        its_own = sa.select(workspaces.c.team).where(workspaces.c.enterprise == enterprise)
        async with self.engine.begin() as connection:
            for team in (await connection.execute(its_own)).scalars().all():
                await forget_team(connection, team)
            await forget_organisation(connection, enterprise)


def _stored(row: sa.Row[Any]) -> StoredRun:
    """A kept run; SQLite gives moments back without their zone, which is UTC."""
    run = StoredRun(*row)
    at = run.proposed_at
    return replace(run, proposed_at=at.replace(tzinfo=UTC)) if at and at.tzinfo is None else run


def _write_ahead(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """SQLite's log of changes in place of its journal: one wait for the disk a transaction."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA busy_timeout = 30000")


def _migrate(connection: sa.Connection) -> None:
    """Upgrade to the newest tables; of several replicas that start at once, one after the other."""
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("crosstalk migrations", 0))
        connection.execute(sa.select(lock))
    config = Config()
    config.set_main_option("script_location", str(resources.files("orchestrator") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
