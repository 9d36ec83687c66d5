"""What calls of the planning model have cost, counted for all replicas together.

Before a call the most that it may cost is added to three rows, those of its question, its person's
day and everybody's day, or to none when one of them would pass its limit; after it they are put
right. So no limit is passed, however many call at once.
"""

import contextlib
import hashlib
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.errors import BudgetUsedUp
from orchestrator.plan.budget import Bill, Budget, Cost, Limit
from orchestrator.question import Question
from orchestrator.store.dialects import insert_into
from orchestrator.store.tables import metadata

KEEP = timedelta(days=7)
_OVER = "The budget for the planning model is used up"
spending = sa.Table(
    "spending",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("usd", sa.Double, nullable=False),
)


class Spending:
    """A Purse with a budget. `day` is the one in which a question was asked."""

    def __init__(self, engine: AsyncEngine, budget: Budget) -> None:
        self._engine = engine
        self.budget = budget

    @contextlib.asynccontextmanager
    async def paying(self, question: Question, most: Cost) -> AsyncGenerator[Bill]:
        """Set `most` aside, and put it right by the bill at the end. What a call cost whose bill
        never came is taken to be the most. Raises BudgetUsedUp."""
        accounts = self._accounts(question)
        async with self._engine.begin() as connection:
            for key, team, limit, said in accounts:
                new = insert_into(self._engine, spending).values(
                    key=key, team=team, day=_day(question), tokens=most.tokens, usd=most.usd
                )
                tokens, usd = spending.c.tokens + most.tokens, spending.c.usd + most.usd
                taken = new.on_conflict_do_update(
                    index_elements=["key"],
                    set_={"tokens": tokens, "usd": usd},
                    where=_within(tokens, usd, limit),
                ).returning(spending.c.key)
                if not limit.allows(most) or (await connection.execute(taken)).first() is None:
                    raise BudgetUsedUp(f"{_OVER} {said}.")
        bill = Bill(most)
        try:
            yield bill
        finally:
            await self._put_right([key for key, *_ in accounts], most, bill.cost)

    async def spent(self, day: date) -> Cost:
        """What everybody's questions of a day have cost."""
        query = sa.select(spending.c.tokens, spending.c.usd).where(spending.c.key == _of_day(day))
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return Cost(row.tokens, row.usd) if row is not None else Cost()

    async def clean(self) -> None:
        """Forget days that are long past."""
        old = sa.delete(spending).where(spending.c.day < datetime.now(UTC).date() - KEEP)
        async with self._engine.begin() as connection:
            await connection.execute(old)

    async def _put_right(self, keys: list[str], most: Cost, cost: Cost) -> None:
        if cost == most:
            return
        change = sa.update(spending).where(spending.c.key == sa.bindparam("its"))
        change = change.values(
            tokens=spending.c.tokens - most.tokens + cost.tokens,
            usd=spending.c.usd - most.usd + cost.usd,
        )
        async with self._engine.begin() as connection:
            await connection.execute(change, [{"its": key} for key in keys])

    def _accounts(self, question: Question) -> list[tuple[str, str, Limit, str]]:
        """Key, team, limit and what is said of it, of each account, always in the same order."""
        who, day = question.requester, _day(question)
        asked = (who.team, who.user, question.thread, question.text, question.asked_at.isoformat())
        digest = hashlib.sha256("\0".join(asked).encode()).hexdigest()
        budget = self.budget
        return [
            (f"question {digest}", who.team, budget.question, "for this question"),
            (
                f"person {who.team} {who.user} {day}",
                who.team,
                budget.person,
                "for you until midnight UTC",
            ),
            (_of_day(day), "", budget.day, "for everybody until midnight UTC"),
        ]


def _day(question: Question) -> date:
    return question.asked_at.astimezone(UTC).date()


def _of_day(day: date) -> str:
    return f"day {day}"


def _within(
    tokens: sa.ColumnElement[int], usd: sa.ColumnElement[float], limit: Limit
) -> sa.ColumnElement[bool]:
    held: list[sa.ColumnElement[bool]] = [sa.true()]
    if limit.tokens is not None:
        held.append(tokens <= limit.tokens)
    if limit.usd is not None:
        held.append(usd <= limit.usd)
    return sa.and_(*held)
