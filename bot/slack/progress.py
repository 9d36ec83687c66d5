"""A run's events to one progress message: a plan block with a card per source.

Edits are coalesced to one per interval; the last state is always shown, and nothing after it.
"""

import asyncio
import contextlib
import re
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

import structlog

from bot.cells import number, timing
from bot.slack.pace import LeftOut, courtesy
from bot.slack.render import Block, Message, button, clipped, escaped
from bot.slack.thread import PROGRESS, SLACK_FAILURES, Thread
from orchestrator.answer import Answer
from orchestrator.compile.plan import Plan
from orchestrator.events import Event, Failed, Finished, Joined, Skipped, Started, Succeeded
from orchestrator.explain import ExplainedStep, explain

log = structlog.get_logger(__name__)

STOP = "stop_run"
JOIN, ANSWER = "join", "answer"
SPARE_EDITS, LAST_PATIENCE_S = 5, 10.0  # the edits on the way leave room for the last one
LAST_PAUSES_S = (0.3, 1.0)  # it is tried again, so that nothing seems to go on for ever
MAX_CARDS, MAX_WORDS, MAX_PUSHED = 49, 256, 160
_MIDNIGHT = re.compile(r" 00:00:00(\+00(:00)?)?(?=')")
_QUOTED_OR_ALIAS = re.compile(r"('[^']*')|\b[a-z]\w*\.(?=[a-z_])")
Status = Literal["pending", "in_progress", "complete", "error"]
SIGNS: dict[Status, str] = {"pending": "○", "in_progress": "…", "complete": "✓", "error": "✗"}


@dataclass(frozen=True, slots=True)
class Card:
    """One line of the plan. `details` say what the source does itself."""

    title: str
    details: str = ""
    status: Status = "pending"
    output: str = ""
    unit: str = "rows"

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "in_progress")


class Progress:
    """The progress message of one run: `async with` posts it, and ends it.

    It is a courtesy: where Slack has no room for it, the run goes on without. While it goes on
    there is a button that stops it; its value is the run's id.
    """

    def __init__(
        self, thread: Thread, plan: Plan, run_id: str, *, min_interval_s: float = 3.0
    ) -> None:
        self._thread = thread
        self._run_id = run_id
        self._min_interval_s = min_interval_s
        told = {step.id: step for step in explain(plan, {}).steps}
        self._cards = {
            step.id: Card(f"{step.source}: {step.entity}", _pushed(told[step.id]), unit=step.unit)
            for step in plan.steps
        }
        self._fetches = tuple(self._cards)
        self._is_over = False
        self._title = "Reading " + ", ".join(dict.fromkeys(step.source for step in plan.steps))
        if len(plan.steps) > 1:
            self._cards[JOIN] = Card("Join")
        self._cards[ANSWER] = Card("Answer")
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

    @property
    def read(self) -> tuple[str, ...]:
        """What has been read so far: each finished fetch by its source and entity."""
        done = (self._cards[step] for step in self._fetches)
        return tuple(card.title for card in done if card.status == "complete" and card.output)

    def show(self, event: Event) -> None:
        """Take one event into the message; an edit follows when it is time."""
        match event:
            case Started():
                self._set(event.step, "in_progress")
            case Succeeded():
                output = f"{_counted(event.rows, self._cards[event.step].unit)} · {timing(event)}"
                cut = " · cut at the limit" if event.truncated else ""
                self._set(event.step, "complete", output + cut)
            case Failed():
                self._set(event.step, "error", event.reason)
            case Skipped():
                self._set(event.step, "complete", f"Skipped: {event.reason}")
            case Joined():
                output = f"{_counted(event.rows)} · {event.seconds:.2f} s"
                self._set(JOIN, "complete", "; ".join([output, *event.notes]))
                self._set(ANSWER, "in_progress")
            case Finished():
                self._finish(event.answer)
            case _:
                pass
        if not any(self._cards[step].is_open for step in self._fetches):
            self._begin(JOIN)
        self._changed.set()

    def _set(self, card: str, status: Status, output: str = "") -> None:
        if card in self._cards:
            self._cards[card] = replace(self._cards[card], status=status, output=output)

    def _finish(self, answer: Answer) -> None:
        if answer.failed:
            self._close("Could not answer")
            return
        counted = _counted(answer.table.num_rows)
        self._set(ANSWER, "complete", f"{counted} · {answer.confidence.level} confidence")
        self._close(f"Done in {answer.seconds:.2f} s")

    def _begin(self, card: str) -> None:
        if card in self._cards and self._cards[card].status == "pending":
            self._set(card, "in_progress")

    def _close(self, title: str) -> None:
        self._title = title
        self._is_over = True
        for name, card in self._cards.items():
            if card.is_open:
                self._set(name, "error", "not done")

    async def _edit_while_going(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._min_interval_s)
            await self._changed.wait()
            await self._edit(0.0, SPARE_EDITS)
        for pause_s in (*LAST_PAUSES_S, 0.0):
            await self._edit(LAST_PATIENCE_S)
            if self._shown == self._message() or self._ts is None:
                return
            await asyncio.sleep(pause_s)

    async def _edit(self, patience_s: float, spare: int = 0) -> None:
        self._changed.clear()
        message = self._message()
        if message == self._shown or self._ts is None:
            return
        try:
            with courtesy(patience_s, spare=spare):
                await self._thread.edit(self._ts, message)
            self._shown = message
        except SLACK_FAILURES as error:
            log.warning("progress_not_shown", reason=type(error).__name__)

    def _message(self) -> Message:
        *steps, answer = [_task(name, card) for name, card in self._cards.items()]
        lines = [f"{SIGNS[c.status]} {c.title} {c.output}".strip() for c in self._cards.values()]
        plan = {
            "type": "plan",
            "title": clipped(self._title, MAX_WORDS),
            "tasks": [*steps[: MAX_CARDS - 1], answer],
        }
        blocks = [plan] if self._is_over else [plan, _stop(self._run_id)]
        return Message(escaped("\n".join([self._title, *lines])), blocks)


def _counted(rows: int, unit: str = "rows") -> str:
    return f"{number(rows)} {unit.removesuffix('s') if rows == 1 else unit}"


def _pushed(step: ExplainedStep) -> str:
    """What a source does itself, in few words: no aliases, and days as days."""
    words = [_QUOTED_OR_ALIAS.sub(r"\1", _MIDNIGHT.sub("", one)) for one in step.done]
    if step.bounded_by:
        words.append(f"only the {step.bounded_by.column} that {step.bounded_by.step} found")
    return clipped("; ".join(words), MAX_PUSHED)


def _stop(run_id: str) -> Block:
    return {"type": "actions", "elements": [button("Stop", STOP, run_id)]}


def _task(name: str, card: Card) -> dict[str, Any]:
    task = {"type": "task_card", "task_id": name, "status": card.status}
    task["title"] = clipped(card.title, MAX_WORDS)
    said = {"details": card.details, "output": card.output}
    return {**task, **{part: _rich(words) for part, words in said.items() if words}}


def _rich(text: str) -> Block:
    words = {"type": "text", "text": clipped(text, MAX_WORDS)}
    section = {"type": "rich_text_section", "elements": [words]}
    return {"type": "rich_text", "elements": [section]}
