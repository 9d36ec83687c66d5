"""The runs under way in this process, by id, so that a person can stop one."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bot.slack.render import Message, escaped
from orchestrator.store import Stops

Person = tuple[str, str]
"""(team, user)"""
StopOutcome = Literal["stopped", "denied", "unknown"]
T = TypeVar("T")


class Stopped(Exception):
    """A person has stopped the run, `seconds` after it began."""

    def __init__(self, by: Person, seconds: float) -> None:
        super().__init__(f"stopped after {seconds:.0f} s")
        self.by = by
        self.seconds = seconds


@dataclass(slots=True)
class _Run:
    task: asyncio.Task[Any]
    people: Collection[Person]
    began: float
    stopped_by: Person | None = None


class Running:
    """Runs as cancellable tasks. What a run has asked of databases is cancelled with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._runs: dict[str, _Run] = {}

    async def until_done(
        self, run_id: str, people: Collection[Person], work: Coroutine[Any, Any, T]
    ) -> T:
        """What the work gives; `people` may stop it. Raises Stopped once it has been and ended."""
        run = _Run(asyncio.create_task(work), people, self._clock())
        self._runs[run_id] = run
        try:
            return await run.task
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if run.stopped_by is None or (own is not None and own.cancelling()):
                raise
            raise Stopped(run.stopped_by, self._clock() - run.began) from None
        finally:
            del self._runs[run_id]

    async def obey(self, stops: Stops) -> None:
        """Stop the runs here whose end was wished for in another process."""
        for run_id, person in (await stops.of(self._runs.keys())).items():
            self.stop(run_id, person)

    def stop(self, run_id: str, person: Person) -> StopOutcome:
        """Stop a run, if this person may and it is under way here."""
        run = self._runs.get(run_id)
        if run is None or run.task.done():
            return "unknown"
        if person not in run.people:
            return "denied"
        if run.stopped_by is None:
            run.stopped_by = person
            run.task.cancel()
        return "stopped"


def stopped_message(stopped: Stopped, read: Collection[str]) -> Message:
    """Who stopped a run, after how long, and what had been read: (source: entity, …)."""
    kept = f"{_listed(list(read))} had been read" if read else "nothing had been read"
    return Message(
        f"Stopped by <@{stopped.by[1]}> after {stopped.seconds:.0f} s; {escaped(kept)}. "
        "The queries under way were cancelled."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
