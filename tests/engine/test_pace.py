"""The pace that several replicas keep together, on SQLite and on PostgreSQL."""

import asyncio

import pytest
import sqlalchemy as sa

from orchestrator.store import Pace, Rate, Store
from orchestrator.store.pace import pace as rows

SLOW = Rate(per_s=0.01, burst=3)  # 100 s a turn: what a test takes does not show


@pytest.fixture
def paces(stores: tuple[Store, Store]) -> tuple[Pace, Pace]:
    """The same rows as two replicas see them."""
    one, other = stores
    return Pace(one.engine), Pace(other.engine)


async def test_a_burst_is_free_and_then_turns_are_spaced(paces: tuple[Pace, Pace]) -> None:
    """Three at once, by whichever replica; then each waits one interval more than the last."""
    waits = [await paces[number % 2].take("post", SLOW) for number in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert waits[3:] == pytest.approx([100, 200], abs=10)


async def test_turns_taken_at_once_are_all_different(paces: tuple[Pace, Pace]) -> None:
    """Of many that ask at the same time on two replicas, no two get the same turn."""
    waits = await asyncio.gather(*(paces[n % 2].take("post", SLOW) for n in range(20)))
    turns = sorted(round((wait or 0) / 100) for wait in waits)
    assert turns == [0, 0, *range(18)]


async def test_keys_do_not_share(paces: tuple[Pace, Pace]) -> None:
    """One channel's posts do not count for another's."""
    for _ in range(4):
        await paces[0].take("post:a", SLOW)
    assert await paces[0].take("post:b", SLOW) == 0


async def test_impatience_takes_no_turn(paces: tuple[Pace, Pace]) -> None:
    """What would wait longer than it cares to gets None, and those who wait lose nothing by it."""
    pace = paces[0]
    for _ in range(3):
        assert await pace.take("post", SLOW, patience_s=2) == 0
    for _ in range(5):
        assert await pace.take("post", SLOW, patience_s=2) is None
    assert await pace.take("post", SLOW) == pytest.approx(100, abs=10)


async def test_a_hold_stops_every_replica(paces: tuple[Pace, Pace]) -> None:
    """After a hold of an hour the next turn is an hour away, whoever asks, and no burst follows."""
    one, other = paces
    assert not await other.is_held("post")
    assert await one.take("post", SLOW) == 0
    await one.hold("post", SLOW, 3600)
    assert await other.is_held("post")
    waits = [await other.take("post", SLOW) for _ in range(2)]
    assert waits == pytest.approx([3600, 3700], abs=10)


async def test_a_shorter_hold_does_not_end_a_longer_one(paces: tuple[Pace, Pace]) -> None:
    """Of two holds the later end counts."""
    await paces[0].hold("post", SLOW, 3600)
    await paces[1].hold("post", SLOW, 1)
    assert await paces[0].take("post", SLOW) == pytest.approx(3600, abs=10)


async def test_full_buckets_are_forgotten(
    stores: tuple[Store, Store], paces: tuple[Pace, Pace]
) -> None:
    """Rows that no longer hold anybody up are removed, others stay."""
    await paces[0].take("long ago", SLOW)
    async with stores[0].engine.begin() as connection:
        await connection.execute(sa.update(rows).values(full_at=1.0))
    await paces[0].take("now", SLOW)
    await paces[0].clean()
    async with stores[0].engine.connect() as connection:
        assert (await connection.execute(sa.select(rows.c.key))).scalars().all() == ["now"]


async def test_a_clock_that_is_put_back_holds_nobody_up(
    stores: tuple[Store, Store], paces: tuple[Pace, Pace]
) -> None:
    """What was counted while the clock was a day ahead is no day to wait for."""
    await paces[0].take("post", SLOW)
    await paces[0].hold("post", SLOW, 1)
    async with stores[0].engine.begin() as connection:
        ahead = {name: rows.c[name] + 86_400 for name in ("full_at", "held_until")}
        await connection.execute(sa.update(rows).values(**ahead))
    assert not await paces[1].is_held("post")
    assert [await paces[1].take("post", SLOW) for _ in range(3)] == [0, 0, 0]
