"""Workers over a real queue on SQLite."""

import asyncio

import pytest
import sqlalchemy as sa
import structlog

from bot.runs import CRASHED, STOPPED, LeaseLost, NotNow, Runs, check_lease
from orchestrator.store import Queue, Store, Work
from orchestrator.store.queue import queue as rows

KIND = "question"


class Told:
    """Remembers what the asker was told, by lane."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.now = asyncio.Event()

    async def __call__(self, _: Work, sentence: str) -> None:
        self.sentences.append(sentence)
        self.now.set()


class Watched(Queue):
    """A queue that tells when work has left its holder: `done` or `given back`."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.engine)
        self.left: asyncio.Queue[str] = asyncio.Queue()

    async def done(self, work: Work) -> bool:
        """As ever, and it is told."""
        is_mine = await super().done(work)
        self.left.put_nowait("done")
        return is_mine

    async def give_back(self, work: Work, delay_s: float = 0.0) -> bool:
        """As ever, and it is told."""
        is_mine = await super().give_back(work, delay_s)
        self.left.put_nowait("given back")
        return is_mine


def replica(store: Store, queue: Queue | None = None) -> Runs:
    """One replica's workers, which look for what others left every 10 ms."""
    return Runs(queue or Queue(store.engine), poll_s=0.01)


async def put(runs: Runs, name: str, lane: str = "a") -> None:
    """Write down a piece of work."""
    assert await runs.put(lane, [name], KIND, {"n": name})


async def waiting(store: Store) -> list[tuple[str | None, int]]:
    """The owner and the crashes of all that is in the queue."""
    async with store.engine.connect() as connection:
        query = sa.select(rows.c.owner, rows.c.crashes).order_by(rows.c.id)
        return [(row.owner, row.crashes) for row in await connection.execute(query)]


async def change(store: Store, **values: object) -> None:
    """Change all rows of the queue."""
    async with store.engine.begin() as connection:
        await connection.execute(sa.update(rows).values(**values))


async def test_one_at_a_time_in_a_thread_in_order(store: Store) -> None:
    """The second question of a thread waits for the first; another thread's does not."""
    order, gate, elsewhere, queue = list[str](), asyncio.Event(), asyncio.Event(), Watched(store)
    runs = replica(store, queue)

    async def do(work: Work) -> None:
        name = work.payload["n"]
        order.append(f"{name} begins")
        if name == "slow":
            await gate.wait()
        if name == "other":
            elsewhere.set()
        order.append(f"{name} ends")

    runs.handle(KIND, do, Told())
    runs.start()
    for name, lane in (("slow", "a"), ("quick", "a"), ("other", "b")):
        await put(runs, name, lane)
    await elsewhere.wait()
    gate.set()
    for _ in range(3):
        await queue.left.get()
    await runs.drain(10)
    assert [line for line in order if "other" not in line] == [
        "slow begins",
        "slow ends",
        "quick begins",
        "quick ends",
    ]


async def test_what_does_not_end_in_time_goes_on_elsewhere(store: Store) -> None:
    """A drained replica gives back what it was at, and another one does it; nobody is told."""
    stopped, other, told = replica(store), replica(store), Told()
    begun, resumed = asyncio.Event(), asyncio.Event()
    seen: list[Work] = []

    async def endless(_: Work) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def go_on(work: Work) -> None:
        seen.append(work)
        resumed.set()

    stopped.handle(KIND, endless, told)
    stopped.start()
    await put(stopped, "q")
    await begun.wait()
    await stopped.drain(0)
    assert await waiting(store) == [(None, 0)]
    other.handle(KIND, go_on, told)
    other.start()
    await resumed.wait()
    await other.drain(10)
    assert (seen[0].payload, seen[0].is_resumed, seen[0].crashes) == ({"n": "q"}, True, 0)
    assert await waiting(store) == []
    assert told.sentences == []


