"""`python -m tests.locks [name …]`: switch locks off, one by one, and see that a test fails.

The tests that prove them run with all locks on, and have to pass; and lock by lock, in a process of
its own without it, where one of them has to fail. Two run at a time.
"""

import queue
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.locks.locks import Lock, all_locks
from tests.locks.process import preload, run

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of some tests without a lock: `by` is the test that failed, `wrong` says why that
    proves nothing."""

    seconds: float
    by: str = ""
    wrong: str = ""


def tried(lock: Lock, slot: str) -> Tried:
    """Switch one lock off."""
    seconds, told, output = run(lock.tests, lock.name, slot, "-x")
    if told is None:
        return Tried(seconds, wrong=f"pytest did not come to its end: {output}")
    for test, error in told["caught"].items():
        return Tried(seconds, by=f"{test.partition('::')[2]} ({error})")
    if told["broken"]:
        return Tried(seconds, wrong=f"it could not be tried: {told['broken'][0]}")
    return Tried(seconds, wrong=f"nobody notices: {told['passed']} tests pass without it")


def all_on(locks: Sequence[Lock], slot: str) -> Tried:
    """The tests of these locks with all of them on, which have to pass."""
    tests = dict.fromkeys(test for lock in locks for test in lock.tests)
    seconds, told, output = run([*tests], "", slot)
    if told is None:
        return Tried(seconds, wrong=f"pytest did not come to its end: {output}")
    if not told["passed"]:
        return Tried(seconds, wrong=f"no test was run: {output}")
    if wrong := [*told["caught"], *told["broken"]]:
        return Tried(seconds, wrong=f"with all locks on these fail: {', '.join(wrong)}")
    return Tried(seconds, by=f"{told['passed']} tests pass")


def try_all(locks: Sequence[Lock]) -> dict[str, Tried]:
    """Try all locks, telling each as it comes; what came of them by name."""
    preload()
    slots: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in range(AT_ONCE):
        slots.put(f"lock{number}")
    found: dict[str, Tried] = {}

    def one(lock: Lock | None) -> None:
        slot, name = slots.get(), lock.name if lock else "(all locks on)"
        told = tried(lock, slot) if lock else all_on(locks, slot)
        slots.put(slot)
        found[name] = told
        mark = "BAD" if told.wrong else "ok "
        print(f"{mark} {name:<32} {told.seconds:6.1f} s  {told.by or told.wrong}", flush=True)  # noqa: T201

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, [None, *locks]))
    return found


def main(names: Sequence[str]) -> int:
    """Try the locks of these names (none: all); 1 when one of them can go unnoticed."""
    known = all_locks()
    if unknown := [name for name in names if name not in known]:
        print(f"There is no lock {', '.join(unknown)}. There are: {', '.join(known)}.")  # noqa: T201
        return 2
    began = time.monotonic()
    found = try_all([known[name] for name in names] or [*known.values()])
    print(f"{len(found) - 1} locks in {time.monotonic() - began:.0f} s.")  # noqa: T201
    if bad := [name for name, told in found.items() if told.wrong]:
        print(f"Not proven: {', '.join(bad)}.")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
