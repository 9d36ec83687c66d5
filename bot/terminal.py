"""A run's events to lines of a terminal, then the table, the sentence and what to know."""

from collections.abc import Mapping

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from bot.cells import cells, confidence_line, number, printable, timing
from orchestrator.answer import Answer
from orchestrator.compile.plan import FetchStep
from orchestrator.events import Event, Failed, Finished, Joined, Planned, Skipped, Succeeded

MAX_ROWS = 100
JOINED = "[JOINED]"


class Terminal:
    """Shows one run. `kinds` says for each source what it is: postgres, mongo, qdrant."""

    def __init__(self, console: Console, kinds: Mapping[str, str]) -> None:
        self._console = console
        self._kinds = kinds
        self._steps: dict[str, FetchStep] = {}
        self._width = len(JOINED)

    def show(self, event: Event) -> None:
        """Print what an event tells, if anything."""
        match event:
            case Planned():
                self._steps = {step.id: step for step in event.plan.steps}
                self._width = max(len(JOINED), *(len(self._tag(s)) for s in self._steps))
            case Succeeded():
                cut = "  (cut at the limit)" if event.truncated else ""
                unit = self._steps[event.step].unit
                counted = f"{number(event.rows):>3} {unit}  {timing(event)}{cut}"
                self._line(self._tag(event.step), counted)
            case Failed():
                self._line(self._tag(event.step), f"failed  {event.seconds:.2f} s  {event.reason}")
            case Skipped():
                self._line(self._tag(event.step), f"skipped  {event.reason}")
            case Joined():
                notes = f"  ({'; '.join(event.notes)})" if event.notes else ""
                self._line(JOINED, f"{number(event.rows):>3} rows{notes}")
            case Finished():
                self._answer(event.answer)
            case _:
                pass

    def _tag(self, step: str) -> str:
        source = self._steps[step].source
        return f"[{self._kinds.get(source, 'source')} {source}]"

    def _line(self, tag: str, words: str) -> None:
        self._say(f"{tag:<{self._width}}  {words}")

    def _say(self, words: str) -> None:
        self._console.print(Text(printable(words)), soft_wrap=True)

    def _answer(self, answer: Answer) -> None:
        if answer.table.num_rows and answer.table.num_columns:
            self._say("")
            self._table(answer)
        self._say("")
        self._say(answer.text)
        if answer.partial:
            self._say("⚠️  Partial answer: a source is missing, see above.")
        for warning in answer.warnings:
            self._say(f"⚠️  {warning}")
        for assumption in answer.assumptions:
            self._say(f"Assumed: {assumption}")
        if not answer.failed:
            self._say(confidence_line(answer))

    def _table(self, answer: Answer) -> None:
        shown = cells(answer, MAX_ROWS)
        table = Table()
        for name, right in zip(shown.columns, shown.numeric, strict=True):
            justify = "right" if right else "left"
            table.add_column(Text(name), justify=justify, overflow="fold")
        for row in shown.rows:
            table.add_row(*(Text(text) for text in row))
        if not self._console.is_terminal:
            needed = Measurement.get(self._console, self._wide(), table).maximum
            self._console.width = max(needed, self._console.width)
        self._console.print(table)
        if shown.total_rows > len(shown.rows):
            self._say(f"… {number(shown.total_rows - len(shown.rows))} more rows (see all: --json)")

    def _wide(self) -> ConsoleOptions:
        return self._console.options.update(width=10_000)
