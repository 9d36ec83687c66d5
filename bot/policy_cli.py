"""`crosstalk policy explain` and `crosstalk policy test`: what the policy makes of somebody's SQL.

No source is asked. Exit codes: 0 it may be read or all cases hold, 1 it is refused or a case fails.
"""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.cells import printable
from bot.options import Model
from bot.policy_cases import aware, read_cases
from bot.settings import settings
from orchestrator.compile.verdict import Judge, Verdict
from orchestrator.question import Requester
from orchestrator.semantic import load

CASES = "policy_tests.yaml"

policy = typer.Typer(help="Show and test who may read what.", no_args_is_help=True)


@policy.command()
def explain(
    user: Annotated[str, typer.Argument(help="Slack's id of the person.")],
    query: Annotated[str, typer.Argument(metavar="SQL", help="SQL over the business entities.")],
    group: Annotated[list[str] | None, typer.Option(help="A user group they are in.")] = None,
    team: Annotated[str, typer.Option(help="Their workspace.")] = "T0",
    channel: Annotated[str, typer.Option(help="Where they ask.")] = "",
    email: Annotated[str, typer.Option(help="Their e-mail address.")] = "",
    at: Annotated[datetime | None, typer.Option(help="When, in UTC; else now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    model: Model = None,
) -> None:
    """Say what would be changed or refused of a person's SQL, and why; nothing is read."""
    requester = Requester(team, user, place=channel, groups=frozenset(group or ()), email=email)
    judge = Judge(load(model or settings().semantic_model))
    verdict = judge.verdict(query, requester, aware(at, datetime.now(UTC)))
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(verdict), ensure_ascii=False))
    else:
        _show(Console(), verdict)
    if verdict.outcome == "refused":
        raise typer.Exit(1)


@policy.command("test")
def run_cases(
    file: Annotated[
        Path | None, typer.Argument(help=f"The cases; else {CASES} beside the model.")
    ] = None,
    model: Model = None,
) -> None:
    """Hold the policy against cases of a YAML file."""
    path = model or settings().semantic_model
    judge, failed = Judge(load(path)), 0
    cases = read_cases(file or path.parent / CASES)
    for case in cases:
        failures = list(case.failures(judge))
        failed += bool(failures)
        typer.echo(f"{'✗' if failures else '✓'} {case.name}")
        for failure in failures:
            typer.echo(f"  {failure}")
    typer.echo(f"{len(cases) - failed} of {len(cases)} cases hold.")
    if failed:
        raise typer.Exit(1)


def _show(console: Console, verdict: Verdict) -> None:
    def say(words: str, style: str = "") -> None:
        console.print(Text(printable(words), style=style), soft_wrap=True)

    say({"as it is": "Read as it is.", "changed": "Changed:", "refused": "Refused:"}[
        verdict.outcome
    ], "bold")  # fmt: skip
    for one in verdict.said:
        say(f"- {one}")
    for entity, rules in verdict.rules:
        say(f"{entity}: {', '.join(rules) or 'no rule'}", "dim")
    if verdict.outcome == "changed":
        say(f"\n{verdict.sql}")
