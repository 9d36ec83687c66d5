"""The queue of several replicas, on SQLite and on PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from orchestrator.store import Queue, Store, Work
from orchestrator.store.queue import queue as rows
from orchestrator.store.tables import seen

KINDS = ("question",)


@pytest.fixture
def queues(stores: tuple[Store, Store]) -> tuple[Queue, Queue]:
    """The same queue as two replicas see it."""
    one, other = stores
    return Queue(one.engine), Queue(other.engine)


async def put(queue: Queue, name: str, lane: str = "", kind: str = "question") -> bool:
    """Write down work of this name, in a lane of its own unless told."""
    keys = (f"event {name}", f"message {name}")
    return await queue.put(lane or name, keys, kind, {"n": name}) is not None


async def claimed(queue: Queue) -> Work:
    """The next piece of work, which must be there."""
    work = await queue.claim(KINDS)
    assert work is not None
    return work


async def lease_runs_out(store: Store, work: Work) -> None:
    """The lease of this work ends now, as if its owner had died a while ago."""
    async with store.engine.begin() as connection:
        ended = sa.update(rows).where(rows.c.work_id == work.work_id).values(until=0.0)
        await connection.execute(ended)


async def test_work_is_written_once_however_often_it_is_told(queues: tuple[Queue, Queue]) -> None:
    """Of many that put the same event at once, on both replicas, one writes it down."""
    new = await asyncio.gather(*(put(queues[number % 2], "a") for number in range(20)))
    assert sum(new) == 1
    work = await claimed(queues[0])
    assert (work.payload, work.claims, work.is_resumed) == ({"n": "a"}, 1, False)
    assert await queues[1].claim(KINDS) is None


async def test_one_known_key_is_enough(queues: tuple[Queue, Queue]) -> None:
    """The same message told by another event is no new work, and that event is not remembered."""
    queue = queues[0]
    assert await queue.put("a", ("Ev1", "message 1"), "question", {})
    assert not await queue.put("a", ("Ev2", "message 1"), "question", {})
    assert await queue.put("a", ("Ev2", "Ev2"), "question", {})


async def test_a_key_of_finished_work_is_still_known(queues: tuple[Queue, Queue]) -> None:
    """An event that is told again after its work was done brings no work."""
    queue, other = queues
    await put(queue, "a")
    assert await queue.done(await claimed(queue))
    assert not await put(other, "a")
    assert await other.claim(KINDS) is None


async def test_two_replicas_share_the_work_without_doubles(queues: tuple[Queue, Queue]) -> None:
    """Of forty pieces that both claim as fast as they can, each goes to one of them."""
    for number in range(40):
        await put(queues[0], str(number))

    got: list[str] = []

    async def take_all(queue: Queue) -> None:
        while (work := await queue.claim(KINDS)) is not None:
            got.append(work.payload["n"])

    await asyncio.gather(*(take_all(queue) for queue in (*queues, *queues)))
    assert sorted(got, key=int) == [str(number) for number in range(40)]


async def test_a_lane_goes_one_at_a_time_in_order(queues: tuple[Queue, Queue]) -> None:
    """The second piece of a lane is given out once the first is done; other lanes go on."""
    one, other = queues
    for name, lane in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        await put(one, name, lane)
    first = await claimed(one)
    assert (await claimed(other)).payload == {"n": "b1"}
    assert await other.claim(KINDS) is None
    await one.done(first)
    assert (await claimed(other)).payload == {"n": "a2"}


async def test_a_lane_that_many_write_to_at_once_is_never_claimed_twice(
    queues: tuple[Queue, Queue],
) -> None:
    """While both replicas add to one lane and claim from it, at most one piece is under way."""
    going, most, done = 0, 0, 0

    async def work_on(queue: Queue) -> None:
        nonlocal going, most, done
        while done < 30:
            if (work := await queue.claim(KINDS)) is not None:
                going += 1
                most = max(most, going)
                await queue.renew(work)
                going -= 1
                await queue.done(work)
                done += 1

    adding = (put(queues[number % 2], str(number), "lane") for number in range(30))
    await asyncio.gather(*adding, *(work_on(queue) for queue in (*queues, *queues)))
    assert most == 1


async def test_a_lost_lease_is_taken_over(
    stores: tuple[Store, Store], queues: tuple[Queue, Queue]
) -> None:
    """When a lease runs out another replica has the work, and the first can do nothing with it."""
    one, other = queues
    await put(one, "a")
    lost = await claimed(one)
    assert await one.renew(lost)
    assert await other.claim(KINDS) is None
    await lease_runs_out(stores[0], lost)
    taken = await claimed(other)
    assert (taken.work_id, taken.claims, taken.crashes) == (lost.work_id, 2, 1)
    assert taken.is_resumed
    assert not await one.renew(lost)
    assert not await one.give_back(lost)
    assert not await one.done(lost)
    assert await other.done(taken)


async def test_work_given_back_is_no_crash(queues: tuple[Queue, Queue]) -> None:
    """What is given back can be claimed at once, or after its delay, and is known as resumed."""
    one, other = queues
    await put(one, "a")
    assert await one.give_back(await claimed(one))
    again = await claimed(other)
    assert (again.claims, again.crashes) == (2, 0)
    assert await other.give_back(again, delay_s=60)
    assert await one.claim(KINDS) is None


async def test_only_known_kinds_are_claimed(queues: tuple[Queue, Queue]) -> None:
    """A replica leaves what a newer one has written, and what stands behind it in its lane."""
    queue = queues[0]
    await put(queue, "new", "a", kind="digest")
    await put(queue, "old", "a")
    assert await queue.claim(KINDS) is None
    work = await queue.claim(("digest", "question"))
    assert work is not None
    assert work.kind == "digest"


async def test_old_rows_are_forgotten(
    stores: tuple[Store, Store], queues: tuple[Queue, Queue]
) -> None:
    """After a week the keys are gone and so is work that nobody could do; newer rows stay."""
    queue = queues[0]
    await put(queue, "old")
    week_ago = datetime.now(UTC) - timedelta(days=8)
    async with stores[0].engine.begin() as connection:
        for table in (seen, rows):
            await connection.execute(sa.update(table).values(at=week_ago))
    await put(queue, "new")
    await queue.clean()
    assert (await claimed(queue)).payload == {"n": "new"}
    assert await queue.claim(KINDS) is None
    assert not await put(queue, "new")
    assert await put(queue, "old")


async def test_a_clock_that_is_put_back_keeps_no_work(
    stores: tuple[Store, Store], queues: tuple[Queue, Queue]
) -> None:
    """Work of a dead replica that was claimed while the clock was a day ahead is free at once."""
    await put(queues[0], "a")
    work = await claimed(queues[0])
    async with stores[0].engine.begin() as connection:
        await connection.execute(sa.update(rows).values(until=rows.c.until + 86_400))
    assert (await claimed(queues[1])).work_id == work.work_id


async def test_each_claim_is_a_lease_of_its_own(
    stores: tuple[Store, Store], queues: tuple[Queue, Queue]
) -> None:
    """When the clock jumps, a replica may claim what it is at: of the two claims the later holds,
    so that the earlier gives up and there are not two answers."""
    queue = queues[0]
    await put(queue, "a")
    earlier = await claimed(queue)
    await lease_runs_out(stores[0], earlier)
    later = await claimed(queue)
    assert not await queue.renew(earlier)
    assert not await queue.done(earlier)
    assert await queue.done(later)


async def test_a_flow_that_floods_the_queue_makes_no_other_wait(
    queues: tuple[Queue, Queue],
) -> None:
    """The flow with the fewest pieces under way is next, whenever its piece came; within a flow
    the oldest, and between flows with as many the one that has had fewer turns."""
    one, other = queues
    for name in ("a1", "a2", "a3", "b1", "c1", "b2"):
        await put(one, name, f"T1:{name[0]}:{name}")
    got = [(await claimed(queue)).payload["n"] for queue in (one, other, one, other, one, other)]
    assert got == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_flows_take_turns_where_one_piece_goes_at_a_time(
    queues: tuple[Queue, Queue],
) -> None:
    """With nothing under way the flood's next piece, though the oldest, waits for its turn; who
    comes later has the turn that is served then, neither an earlier one nor the last."""
    queue = queues[0]

    async def come(*names: str) -> None:
        for name in names:
            await put(queue, name, f"T1:{name[0]}:{name}")

    async def served(pieces: int) -> list[str]:
        works = list[Work]()
        for _ in range(pieces):
            works.append(await claimed(queue))
            await queue.done(works[-1])
        return [work.payload["n"] for work in works]

    await come("a1", "a2", "a3", "a4", "a5", "b1", "c1", "b2")
    assert await served(5) == ["a1", "b1", "c1", "a2", "b2"]
    await come("d1", "d2")
    assert await served(5) == ["a3", "d1", "a4", "d2", "a5"]


async def test_the_line_is_in_the_order_of_the_claims(queues: tuple[Queue, Queue]) -> None:
    """The line names what waits as it will be claimed, and neither what is under way nor what was
    put off."""
    queue = queues[0]
    for name in ("a1", "a2", "a3", "b1", "c1", "c2"):
        await put(queue, name, f"T1:{name[0]}:{name}")
    held = [await claimed(queue), await claimed(queue)]
    await queue.give_back(held.pop(), delay_s=60)
    line = await queue.line()
    assert [(await claimed(queue)).work_id for _ in line] == line
    assert held[0].work_id not in line
