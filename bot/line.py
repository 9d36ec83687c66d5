"""Those who wait for their turn, and what each is told: how many are before them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from orchestrator.store import Queue, Work

LINE_S = 3.0
AGAIN_S = 90.0
AT_ONCE = 20

Wait = Callable[[Work, int], Awaitable[None]]
"""Tells whoever waits for a piece of work how many are before it."""


@dataclass(slots=True)
class _Waiting:
    work: Work
    wait: Wait
    ahead: int | None = None
    told_at: float = 0.0
    is_new: bool = True


class Line:
    """The work that was put into the queue here and is not begun yet."""

    def __init__(self, queue: Queue, clock: Callable[[], float] = monotonic) -> None:
        self._queue = queue
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}

    def add(self, work: Work, wait: Wait) -> None:
        """A piece of work has been put into the queue."""
        self._waiting[work.work_id] = _Waiting(work, wait)

    def left(self, work: Work) -> None:
        """Somebody here has claimed it."""
        self._waiting.pop(work.work_id, None)

    async def tell(self) -> None:
        """Tell those who have waited since the last call, when their place in the line is another,
        and now and then, for what Slack shows of it fades. Who was told longest ago comes first,
        and only as many as are told before their places have changed much."""
        here = list(self._waiting.values())
        if not here:
            return
        places = {work_id: place for place, work_id in enumerate(await self._queue.line())}
        for one in here:
            if one.work.work_id not in places:
                self.left(one.work)
        waiting = [one for one in here if one.work.work_id in self._waiting]
        due = [one for one in waiting if self._is_due(one, places)]
        for one in waiting:
            one.is_new = False
        for one in sorted(due, key=lambda one: one.told_at)[:AT_ONCE]:
            if one.work.work_id in self._waiting:
                one.ahead, one.told_at = places[one.work.work_id], self._clock()
                await one.wait(one.work, one.ahead)

    def _is_due(self, one: _Waiting, places: dict[str, int]) -> bool:
        is_other = places[one.work.work_id] != one.ahead
        return not one.is_new and (is_other or self._clock() - one.told_at > AGAIN_S)
