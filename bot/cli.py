"""The command line: ask, sql, plan, route, keys, drift, replay, serve, schema, check, and more.

Installed packages add commands of their own. Exit codes: 0 answered, 1 no answer, 2 something is
wrong with the question or the set-up. For `keys`, 1 says that keys do not meet; for `drift`, that a
binding is broken; for `replay`, that something differs; for `audit verify`, that the trail does.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapters.errors import ConfigurationError, CrosstalkError
from bot.audit_cli import audit_commands, replay
from bot.drift_cli import drift
from bot.event_lines import event_line, planned_line, problem_line
from bot.logs import set_up_logs
from bot.manifest import Variant, as_yaml
from bot.manifest import manifest as slack_manifest
from bot.options import Model
from bot.overlap_lines import overlap_line, show_overlap
from bot.plan_picture import PICTURES, save
from bot.plan_terminal import show_plan
from bot.policy_cli import policy
from bot.route_lines import route_line, show_routes
from bot.serve import serve as serve_bot
from bot.settings import Settings, settings
from bot.terminal import Terminal
from bot.verified_command import verified
from bot.wiring import opened_pipeline, routed
from orchestrator.approve import ApprovedPlan
from orchestrator.events import Finished
from orchestrator.explain import explain
from orchestrator.overlap import Overlap, overlaps
from orchestrator.pipeline import Pipeline, Proposed, Refused
from orchestrator.plan import Clarification
from orchestrator.question import Question, Requester, question
from orchestrator.semantic import SemanticModel, json_schema, load

COMMANDS = "crosstalk.commands"
NEEDS_DECISION = "This needs a person's decision, which is given in Slack. Ask there, or for less:"

Words = Annotated[str, typer.Argument(help="A question in your own words.", show_default=False)]
Sql = Annotated[str, typer.Argument(help="SQL over the business entities.", show_default=False)]
SqlOption = Annotated[str | None, typer.Option("--sql", help="SQL instead of a question.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON event a line.")]
PictureOption = Annotated[Path | None, typer.Option("--picture", help="An .svg or .png to write.")]
Today = Annotated[datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], hidden=True)]


def ask(words: Words, as_json: Json = False, model: Model = None, today: Today = None) -> None:
    """Answer a question."""
    _run(_Asking(words, None, as_json, model, today))


def sql(query: Sql, as_json: Json = False, model: Model = None, today: Today = None) -> None:
    """Answer SQL over the business entities; nothing is planned."""
    _run(_Asking(query, query, as_json, model, today))


def plan(
    words: Annotated[str | None, typer.Argument(help="A question in your own words.")] = None,
    query: SqlOption = None,
    as_json: Json = False,
    picture: PictureOption = None,
    model: Model = None,
    today: Today = None,
) -> None:
    """Show what would be asked of each source; nothing is read."""
    if (words is None) == (query is None):
        raise typer.BadParameter("Give a question, or SQL with --sql.")
    if picture is not None and picture.suffix not in PICTURES:
        raise typer.BadParameter(f"A picture's name ends with {' or '.join(PICTURES)}.")
    _run(_Asking(words or query or "", query, as_json, model, today), is_dry=True, picture=picture)


def route(words: Words, as_json: Json = False, model: Model = None) -> None:
    """Show which sources a question is about, how sure that is, and why; nothing is read."""
    asking = _Asking(words, None, as_json, model, None)
    set_up_logs(asking.settings.log_format, level=40)
    candidates, reason = asyncio.run(routed(asking.settings, asking.model, asking.question))
    if as_json:
        typer.echo(route_line(candidates, reason))
    else:
        show_routes(Console(), candidates, reason)


def keys(
    relationship: Annotated[
        str | None, typer.Option("--relationship", help="One alone, by its name.")
    ] = None,
    as_json: Json = False,
    with_examples: Annotated[
        bool, typer.Option("--examples", help="Show keys with no partner, at most 3 each.")
    ] = False,
    model: Model = None,
) -> None:
    """Compare the keys of relationships and bindings on live data, and propose transforms."""
    console = Console()
    if with_examples and (as_json or not console.is_terminal):
        raise typer.BadParameter("--examples shows data, and so in a terminal alone.")
    configured = settings()
    set_up_logs(configured.log_format, level=40)
    found = asyncio.run(
        _overlaps(configured, load(model or configured.semantic_model), relationship, with_examples)
    )
    for overlap in found:
        if as_json:
            typer.echo(overlap_line(overlap))
        else:
            show_overlap(console, overlap)
    if any(overlap.is_broken for overlap in found):
        raise typer.Exit(1)


async def _overlaps(
    configured: Settings, model: SemanticModel, relationship: str | None, with_examples: bool
) -> list[Overlap]:
    requester = Requester("local", "terminal", model.time_zone)
    async with opened_pipeline(configured, model, warm=False) as pipeline:
        return await overlaps(pipeline, requester, relationship, with_examples=with_examples)


def serve(model: Model = None) -> None:
    """Run the Slack bot."""
    configured = settings()
    set_up_logs(configured.log_format)
    asyncio.run(serve_bot(configured, load(model or configured.semantic_model)))


def schema() -> None:
    """Print the JSON Schema of the semantic model."""
    typer.echo(json_schema(), nl=False)


def check(model: Model = None) -> None:
    """Check the semantic model, without any source."""
    path = model or settings().semantic_model
    found = load(path)
    typer.echo(
        f"{path} is in order: {len(found.entities)} entities, {len(found.metrics)} metrics, "
        f"{len(found.relationships)} relationships, {len(found.sources)} sources."
    )


def manifest(
    http: Annotated[
        str | None, typer.Option("--http", help="The bot's own https address; else Socket Mode.")
    ] = None,
    variant: Annotated[Variant, typer.Option(help="For whom the app is.")] = Variant.internal,
    follow_ups: Annotated[
        bool, typer.Option(help="Hear messages in its threads that do not mention it.")
    ] = True,
) -> None:
    """Print the manifest of the Slack app."""
    if variant is Variant.distributed and http is None:
        raise typer.BadParameter("A distributed app is installed over HTTP: give --http.")
    typer.echo(as_yaml(slack_manifest(variant, http, follow_ups=follow_ups)), nl=False)


class _Asking:
    """One question from the command line, and how its answer is wanted."""

    def __init__(
        self, words: str, sql: str | None, as_json: bool, model: Path | None, today: datetime | None
    ) -> None:
        self.settings: Settings = settings()
        self.model: SemanticModel = load(model or self.settings.semantic_model)
        self.sql = sql
        self.as_json = as_json
        self.kinds = {name: source.kind for name, source in self.model.sources.items()}
        requester = Requester("local", "terminal", self.model.time_zone)
        noon = today.replace(hour=12, tzinfo=UTC) if today else datetime.now(UTC)
        self.question: Question = question(words, requester, asked_at=noon)


def _run(asking: _Asking, *, is_dry: bool = False, picture: Path | None = None) -> None:
    set_up_logs(asking.settings.log_format, level=40)
    if not asyncio.run(_answered(asking, is_dry, picture)):
        raise typer.Exit(1)


async def _answered(asking: _Asking, is_dry: bool, picture: Path | None) -> bool:
    warm = asking.settings.anthropic_api_key is not None
    async with opened_pipeline(asking.settings, asking.model, warm=warm) as pipeline:
        proposed = await pipeline.propose(asking.question, asking.sql)
        if not isinstance(proposed, Proposed):
            _show_problem(proposed, asking.as_json)
            return False
        if is_dry:
            _show_plan(proposed, asking, picture)
            return True
        if proposed.approved is None:
            _show_problem(Refused(NEEDS_DECISION, proposed.risk.reasons), asking.as_json)
            return False
        return await _show_run(pipeline, proposed, proposed.approved, asking)


async def _show_run(
    pipeline: Pipeline, proposed: Proposed, approved: ApprovedPlan, asking: _Asking
) -> bool:
    """Show every event; whether the last one brings an answer."""
    terminal = Terminal(Console(), asking.kinds)
    is_answered = False
    async for event in pipeline.run(approved):
        if asking.as_json:
            typer.echo(event_line(event, proposed.plan, asking.kinds))
        else:
            terminal.show(event)
        if isinstance(event, Finished):
            is_answered = not event.answer.failed
    return is_answered


def _show_plan(proposed: Proposed, asking: _Asking, picture: Path | None) -> None:
    planner, explained = proposed.draft.planner, explain(proposed.plan, asking.kinds)
    if picture is not None:
        save(explained, picture)
    if asking.as_json:
        typer.echo(planned_line(proposed.run_id, proposed.plan, planner, asking.kinds))
    else:
        show_plan(Console(), explained)


def _show_problem(problem: Clarification | Refused, as_json: bool) -> None:
    if as_json:
        typer.echo(problem_line(problem))
        return
    more = problem.options if isinstance(problem, Clarification) else problem.details
    typer.echo("\n".join([problem.message, *(f"  {line}" for line in more)]), err=True)


def command_line() -> typer.Typer:
    """The whole command line, with the commands that installed packages add to it."""
    app = typer.Typer(
        name="crosstalk",
        help="Answers questions about a company's data, across its databases.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for command in (ask, sql, plan, route, keys, drift, replay, verified):
        app.command()(command)
    for command in (serve, schema, check, manifest):
        app.command()(command)
    app.add_typer(audit_commands(), name="audit")
    app.add_typer(policy, name="policy")
    for point in entry_points(group=COMMANDS):
        _add(app, point)
    return app


def _add(app: typer.Typer, point: EntryPoint) -> None:
    try:
        app.add_typer(point.load(), name=point.name)
    except ImportError as error:
        app.command(point.name, help=f"Not installed: {error}.")(_not_installed(point, error))


def _not_installed(point: EntryPoint, error: ImportError) -> Callable[[], None]:
    def command() -> None:
        raise ConfigurationError(
            f"`crosstalk {point.name}` needs more packages ({error}). "
            f"Install them with: pip install 'crosstalk[{point.name}]'"
        )

    return command


def main() -> None:
    """The entry point of `crosstalk`."""
    try:
        command_line()()
    except CrosstalkError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
