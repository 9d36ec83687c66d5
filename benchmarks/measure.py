"""One variant's run in a fresh process, rounds of them in turns, and targets as ratios of the same
round: what else the machine does moves both sides of a ratio.
"""

import asyncio
import contextlib
import functools
import gc
import importlib
import re
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

Run = dict[str, float]
"""Figures of one run: `seconds`, `cpu_seconds` of this process, `memory_mb` (growth of its peak
memory), `peak_mb`, `stall_ms` (longest of the event loop), and what the variant gives itself."""
Work = Callable[[], Awaitable[Run | None]]
"""Does the work once; figures that it gives take the place of those measured."""
Variant = Callable[[Any, int], AbstractAsyncContextManager[Work]]
"""Opens what lasts longer than one question, in a place and for data of a size, and warms up."""
_WARM = 10
_LONG_ENOUGH_S, _MOST_TIMES = 0.5, 20


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one variant over data of one size, a run a round."""

    variant: str
    size: int
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one benchmark measured; `about` says in Markdown what each variant is."""

    about: str
    series: list[Series] = field(default_factory=list[Series])


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: `figure` of a variant, as part of that of another when `beside` names
    one, is at most (or its inverse at least) a bound, if any, at the smallest (0) or largest (-1)
    size."""

    what: str
    of: str
    beside: str | None = None
    figure: str = "seconds"
    at: int = -1
    at_most: float | None = None
    at_least: float | None = None

    def values(self, series: Sequence[Series]) -> list[float] | None:
        """The measured value of each round; None when a variant was not measured."""
        size = sorted({one.size for one in series})[self.at]
        of_size = {one.variant: one.runs for one in series if one.size == size}
        runs = of_size.get(self.of)
        if runs is None:
            return None
        if self.beside is None:
            return [run[self.figure] for run in runs]
        beside = of_size.get(self.beside)
        if beside is None:
            return None
        pairs = [(a[self.figure], b[self.figure]) for a, b in zip(runs, beside, strict=True)]
        return [b / a if self.at_least is not None else a / b for a, b in pairs]

    def met(self, value: float) -> bool | None:
        """Whether a value reaches the target; None when there is no bound."""
        if self.at_least is not None:
            return value >= self.at_least
        return value <= self.at_most if self.at_most is not None else None


def plain(work: Callable[[Any, int], Awaitable[Run | None]]) -> Variant:
    """A variant with nothing to open, warmed up over ten rows."""

    @contextlib.asynccontextmanager
    async def opened(place: Any, size: int) -> AsyncGenerator[Work]:
        await work(place, _WARM)
        yield functools.partial(work, place, size)

    return opened


def without_gc(variant: Variant) -> Variant:
    """The same with Python's garbage collector off."""

    @contextlib.asynccontextmanager
    async def opened(place: Any, size: int) -> AsyncGenerator[Work]:
        async with variant(place, size) as work:
            gc.disable()
            yield work

    return opened


async def compare(
    module: str,
    place: Any,
    sizes: Sequence[int],
    rounds: int,
    variants: Sequence[str] | None = None,
) -> list[Series]:
    """`rounds` runs of each variant (all of the module's VARIANTS when none are named) for each
    size, in turns, each in a process of its own."""
    names = variants or list(importlib.import_module(module).VARIANTS)
    runs: dict[tuple[int, str], list[Run]] = {(s, n): [] for s in sizes for n in names}
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        for _ in range(rounds):
            for (size, name), came in runs.items():
                came.append(await loop.run_in_executor(fresh, _run, module, name, place, size))
    return [Series(name, size, came) for (size, name), came in runs.items()]


def peak_mb(*, anew: bool = False) -> float:
    """Peak memory of this process in MB, counted from here on with `anew`. Linux."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _run(module: str, name: str, place: Any, size: int) -> Run:
    return asyncio.run(_measured(importlib.import_module(module).VARIANTS[name], place, size))


async def _measured(variant: Variant, place: Any, size: int) -> Run:
    """One run; the median of several when it is short."""
    async with variant(place, size) as work:
        gc.collect()
        before = peak_mb(anew=True)
        ticker = asyncio.create_task(_longest_stall())
        await asyncio.sleep(0)
        times: list[float] = []
        given: Run | None = None
        cpu = time.process_time()
        while sum(times) < _LONG_ENOUGH_S and len(times) < _MOST_TIMES:
            began = time.perf_counter()
            given = await work()
            times.append(time.perf_counter() - began)
        cpu = (time.process_time() - cpu) / len(times)
        ticker.cancel()
        peak = peak_mb()
        return {
            "seconds": statistics.median(times),
            "cpu_seconds": cpu,
            "memory_mb": peak - before,
            "peak_mb": peak,
            "stall_ms": await ticker * 1_000,
        } | (given or {})


async def _longest_stall() -> float:
    """Seconds by which a tick of 1 ms came late at most, until cancelled."""
    longest, began = 0.0, time.perf_counter()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, began = max(longest, now - began - 0.001), now
    return max(longest, time.perf_counter() - began - 0.001)
