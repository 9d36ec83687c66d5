"""What those who wait are told of their place."""

import pytest

from bot.line import AGAIN_S, AT_ONCE, Line
from orchestrator.store import Queue, Store, Work

KINDS = ("question",)


@pytest.fixture
def queue(store: Store) -> Queue:
    """A queue on SQLite."""
    return Queue(store.engine)


class Waiters:
    """A line, those who stand in it, and what they were told; `now` is the line's clock."""

    def __init__(self, queue: Queue) -> None:
        self.now = 0.0
        self.told: list[tuple[str, int]] = []
        self.line = Line(queue, lambda: self.now)
        self._queue = queue

    async def come(self, *names: str) -> None:
        """Put a piece of work of each name into the queue."""
        for name in names:
            work = await self._queue.put(f"T1:{name}:1", [name], "question", {"n": name})
            assert work is not None
            self.line.add(work, self._wait)

    async def begin(self) -> None:
        """Somebody claims the next piece, in this process or in another one."""
        assert await self._queue.claim(KINDS)

    async def tell(self) -> list[tuple[str, int]]:
        """What is told now: (name, how many are ahead)."""
        self.told = []
        await self.line.tell()
        return self.told

    async def _wait(self, work: Work, ahead: int) -> None:
        self.told.append((work.payload["n"], ahead))


async def test_who_has_just_come_is_told_nothing(queue: Queue) -> None:
    """Work that begins soon is not spoken of; what still waits at the next call is."""
    waiters = Waiters(queue)
    await waiters.come("a", "b", "c")
    assert await waiters.tell() == []
    await waiters.begin()
    assert await waiters.tell() == [("b", 0), ("c", 1)]


async def test_a_place_is_told_when_it_changes_and_now_and_then(queue: Queue) -> None:
    """The same place is told again only before what Slack shows of it has faded."""
    waiters = Waiters(queue)
    await waiters.come("a", "b")
    await waiters.tell()
    assert await waiters.tell() == [("a", 0), ("b", 1)]
    assert await waiters.tell() == []
    waiters.now += AGAIN_S + 1
    assert await waiters.tell() == [("a", 0), ("b", 1)]
    await waiters.begin()
    assert await waiters.tell() == [("b", 0)]


async def test_a_long_line_is_told_in_parts(queue: Queue) -> None:
    """Of many, those who were told nothing yet come first."""
    waiters, names = Waiters(queue), [f"n{number:02}" for number in range(AT_ONCE + 5)]
    await waiters.come(*names)
    await waiters.tell()
    waiters.now = 1.0
    first = await waiters.tell()
    assert [name for name, _ in first] == names[:AT_ONCE]
    assert [name for name, _ in await waiters.tell()] == names[AT_ONCE:]


async def test_claimed_work_is_not_told_of_any_more(queue: Queue) -> None:
    """Once a worker here has it, nothing is said of its place, even in the midst of telling."""
    waiters = Waiters(queue)
    await waiters.come("a", "b")
    await waiters.tell()
    work = await queue.claim(KINDS)
    assert work is not None
    waiters.line.left(work)
    assert await waiters.tell() == [("b", 0)]


async def test_who_comes_while_the_line_is_read_is_not_forgotten(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that is put into the queue right behind the reading of the line is told its place at
    a later call."""
    waiters, line = Waiters(queue), queue.line
    await waiters.come("a")

    async def read_then_come() -> list[str]:
        places = await line()
        await waiters.come("b")
        return places

    with monkeypatch.context() as patch:
        patch.setattr(queue, "line", read_then_come)
        await waiters.tell()
    assert await waiters.tell() == [("a", 0)]
    assert await waiters.tell() == [("b", 1)]
