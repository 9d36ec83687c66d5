"""`crosstalk drift`: what has changed in each source, for people in a terminal, and as JSON for
scripts. Exit code 1: a binding is broken.
"""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.cells import printable
from bot.logs import set_up_logs
from bot.options import Model
from bot.settings import Settings, settings
from bot.wiring import opened_pipeline
from orchestrator.registry import Broken, Change, Converted, moment
from orchestrator.semantic import SemanticModel, load


@dataclass(frozen=True, slots=True)
class SourceDrift:
    """One source: when it was last read, why it could not be read now (or None), the changes of
    the last days, oldest first, and the bindings that are broken or read through a conversion."""

    source: str
    read_at: datetime | None
    failure: str | None
    changes: Sequence[Change]
    broken: Sequence[Broken]
    converted: Sequence[Converted]


def drift(
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a source.")] = False,
    days: Annotated[float, typer.Option(help="How far back changes are shown.")] = 7,
    model: Model = None,
) -> None:
    """Read every source's catalog, and show what has changed and which bindings do not fit."""
    configured = settings()
    set_up_logs(configured.log_format, level=40)
    found = asyncio.run(_drifts(configured, load(model or configured.semantic_model), days))
    for one in found:
        if as_json:
            typer.echo(_as_json(one))
        else:
            _show(Console(), one)
    if any(one.broken for one in found):
        raise typer.Exit(1)


async def _drifts(configured: Settings, model: SemanticModel, days: float) -> list[SourceDrift]:
    async with opened_pipeline(configured, model, warm=False) as pipeline:
        registry, since = pipeline.registry, datetime.now(UTC) - timedelta(days=days)
        await registry.refresh(model.sources, keep_s=0, timeout_s=60)
        broken, converted = registry.broken(model), registry.converted(model)
        return [
            SourceDrift(
                name,
                registry.read_at(name),
                registry.failure(name),
                registry.changes(name, since),
                [one for one in broken if one.source == name],
                [one for one in converted if one.source == name],
            )
            for name in model.sources
        ]


def _show(console: Console, drift: SourceDrift) -> None:
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
    for slow in drift.converted:
        say(f"≈ {slow.entity}.{slow.field}: {slow.message}")
    if drift.failure is None and not drift.broken:
        say("✓ Every binding of the semantic model fits.", "green")


def _as_json(drift: SourceDrift) -> str:
    found = dataclasses.asdict(drift)
    return json.dumps(found, ensure_ascii=False, default=datetime.isoformat)
