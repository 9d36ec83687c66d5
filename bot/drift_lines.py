"""What has changed in a source, for people in a terminal, and as JSON for scripts."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.text import Text

from bot.cells import printable
from orchestrator.registry import Broken, Change, moment


@dataclass(frozen=True, slots=True)
class SourceDrift:
    """One source: when it was last read, why it could not be read now (or None), the changes of
    the last days, oldest first, and the bindings that are broken."""

    source: str
    read_at: datetime | None
    failure: str | None
    changes: Sequence[Change]
    broken: Sequence[Broken]


def show_drift(console: Console, drift: SourceDrift) -> None:
    """Print one source."""

    def say(words: str, style: str = "") -> None:
        console.print(Text(printable(words), style=style), soft_wrap=True)

    read = f"read {moment(drift.read_at)}" if drift.read_at else "never read"
    say(f"{drift.source}: {read}", "bold")
    if drift.failure is not None:
        say(f"⚠️  {drift.failure}", "yellow")
    for change in drift.changes:
        say(f"  {moment(change.at)}: {change}")
    for one in drift.broken:
        fields = ", ".join(f"{one.entity}.{field}" for field in one.fields) or one.entity
        say(f"✗ {fields}: {one.message}", "red")
    if drift.failure is None and not drift.broken:
        say("✓ Every binding of the semantic model fits.", "green")


def drift_line(drift: SourceDrift) -> str:
    """One source as a line of JSON."""
    found = dataclasses.asdict(drift)
    return json.dumps(found, ensure_ascii=False, default=datetime.isoformat)
