"""A run's events to one progress message: a plan block with a card per source.

Edits are coalesced to one per interval; the last state is always shown, and nothing after it.
"""

import asyncio
import contextlib
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError

from bot.cells import number, timing
from bot.slack.pace import LeftOut, courtesy
from bot.slack.render import Message, clipped, escaped
from bot.slack.thread import PROGRESS, Thread
from orchestrator.compile.plan import Plan
from orchestrator.events import Event, Failed, Finished, Joined, Skipped, Started, Succeeded

log = structlog.get_logger(__name__)

JOIN = "join"
MAX_CARDS, MAX_WORDS = 49, 256
Status = Literal["pending", "in_progress", "complete", "error"]
SIGNS: dict[Status, str] = {"pending": "○", "in_progress": "…", "complete": "✓", "error": "✗"}


@dataclass(frozen=True, slots=True)
class Card:
    """One line of the plan."""

    title: str
    status: Status = "pending"
    output: str = ""
    unit: str = "rows"

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "in_progress")


class Progress:
    """The progress message of one run: `async with` posts it, and ends it.

    It is a courtesy: where Slack has no room for it, the run goes on without.
    """

    def __init__(self, thread: Thread, plan: Plan, *, min_interval_s: float = 3.0) -> None:
        self._thread = thread
        self._min_interval_s = min_interval_s
        self._cards = {s.id: Card(f"{s.source}: {s.entity}", unit=s.unit) for s in plan.steps}
        self._title = "Reading " + ", ".join(dict.fromkeys(step.source for step in plan.steps))
        if len(plan.steps) > 1:
            self._cards[JOIN] = Card("Join")
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._shown = self._message()
        self._ts = await self._begun()
        self._edits = asyncio.create_task(self._edit_while_going())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._close("Stopped")
        self._ended.set()
        self._changed.set()
        await self._edits

    async def _begun(self) -> str | None:
        try:
            with courtesy():
                return await self._thread.post(self._shown, PROGRESS)
        except LeftOut:
            return None

    def show(self, event: Event) -> None:
        """Take one event into the message; an edit follows when it is time."""
        match event:
            case Started():
                self._set(event.step, "in_progress")
            case Succeeded():
                output = f"{number(event.rows)} {self._unit(event.step)} · {timing(event)}"
                cut = " · cut at the limit" if event.truncated else ""
                self._set(event.step, "complete", output + cut)
            case Failed():
                self._set(event.step, "error", event.reason)
            case Skipped():
                self._set(event.step, "complete", f"Skipped: {event.reason}")
            case Joined():
                output = f"{number(event.rows)} rows · {event.seconds:.2f} s"
                self._set(JOIN, "complete", "; ".join([output, *event.notes]))
            case Finished():
                done = f"Done in {event.answer.seconds:.2f} s"
                self._close("Could not answer" if event.answer.failed else done)
            case _:
                pass
        self._changed.set()

    def _unit(self, step: str) -> str:
        return self._cards[step].unit

    def _set(self, card: str, status: Status, output: str = "") -> None:
        if card in self._cards:
            self._cards[card] = replace(self._cards[card], status=status, output=output)

    def _close(self, title: str) -> None:
        self._title = title
        for name, card in self._cards.items():
            if card.is_open:
                self._set(name, "error", "not done")

    async def _edit_while_going(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._min_interval_s)
            await self._changed.wait()
            await self._edit()
        await self._edit()

    async def _edit(self) -> None:
        self._changed.clear()
        message = self._message()
        if message == self._shown or self._ts is None:
            return
        try:
            with courtesy():
                await self._thread.edit(self._ts, message)
            self._shown = message
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("progress_not_shown", reason=type(error).__name__)

    def _message(self) -> Message:
        tasks = [_task(name, card) for name, card in list(self._cards.items())[:MAX_CARDS]]
        title = clipped(self._title, MAX_WORDS)
        lines = [f"{SIGNS[c.status]} {c.title} {c.output}".strip() for c in self._cards.values()]
        text = escaped("\n".join([self._title, *lines]))
        return Message(text, [{"type": "plan", "title": title, "tasks": tasks}])


def _task(name: str, card: Card) -> dict[str, Any]:
    task = {"type": "task_card", "task_id": name, "status": card.status}
    task["title"] = clipped(card.title, MAX_WORDS)
    if not card.output:
        return task
    words = {"type": "text", "text": clipped(card.output, MAX_WORDS)}
    section = {"type": "rich_text_section", "elements": [words]}
    return {**task, "output": {"type": "rich_text", "elements": [section]}}
