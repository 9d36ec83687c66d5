"""How many queries a source takes at once: a fixed bound, and below it what its latency allows.

The limit is Gradient2 of Netflix's concurrency-limits: limit ← limit · gradient + room, smoothed,
where the gradient is the long-term latency over the present one. Latency is the time to the first
batch, held against the baseline of queries of the same shape, so that a large query among small
ones does not look like a slow source.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass

_TOLERANCE = 1.5  # how much slower than its baseline a query may be and still count as usual
_LEAST_GRADIENT = 0.5
_ROOM = 0.5  # what the limit may grow by in one step; also its floor under steady slowness
_SMOOTHING = 0.5
_LONG_TERM = 100  # samples
_WARM_UP = 10  # samples that are averaged plainly
_DRIFT = 0.95  # how fast a baseline falls when queries are over twice as fast as it
_MOST_SHAPES = 256


@dataclass(frozen=True, slots=True)
class Load:
    """How many queries a source is given at once, how many run, and how many wait for that."""

    limit: int
    running: int
    waiting: int


class Baseline:
    """The long-term mean of the latencies of one shape of query, in seconds."""

    def __init__(self) -> None:
        self.mean = 0.0
        self._count = 0

    def add(self, seconds: float) -> None:
        """Take one sample into the mean: plainly at first, then exponentially."""
        self._count += 1
        weight = 1 / self._count if self._count <= _WARM_UP else 2 / (_LONG_TERM + 1)
        self.mean += (seconds - self.mean) * weight
        if self.mean > 2 * seconds:
            self.mean *= _DRIFT


class Gradient:
    """A limit between 1 and `most` that follows latency; pure, with no clock of its own."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._limit = float(most)
        self._baselines: OrderedDict[Hashable, Baseline] = OrderedDict()

    @property
    def limit(self) -> int:
        """How many may run at once now."""
        return max(1, int(self._limit))

    def sample(self, shape: Hashable, seconds: float, running: int) -> None:
        """A query of this shape had its first batch after `seconds`, with `running` under way.

        A limit that is not used by half says nothing, and stays.
        """
        baseline = self._baselines.setdefault(shape, Baseline())
        self._baselines.move_to_end(shape)
        if len(self._baselines) > _MOST_SHAPES:
            self._baselines.popitem(last=False)
        baseline.add(seconds)
        if running < self._limit / 2:
            return
        usual = _TOLERANCE * baseline.mean / seconds if seconds > 0 else 1.0
        self._step(max(_LEAST_GRADIENT, min(1.0, usual)))

    def failed(self) -> None:
        """A query timed out or lost its source: as if it had been very slow."""
        self._step(_LEAST_GRADIENT)

    def _step(self, gradient: float) -> None:
        aimed = self._limit * gradient + _ROOM
        limit = self._limit + (aimed - self._limit) * _SMOOTHING
        self._limit = min(float(self.most), max(1.0, limit))


class Limiter:
    """Lets in as many at once as its gradient's limit says, first come first served."""

    def __init__(self, most: int) -> None:
        self.gradient = Gradient(most)
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def load(self) -> Load:
        """How it stands now."""
        waiting = sum(not turn.cancelled() for turn in self._waiting)
        return Load(self.gradient.limit, self.running, waiting)

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        """One place, waited for in line."""
        await self._enter()
        try:
            yield
        finally:
            self.running -= 1
            self._let_in()

    def sample(self, shape: Hashable, seconds: float) -> None:
        """A query that holds a slot has had its first batch (or its end, if it has no rows)."""
        self.gradient.sample(shape, seconds, self.running)
        self._let_in()

    async def _enter(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # let in and cancelled at once
                self.running -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting and self.running < self.gradient.limit:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self.running += 1
                turn.set_result(None)
