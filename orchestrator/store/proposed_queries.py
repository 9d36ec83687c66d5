"""Proposed verified queries: kept once each, and decided on once."""

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.approve.review import ProposedQuery, Verdict, Why
from orchestrator.store.approvals import aware
from orchestrator.store.chain import audited
from orchestrator.store.dialects import insert_into
from orchestrator.store.store import StoredRun
from orchestrator.store.tables import metadata

proposed_queries = sa.Table(
    "proposed_queries",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False, index=True),
    sa.Column("run_id", sa.String(32), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("sql", sa.Text, nullable=False),
    sa.Column("why", sa.String(16), nullable=False),
    sa.Column("proposed_by", sa.String(64), nullable=False),
    sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("decided_by", sa.String(64), nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True)),
)


class ProposedQueries:
    """The proposals of a store. A decision writes into the audit trail of its run."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def propose(
        self, run: StoredRun, why: Why, by: str, at: datetime
    ) -> ProposedQuery | None:
        """Keep a run's question and SQL; None when a workspace has had that proposal before,
        whatever became of it."""
        named = f"{run.team}\n{same_question(run.question)}\n{run.sql}"
        query_id = hashlib.sha256(named.encode()).hexdigest()[:32]
        kept = {
            "id": query_id,
            "team": run.team,
            "run_id": run.run_id,
            "question": run.question,
            "sql": run.sql,
            "why": why,
            "proposed_by": by,
            "proposed_at": at,
            "status": "waiting",
            "decided_by": "",
        }
        new = insert_into(self._engine, proposed_queries).values(**kept)
        async with self._engine.begin() as connection:
            done = await connection.execute(new.on_conflict_do_nothing(index_elements=["id"]))
        return await self.of(query_id) if done.rowcount == 1 else None

    async def of(self, query_id: str) -> ProposedQuery | None:
        """A proposal by its id, or None."""
        found = await self._all(proposed_queries.c.id == query_id)
        return found[0] if found else None

    async def open(self) -> list[ProposedQuery]:
        """Those of all workspaces that wait or were accepted, oldest first."""
        return await self._all(proposed_queries.c.status != "rejected")

    async def decide(
        self, proposed: ProposedQuery, verdict: Verdict, by: str, at: datetime
    ) -> ProposedQuery | None:
        """Accept or reject what still waits; None when it does not."""
        waits = (proposed_queries.c.id == proposed.id, proposed_queries.c.status == "waiting")
        change = sa.update(proposed_queries).where(*waits)
        change = change.values(status=verdict, decided_by=by, decided_at=at)
        async with audited(self._engine) as (connection, note):
            if (await connection.execute(change)).rowcount != 1:
                return None
            note(proposed.run_id, f"query_{verdict}", {"by": by, "query": proposed.id})
        return await self.of(proposed.id)

    async def _all(self, condition: sa.ColumnElement[bool]) -> list[ProposedQuery]:
        names = [proposed_queries.c[name] for name in ProposedQuery.__dataclass_fields__]
        query = sa.select(*names).where(condition).order_by(proposed_queries.c.proposed_at)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_proposed(row) for row in rows]


def same_question(text: str) -> str:
    """What two ways to write the same question have in common: its words in lower case."""
    return " ".join(text.casefold().rstrip("?!. ").split())


def _proposed(row: sa.RowMapping) -> ProposedQuery:
    kept: dict[str, Any] = dict(row)
    kept |= {name: aware(row[name]) for name in ("proposed_at", "decided_at")}
    return ProposedQuery(**kept)
