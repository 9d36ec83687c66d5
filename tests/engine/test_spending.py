"""The budget of the planning model, on each database that a store may lie in."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapters.errors import BudgetUsedUp
from orchestrator.plan.budget import Budget, Cost, Limit
from orchestrator.question import Question, Requester
from orchestrator.store import Spending, Store
from orchestrator.store.spending import KEEP, spending

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
TODAY = NOON.date()
ADA, BEN = Requester("T1", "U1"), Requester("T1", "U2")
QUESTION = Question("how many?", ADA, NOON)
CALL = Cost(1_000, 0.25)


async def pay(purse: Spending, question: Question, cost: Cost = CALL, most: Cost = CALL) -> bool:
    """Whether there was room for a call."""
    try:
        async with purse.paying(question, most) as bill:
            await asyncio.sleep(0)
            bill.cost = cost
    except BudgetUsedUp:
        return False
    return True


@pytest.mark.parametrize("limit", [Limit(tokens=5_500), Limit(usd=1.25)], ids=["tokens", "usd"])
async def test_replicas_share_a_budget(stores: tuple[Store, Store], limit: Limit) -> None:
    """Of twenty calls at once from two replicas only as many are made as the day has room for."""
    purses = [Spending(store.engine, Budget(day=limit)) for store in stores]
    questions = [replace(QUESTION, text=f"how many {n}?") for n in range(20)]
    paid = await asyncio.gather(*(pay(purses[n % 2], one) for n, one in enumerate(questions)))
    assert sum(paid) == 5
    assert await purses[0].spent(TODAY) == Cost(5_000, 1.25)


async def test_what_is_set_aside_and_not_used_is_given_back(stores: tuple[Store, Store]) -> None:
    """A call that cost less than it might have leaves room for the next, until what was spent
    itself is in the way."""
    purse = Spending(stores[0].engine, Budget(day=Limit(tokens=1_200)))
    assert await pay(purse, QUESTION, Cost(150, 0.01))
    assert (await purse.spent(TODAY)).usd == pytest.approx(0.01)
    assert await pay(purse, QUESTION, Cost(100, 0.01))
    assert not await pay(purse, QUESTION)
    assert (await purse.spent(TODAY)).tokens == 250


async def test_a_call_whose_bill_never_came_counts_as_the_most(
    stores: tuple[Store, Store],
) -> None:
    """What failed before anybody knew its cost stays set aside."""
    purse = Spending(stores[0].engine, Budget())
    with pytest.raises(TimeoutError):
        async with purse.paying(QUESTION, CALL):
            raise TimeoutError
    assert await purse.spent(TODAY) == CALL


async def test_each_account_has_its_own_limit(stores: tuple[Store, Store]) -> None:
    """A question's budget is for all its calls, a person's for a day of theirs; other people and
    other days are not touched, and a call that is not made is on no account."""
    budget = Budget(question=Limit(tokens=2_000), person=Limit(tokens=3_000))
    purse = Spending(stores[0].engine, budget)
    assert [await pay(purse, QUESTION) for _ in range(3)] == [True, True, False]
    other = replace(QUESTION, text="how much?")
    assert [await pay(purse, other) for _ in range(2)] == [True, False]
    assert await pay(purse, replace(other, requester=BEN))
    assert await pay(purse, replace(other, asked_at=NOON + timedelta(days=1)))
    assert await purse.spent(TODAY) == Cost(4_000, 1.0)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(question=Limit(tokens=999)), "for this question"),
        (Budget(person=Limit(usd=0.2)), "for you until midnight UTC"),
        (Budget(day=Limit(tokens=0)), "for everybody until midnight UTC"),
    ],
)
async def test_the_message_says_which_budget_it_is(
    stores: tuple[Store, Store], budget: Budget, words: str
) -> None:
    """The first call can be one too many, and the asker is told for whom and until when."""
    with pytest.raises(BudgetUsedUp, match=words):
        async with Spending(stores[0].engine, budget).paying(QUESTION, CALL):
            pytest.fail("there is no room for this call")


async def test_old_days_are_forgotten(stores: tuple[Store, Store]) -> None:
    """A day stays for as long as KEEP says, without the question's words."""
    purse = Spending(stores[0].engine, Budget())
    today = datetime.now(UTC)
    for at in (today, today - KEEP - timedelta(days=2)):
        assert await pay(purse, replace(QUESTION, asked_at=at))
    await purse.clean()
    async with stores[0].engine.connect() as connection:
        rows = (await connection.execute(sa.select(spending))).all()
    assert {row.day for row in rows} == {today.date()}
    assert len(rows) == 3
    assert "how many" not in repr(rows)
    assert await purse.spent(date(2020, 1, 1)) == Cost()
