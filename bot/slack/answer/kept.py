"""The tables of the last answers, in this process's memory alone, so that one can be downloaded.

Nothing of them is stored: they are forgotten after a while, or when there are too many bytes.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

MAX_BYTES = 64 * 1024 * 1024
KEPT_S = 1_800.0


@dataclass(frozen=True, slots=True)
class _Kept:
    place: str
    table: pa.Table
    until: float


class KeptTables:
    """Tables by run, each for one place: there alone may it be had again."""

    def __init__(
        self, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, run_id: str, place: str, table: pa.Table) -> bool:
        """Keep a table for half an hour at most; whether there is room for one of its size."""
        if table.nbytes > self._max_bytes:
            return False
        self._kept[run_id] = _Kept(place, table, self._clock() + KEPT_S)
        while sum(one.table.nbytes for one in self._kept.values()) > self._max_bytes:
            self._kept.popitem(last=False)
        return True

    def find(self, run_id: str, place: str) -> pa.Table | None:
        """The table of a run that was answered in this place, or None."""
        for old in [one for one, kept in self._kept.items() if kept.until <= self._clock()]:
            del self._kept[old]
        kept = self._kept.get(run_id)
        return kept.table if kept is not None and kept.place == place else None
