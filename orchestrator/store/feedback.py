"""What people think of answers: one verdict of each person on each run."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.store.approvals import aware
from orchestrator.store.dialects import insert_into
from orchestrator.store.tables import metadata

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("user", sa.String(64), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False, index=True),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

Verdict = Literal["good", "number", "source", "slow", "other"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person thinks of one run's answer: `good`, or what is wrong with it."""

    run_id: str
    team: str
    user: str
    verdict: Verdict
    words: str
    at: datetime


class Feedback:
    """The opinions of a store. A person's newest takes the place of their earlier one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, opinion: Opinion) -> None:
        """Keep an opinion."""
        kept = asdict(opinion)
        new = insert_into(self._engine, feedback).values(**kept)
        changed = {name: kept[name] for name in ("verdict", "words", "at")}
        once = new.on_conflict_do_update(index_elements=["run_id", "user"], set_=changed)
        async with self._engine.begin() as connection:
            await connection.execute(once)

    async def of(self, run_id: str) -> list[Opinion]:
        """The opinions on a run, oldest first."""
        names = [feedback.c[name] for name in Opinion.__dataclass_fields__]
        query = sa.select(*names).where(feedback.c.run_id == run_id).order_by(feedback.c.at)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_opinion(row) for row in rows]


def _opinion(row: sa.RowMapping) -> Opinion:
    kept: dict[str, Any] = {**row, "at": aware(row["at"])}
    return Opinion(**kept)