async def test_what_cant_be_given_back_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the store is gone too, the asker hears that there is no answer."""
    runs, told, begun = replica(store), Told(), asyncio.Event()

    async def endless(_: Work) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def gone(*_: object) -> bool:
        raise OSError("the store is gone")

    monkeypatch.setattr(Queue, "give_back", gone)
    runs.handle(KIND, endless, told)
    runs.start()
    await put(runs, "q")
    await begun.wait()
    await runs.drain(0)
    assert told.sentences == [STOPPED]


async def test_a_dead_replicas_work_is_taken_over_and_left_after_two_crashes(store: Store) -> None:
    """Work whose lease ran out is done by another; the third to get it says that it gives up."""
    dead, queue, told = Queue(store.engine), Watched(store), Told()
    runs = replica(store, queue)
    done: list[int] = []

    async def do(work: Work) -> None:
        done.append(work.crashes)

    await put(runs, "once")
    assert await dead.claim([KIND])
    await change(store, until=0.0)
    runs.handle(KIND, do, told)
    runs.start()
    await queue.left.get()
    assert done == [1]
    await runs.drain(10)

    runs = replica(store)
    await put(runs, "twice")
    await change(store, owner="somebody dead", crashes=1)
    runs.handle(KIND, do, told)
    runs.start()
    await told.now.wait()
    await runs.drain(10)
    assert told.sentences == [CRASHED]
    assert done == [1]
    assert await waiting(store) == []


async def test_a_lease_is_renewed_while_work_goes_on(store: Store) -> None:
    """Work that takes longer than its lease stays with whoever renews it."""
    lease_s, ended = 1.0, asyncio.Event()
    runs = replica(store, Queue(store.engine, lease_s=lease_s))
    other = Queue(store.engine)
    taken: list[Work | None] = []

    async def do(_: Work) -> None:
        async with asyncio.timeout(10):
            while await _until(store) < began + 2 * lease_s:
                taken.append(await other.claim([KIND]))
        ended.set()

    began = await _now(store)
    runs.handle(KIND, do, Told())
    runs.start()
    await put(runs, "q")
    await ended.wait()
    await runs.drain(10)
    assert set(taken) == {None}


async def _until(store: Store) -> float:
    async with store.engine.connect() as connection:
        return (await connection.execute(sa.select(rows.c.until))).scalar_one()


async def _now(store: Store) -> float:
    async with store.engine.connect() as connection:
        now = sa.text("SELECT (julianday('now') - 2440587.5) * 86400.0")
        return (await connection.execute(now)).scalar_one()


async def test_work_that_was_lost_is_stopped_and_says_nothing(store: Store) -> None:
    """When another replica has the lease, the first stops, and leaves the work to it."""
    runs, told = replica(store, Queue(store.engine, lease_s=0.3)), Told()
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def do(_: Work) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(LeaseLost):
                check_lease()
            stopped.set()

    runs.handle(KIND, do, told)
    runs.start()
    await put(runs, "q")
    await begun.wait()
    await change(store, owner="another replica", until=9e9)
    await stopped.wait()
    await runs.drain(10)
    assert told.sentences == []
    assert await waiting(store) == [("another replica", 0)]


async def test_what_cant_be_done_now_is_put_off(store: Store) -> None:
    """Work that Slack's absence stops stays in the queue, for a later try by anybody."""
    queue, told = Watched(store), Told()
    runs = replica(store, queue)

    async def do(_: Work) -> None:
        raise NotNow("Slack is away")

    with structlog.testing.capture_logs() as logs:
        runs.handle(KIND, do, told)
        runs.start()
        await put(runs, "q")
        assert await queue.left.get() == "given back"
        await runs.drain(10)
    assert [line["event"] for line in logs] == ["work_put_off"]
    assert await waiting(store) == [(None, 0)]
    assert told.sentences == []


async def test_an_unexpected_error_has_one_id_for_the_asker_and_the_log(store: Store) -> None:
    """The asker gets an id and no detail; the log has both, and the next question is answered."""
    runs, told, done = replica(store), Told(), asyncio.Event()

    async def do(work: Work) -> None:
        if work.payload["n"] == "broken":
            raise ValueError("secret detail")
        done.set()

    with structlog.testing.capture_logs() as logs:
        runs.handle(KIND, do, told)
        runs.start()
        await put(runs, "broken")
        await put(runs, "fine")
        await done.wait()
        await runs.drain(10)
    (sentence,) = told.sentences
    assert logs[0]["error_id"] in sentence
    assert "secret detail" not in sentence
    assert await waiting(store) == []


@pytest.mark.parametrize(
    ("deaf", "left"), [(NotNow("Slack is away"), 1), (ValueError("no such channel"), 0)]
)
async def test_what_can_never_be_told_is_only_logged(
    store: Store, deaf: Exception, left: int
) -> None:
    """A sentence that Slack can't take now is tried later; one that it refuses is given up."""
    queue = Watched(store)
    runs = replica(store, queue)

    async def broken(_: Work) -> None:
        raise ValueError

    async def tell(_: Work, __: str) -> None:
        raise deaf

    with structlog.testing.capture_logs() as logs:
        runs.handle(KIND, broken, tell)
        runs.start()
        await put(runs, "q")
        await queue.left.get()
        await runs.drain(10)
    assert logs[-1]["event"] == ("work_put_off" if left else "could_not_tell")
    assert len(await waiting(store)) == left
