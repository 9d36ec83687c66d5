"""The rows of recent fetches, for a few minutes: equal fetches run once, also at the same time.

A key holds all that decides the rows: the source, its query with every parameter and fed key, the
policy under which it may be read, and the fingerprint of the catalog. A fetch without a key is one
person's alone: it is neither kept nor shared.
"""

import asyncio
import contextlib
import hashlib
import heapq
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from dataclasses import dataclass

import pyarrow as pa

from adapters.query import NativeQuery

_LARGEST_SHARE = 8  # one result may take an eighth of the cache


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of a fetch that began at `began`, on the cache's clock."""

    table: pa.Table
    began: float


def key_of(source: str, query: NativeQuery, scope: str, fingerprint: str | None) -> str:
    """The cache's key of one fetch, as it is sent. `fingerprint` is None while the catalog could
    not be read."""
    return hashlib.sha256(repr((source, query, scope, fingerprint)).encode()).hexdigest()


class Recording:
    """The batches of one fetch, while it may still be kept."""

    def __init__(self, clock: Callable[[], float], most_bytes: int) -> None:
        self.kept: Kept | None = None
        self._clock = clock
        self._most_bytes = most_bytes
        self.restart()

    def restart(self) -> None:
        """An attempt begins: the batches of one before it are forgotten."""
        self._began = self._clock()
        self._batches: list[pa.Table] = []
        self._size = 0

    def add(self, batch: pa.Table) -> None:
        """Take one batch; too many bytes, and all are let go."""
        self._size += batch.nbytes
        if self._size <= self._most_bytes:
            self._batches.append(batch)
        else:
            self._batches.clear()

    def keep(self, schema: pa.Schema) -> None:
        """The fetch is complete, and its rows may be given to others."""
        if self._size <= self._most_bytes:
            table = pa.concat_tables([schema.empty_table(), *self._batches])
            self.kept = Kept(table, self._began)


class ResultCache:
    """Results for `seconds` (0: none), at most `most_bytes` of them; the least used goes first."""

    def __init__(
        self, seconds: float, most_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._clock = clock
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._begun: list[tuple[float, str]] = []  # a heap: when each fetch that was kept began
        self._size = 0
        self._under_way: dict[str, asyncio.Future[Kept | None]] = {}

    async def found(self, key: str | None) -> Kept | None:
        """The rows of an equal fetch: kept, or of one under way, which is waited for.

        None when there is none, or when the one under way came to nothing that can be shared.
        """
        if key is None:
            return None
        kept = self._fresh(key)
        if kept is None and key in self._under_way:
            kept = await asyncio.shield(self._under_way[key])
        return kept

    def age(self, kept: Kept) -> float:
        """Seconds since the fetch began."""
        return self._clock() - kept.began

    @contextlib.contextmanager
    def recording(self, key: str | None) -> Generator[Recording]:
        """Records a fetch; those who wait for it go on when the block ends, however it ends."""
        if key is None or self._seconds <= 0:
            yield Recording(self._clock, most_bytes=-1)
            return
        recording = Recording(self._clock, self._most_bytes // _LARGEST_SHARE)
        done: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()
        self._under_way.setdefault(key, done)
        try:
            yield recording
            if recording.kept is not None:
                self._put(key, recording.kept)
        finally:
            if self._under_way.get(key) is done:
                del self._under_way[key]
            done.set_result(recording.kept)

    def _fresh(self, key: str) -> Kept | None:
        self._drop_stale()
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _put(self, key: str, kept: Kept) -> None:
        self._drop(key)
        self._kept[key] = kept
        self._size += kept.table.nbytes
        heapq.heappush(self._begun, (kept.began, key))
        self._drop_stale()
        while self._size > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop_stale(self) -> None:
        while self._begun and self._clock() - self._begun[0][0] >= self._seconds:
            began, key = heapq.heappop(self._begun)
            if key in self._kept and self._kept[key].began == began:
                self._drop(key)

    def _drop(self, key: str) -> None:
        gone = self._kept.pop(key, None)
        self._size -= gone.table.nbytes if gone is not None else 0
