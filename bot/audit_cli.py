"""The commands of whoever answers for the bot: is the audit trail whole, what does it tell, and
does an answer come out the same. Exit codes as in `bot.cli`; 1 where something is amiss."""

import asyncio
import getpass
import re
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from adapters.errors import ConfigurationError
from bot.audit_lines import show_replayed, show_run, show_verdict
from bot.logs import set_up_logs
from bot.options import Model
from bot.replaying import Replayed, replayed
from bot.settings import Settings, settings
from bot.wiring import opened_pipeline, opened_store
from orchestrator.audit import Verdict, Verifier
from orchestrator.pipeline import Refused
from orchestrator.semantic import SemanticModel, load
from orchestrator.store import Head, Ledger, Record, Store, StoredRun, Trail

RunId = Annotated[str, typer.Argument(help="The id of a run.", show_default=False)]
HeadOption = Annotated[
    str | None, typer.Option("--head", help="A head that `audit head` printed, kept elsewhere.")
]
Before = Annotated[datetime, typer.Option("--before", formats=["%Y-%m-%d"], help="A day, in UTC.")]


def audit_commands() -> typer.Typer:
    """The commands under `crosstalk audit`."""
    app = typer.Typer(help="Verify, read, export and prune the audit trail.", no_args_is_help=True)
    for command in (verify, show, export, head, prune):
        app.command()(command)
    return app


def verify(anchor: HeadOption = None) -> None:
    """Find any record that was changed, removed, put in or moved."""
    verdict = asyncio.run(_verified(_configured(), None if anchor is None else _head(anchor)))
    show_verdict(Console(), verdict)
    if verdict.faults:
        raise typer.Exit(1)


def show(run_id: RunId) -> None:
    """Tell the whole story of one answer."""
    configured = _configured()
    run, records, changed = asyncio.run(_story(configured, run_id))
    if not records:
        typer.echo(f"The audit trail has no record of a run {run_id}.", err=True)
        raise typer.Exit(1)
    show_run(Console(), run, records, changed)
    if changed:
        raise typer.Exit(1)


def export() -> None:
    """Print every record as a line of JSON, oldest first."""
    asyncio.run(_exported(_configured()))


def head() -> None:
    """Print the chain's head, to keep where nobody who can write the store can reach it."""
    typer.echo(str(asyncio.run(_kept_head(_configured()))))


def prune(before: Before) -> None:
    """Delete the records of before a day, and leave one that says so."""
    configured, day = _configured(), before.replace(tzinfo=UTC)
    verdict, count = asyncio.run(_pruned(configured, day))
    if verdict.faults:
        show_verdict(Console(), verdict)
        typer.echo("Nothing was deleted: a trail that is not whole is kept as it is.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{count:,} record{'' if count == 1 else 's'} of before {day:%Y-%m-%d} deleted.")


def replay(
    run_id: RunId,
    is_confirmed: Annotated[
        bool, typer.Option("--confirm", help="Run again what people had to approve.")
    ] = False,
    model: Model = None,
) -> None:
    """Run a stored answer again, without a planner, and say what differs; no rows are shown."""
    configured = _configured()
    loaded = load(model or configured.semantic_model)
    outcome = asyncio.run(_replayed(configured, loaded, run_id, is_confirmed))
    if isinstance(outcome, Refused):
        lines = [outcome.message, *(f"  {one}" for one in outcome.details)]
        typer.echo("\n".join(lines), err=True)
        raise typer.Exit(1)
    show_replayed(Console(), outcome)
    if outcome.differences:
        raise typer.Exit(1)


def _configured() -> Settings:
    configured = settings()
    set_up_logs(configured.log_format, level=40)
    return configured


def _head(text: str) -> Head:
    found = re.fullmatch(r"(\d+):([0-9a-f]{64})", text.strip())
    if found is None:
        raise typer.BadParameter("A head is a number, a colon and 64 hexadecimal digits.")
    return Head(int(found[1]), found[2])


async def _verified(configured: Settings, anchor: Head | None) -> Verdict:
    async with opened_store(configured) as store:
        return await _verdict(store, anchor)


async def _verdict(store: Store, anchor: Head | None = None) -> Verdict:
    """The verdict on the records up to the head as it is now; what is added meanwhile waits."""
    trail, verifier = Trail(store.engine), Verifier(Ledger.of(store.engine).seal, anchor)
    last = await trail.head()
    async for record in trail.records(last.seq if last else None):
        verifier.see(record)
    return verifier.end(last)


async def _story(
    configured: Settings, run_id: str
) -> tuple[StoredRun | None, list[Record], list[int]]:
    async with opened_store(configured) as store:
        records, seal = await Trail(store.engine).of(run_id), Ledger.of(store.engine).seal
        changed = [record.seq for record in records if seal.hash(record) != record.hash]
        return await store.recall(run_id), records, changed


async def _exported(configured: Settings) -> None:
    async with opened_store(configured) as store:
        async for record in Trail(store.engine).records():
            typer.echo(record.line)


async def _kept_head(configured: Settings) -> Head:
    async with opened_store(configured) as store:
        found = await Trail(store.engine).head()
    if found is None:
        raise ConfigurationError("The audit trail has lost its head: see crosstalk audit verify.")
    return found


async def _pruned(configured: Settings, before: datetime) -> tuple[Verdict, int]:
    async with opened_store(configured) as store:
        verdict = await _verdict(store)
        if verdict.faults:
            return verdict, 0
        return verdict, await Trail(store.engine).prune(before, getpass.getuser())


async def _replayed(
    configured: Settings, model: SemanticModel, run_id: str, is_confirmed: bool
) -> Replayed | Refused:
    async with opened_pipeline(configured, model, warm=False) as pipeline:
        at, by = datetime.now(UTC), getpass.getuser()
        return await replayed(pipeline, run_id, by, at, is_confirmed=is_confirmed)
