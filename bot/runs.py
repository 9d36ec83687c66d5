"""The workers of one replica: they claim work from the queue, and no piece of it ends in silence.

A piece ends when it is done, or with a sentence to whoever waits for it. Stopped by a restart, or
while Slack is away, it goes back to the queue, and another replica or a later try goes on with it.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog

from bot.line import Line, Wait
from orchestrator.store import Queue, Work

log = structlog.get_logger(__name__)

Do = Callable[[Work], Awaitable[None]]
Tell = Callable[[Work, str], Awaitable[None]]

AT_ONCE, POLL_S = 8, 1.0
MOST_CRASHES = 2
FIRST_DELAY_S, LONGEST_DELAY_S = 5.0, 300.0

STOPPED = "I am being restarted and had to stop before this was done. Please ask again in a minute."
CRASHED = (
    "I had to start on this twice and was cut off each time, so I am leaving it. Ask again, "
    "perhaps in smaller parts; if it happens again, tell your administrator."
)


class NotNow(Exception):
    """Raised by work that can't be done now: it goes back to the queue, for a later try."""


class LeaseLost(Exception):
    """Somebody else has taken this work over: whoever is still at it must not say any more."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How work of one kind is done, and how a sentence, or their place in the line, reaches whoever
    waits for it."""

    do: Do
    tell: Tell
    wait: Wait | None = None


class Runs:
    """The work under way here, at most `at_once` pieces; `start` begins to claim, `drain` ends."""

    def __init__(self, queue: Queue, *, at_once: int = AT_ONCE, poll_s: float = POLL_S) -> None:
        self._queue = queue
        self._at_once = at_once
        self._poll_s = poll_s
        self.line = Line(queue)
        self._kinds: dict[str, Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._is_open = True
        self._claiming: asyncio.Task[None] | None = None

    def handle(self, kind: str, do: Do, tell: Tell, wait: Wait | None = None) -> None:
        """Do work of this kind here."""
        self._kinds[kind] = Kind(do, tell, wait)

    async def put(
        self, lane: str, keys: Collection[str], kind: str, payload: dict[str, Any]
    ) -> bool:
        """`Queue.put`, and a wake-up: once this returns, the work will not be forgotten. False when
        it was known."""
        work = await self._queue.put(lane, keys, kind, payload)
        handled = self._kinds.get(kind)
        if work is not None and handled is not None and handled.wait is not None:
            self.line.add(work, handled.wait)
        self._wake.set()
        return work is not None

    def start(self) -> None:
        """Begin to claim work."""
        self._claiming = asyncio.create_task(self._claim_while_open())

    async def drain(self, timeout_s: float) -> None:
        """Claim no more and wait for work to end; what has not ended by then is given back."""
        self._is_open = False
        self._wake.set()
        if self._claiming is not None:
            await self._claiming
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _claim_while_open(self) -> None:
        while self._is_open:
            self._wake.clear()
            try:
                await self._claim_what_there_is()
            except Exception:
                log.exception("queue_unreadable")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._poll_s)

    async def _claim_what_there_is(self) -> None:
        while self._is_open and len(self._tasks) < self._at_once:
            asked_at = monotonic()
            work = await self._queue.claim(self._kinds)
            if work is None:
                return
            self.line.left(work)
            lease = _Lease(self._queue, work, asked_at + self._queue.lease_s)
            task = asyncio.create_task(self._supervised(work, self._kinds[work.kind], lease))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _supervised(self, work: Work, kind: Kind, lease: "_Lease") -> None:
        try:
            async with lease:
                await _done_or_told(work, kind)
            await self._queue.done(work)
        except LeaseLost:
            log.warning("lease_lost", work=work.work_id)
        except NotNow as reason:
            delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (work.claims - 1))
            log.warning("work_put_off", work=work.work_id, reason=str(reason), delay_s=delay_s)
            await self._give_back(work, kind, delay_s)
        except asyncio.CancelledError:
            await self._give_back(work, kind)
            raise
        except Exception:
            log.exception("work_left_in_queue", work=work.work_id)

    async def _give_back(self, work: Work, kind: Kind, delay_s: float = 0.0) -> None:
        try:
            await self._queue.give_back(work, delay_s)
        except Exception:
            log.exception("could_not_give_back", work=work.work_id)
            await _told(kind, work, STOPPED)


async def _done_or_told(work: Work, kind: Kind) -> None:
    """Do the work; when it fails unexpectedly, tell so. Raises NotNow and LeaseLost."""
    if work.crashes >= MOST_CRASHES:
        log.error("work_crashes", work=work.work_id, crashes=work.crashes)
        await _told(kind, work, CRASHED)
        return
    try:
        await kind.do(work)
    except (NotNow, LeaseLost):
        raise
    except Exception:
        error_id = secrets.token_hex(4)
        log.exception("work_failed", error_id=error_id, work=work.work_id, lane=work.lane)
        sentence = (
            "Something went wrong that I did not expect, and there is no answer. Ask again; "
            f"if it stays, give your administrator this id: {error_id}."
        )
        await _told(kind, work, sentence)


async def _told(kind: Kind, work: Work, sentence: str) -> None:
    try:
        await kind.tell(work, sentence)
    except (NotNow, LeaseLost):
        raise
    except Exception:
        log.exception("could_not_tell", work=work.work_id)


_current: ContextVar["_Lease | None"] = ContextVar("lease", default=None)


def check_lease() -> None:
    """Raises LeaseLost when the work that this is a part of may by now be somebody else's."""
    lease = _current.get()
    if lease is not None and lease.ran_out:
        raise LeaseLost


class _Lease:
    """Renews a claim while its block lasts; when that fails, the block ends with LeaseLost."""

    def __init__(self, queue: Queue, work: Work, until: float) -> None:
        self._queue = queue
        self._work = work
        self._until = until
        self._is_lost = False

    @property
    def ran_out(self) -> bool:
        """Whether it was not renewed in time, however that came about."""
        return self._is_lost or monotonic() >= self._until

    async def __aenter__(self) -> None:
        _current.set(self)
        holder = asyncio.current_task()
        assert holder is not None
        self._renewing = asyncio.create_task(self._renew(holder))

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._renewing.cancel()
        if self._is_lost and kind is asyncio.CancelledError:
            raise LeaseLost

    async def _renew(self, holder: asyncio.Task[Any]) -> None:
        while not self._is_lost:
            await asyncio.sleep(self._queue.lease_s / 3)
            asked_at = monotonic()
            try:
                self._is_lost = not await self._queue.renew(self._work)
            except Exception:
                log.exception("lease_not_renewed", work=self._work.work_id)
                continue
            self._until = asked_at + self._queue.lease_s
        holder.cancel()
