"""`crosstalk sandbox`: a whole company on this machine, with the bot in its Slack or without."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapters.errors import ConfigurationError, CrosstalkError
from sandbox.demo import demo as run_demo
from sandbox.demo import until_told
from sandbox.load import Crowd, about, load, show
from sandbox.postgres import start_postgres
from sandbox.process import ServerFailed
from sandbox.reliability import keep_load
from sandbox.sandbox import Sandbox, open_sandbox
from sandbox.storm import Size, storm

app = typer.Typer(
    help="A whole company on this machine: databases, Vault and Slack.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path, typer.Option(help="Where the databases are kept.")]
Port = Annotated[int, typer.Option(help="The port of the Slack page; 0 takes a free one.")]
LOAD_SPEED = 20.0
"""How much faster than Slack's the limits are under load, else they would be what is measured."""
DATA, STORM = Path(".sandbox/demo"), Path(".sandbox/storm")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the first answer.")] = False,
    folder: Folder = DATA,
    port: Port = 0,
    question: Annotated[str, typer.Option(help="The first question.")] = "",
) -> None:
    """Start the company and the bot, ask a first question in Slack, and keep serving."""
    console = Console()

    async def go() -> bool:
        async with _opened(folder, port, console) as sandbox:
            return await run_demo(sandbox, console, once=once, words=question)

    if not _run(go()):
        raise typer.Exit(1)


@app.command()
def up(folder: Folder = DATA, port: Port = 0) -> None:
    """Start the company without the bot, and print the environment that the bot needs."""
    console = Console()

    async def go() -> bool:
        async with _opened(folder, port, console) as sandbox:
            for name, value in sandbox.environment.items():
                sys.stdout.write(f"export {name}='{value}'\n")
            sys.stdout.flush()
            page = sandbox.slack.page_url
            Console(stderr=True).print(f"Slack is at {page} — Ctrl-C ends all of it.")
            await until_told()
            return True

    _run(go())


@app.command(name="storm")
def storm_command(
    questions: Annotated[int, typer.Option(min=10, help="How many are asked.")] = 5_000,
    folder: Annotated[Path, typer.Option(help="Where the store and the logs are.")] = STORM,
) -> None:
    """Let a storm of questions loose on two replicas, kill one, and count the answers."""
    console = Console()

    async def go() -> bool:
        folder.mkdir(parents=True, exist_ok=True)
        postgres = await start_postgres(folder / "postgres")
        try:
            await postgres.create_database("storm", fresh=True)
            size = Size(questions=questions)
            with console.status(f"{questions:,} questions …"):
                report = await storm(size, folder, postgres.admin_dsn("storm"))
        finally:
            await postgres.stop()
        report.show(console)
        return not report.wrongs

    if not _run(go()):
        raise typer.Exit(1)


@app.command(name="load")
def load_command(
    questions: Annotated[int, typer.Option(min=20, help="How many ask at once.")] = 200,
    folder: Annotated[Path, typer.Option(help="Where the databases are kept.")] = DATA,
    keep: Annotated[bool, typer.Option("--keep", help="Write docs/reliability.md.")] = False,
) -> None:
    """Let many ask at once over the whole company, and tell how long they waited."""
    console = Console()

    async def go() -> bool:
        async with _opened(folder, 0, console, slack_speed=LOAD_SPEED) as sandbox:
            with tempfile.TemporaryDirectory() as own, console.status(f"{questions} questions …"):
                report = await load(sandbox, Crowd(questions), Path(own))
        show(report, console)
        if keep:
            keep_load(about(Crowd(questions), LOAD_SPEED), report.figures())
        return not report.wrongs

    if not _run(go()):
        raise typer.Exit(1)


@contextlib.asynccontextmanager
async def _opened(
    folder: Path, port: int, console: Console, slack_speed: float = 1.0
) -> AsyncGenerator[Sandbox]:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    async with contextlib.AsyncExitStack() as stack:
        with console.status("setting up") as status:
            sandbox = await stack.enter_async_context(
                open_sandbox(
                    folder,
                    datetime.now(UTC).date(),
                    slack_port=port,
                    slack_speed=slack_speed,
                    tell=lambda stage: status.update(f"{stage} …"),
                )
            )
        for missing in sandbox.missing:
            console.print(f"[yellow]Without MongoDB:[/] {missing}")
        yield sandbox


def _run(work: Coroutine[None, None, bool]) -> bool:
    try:
        return asyncio.run(work)
    except CrosstalkError:
        raise
    except (ServerFailed, OSError) as error:
        raise ConfigurationError(f"The sandbox can't go on: {error}") from error
    except KeyboardInterrupt:
        return True
