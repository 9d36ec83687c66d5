"""`crosstalk verified`: the proposed verified queries, decisions on them, and the diff for the
model's file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from adapters.errors import ConfigurationError
from bot.logs import set_up_logs
from bot.options import Model
from bot.settings import Settings, settings
from bot.verified import diff, unfit
from bot.wiring import opened_pipeline
from orchestrator.approve.review import ProposedQuery, Verdict
from orchestrator.explain import pretty
from orchestrator.semantic import load
from orchestrator.store import ProposedQueries

SHORT_ID = 8
BY = "command line"
NO_SUCH = "No proposal that waits has the id {!r}. `crosstalk verified` lists them."


def verified(
    show_diff: Annotated[
        bool, typer.Option("--diff", help="Print a diff that adds what is accepted to the model.")
    ] = False,
    accept: Annotated[list[str] | None, typer.Option(help="Accept this proposal.")] = None,
    reject: Annotated[list[str] | None, typer.Option(help="Reject this proposal.")] = None,
    model: Model = None,
) -> None:
    """List the verified queries that people propose, decide on them, or print them as a diff."""
    configured = settings()
    set_up_logs(configured.log_format, level=40)
    path = model or configured.semantic_model
    found = asyncio.run(_fitting(configured, path, accept or [], reject or []))
    accepted = [one for one in found if one.status == "accepted"]
    typer.echo(diff(path, accepted) if show_diff else _listed(found), nl=False)


async def _fitting(
    configured: Settings, path: Path, accept: list[str], reject: list[str]
) -> list[ProposedQuery]:
    """Decide as chosen; then the proposals, waiting or accepted, that fit the model as it is."""
    now = datetime.now(UTC)
    async with opened_pipeline(configured, load(path), warm=False) as pipeline:
        kept = pipeline.proposed_queries
        for prefix in accept:
            await _decide(kept, prefix, "accepted", now)
        for prefix in reject:
            await _decide(kept, prefix, "rejected", now)
        return [one for one in await kept.open() if unfit(pipeline, one.question, one.sql) is None]


async def _decide(kept: ProposedQueries, prefix: str, verdict: Verdict, at: datetime) -> None:
    """Decide on the one that waits and whose id begins so. Raises ConfigurationError."""
    matching = [one for one in await kept.open() if one.id.startswith(prefix)]
    if len(matching) != 1 or len(prefix) < SHORT_ID:
        raise ConfigurationError(NO_SUCH.format(prefix))
    if await kept.decide(matching[0], verdict, BY, at) is None:
        raise ConfigurationError(NO_SUCH.format(prefix))


def _listed(found: list[ProposedQuery]) -> str:
    if not found:
        return "No verified queries are proposed.\n"
    return "\n".join(map(_shown, found))


def _shown(one: ProposedQuery) -> str:
    head = f"{one.id[:SHORT_ID]}  {one.status}  {one.why} by {one.proposed_by} of {one.team}"
    sql = "\n".join(f"    {line}" for line in pretty(one.sql).splitlines())
    return f"{head}, {one.proposed_at:%Y-%m-%d}\n  {one.question}\n{sql}\n"
