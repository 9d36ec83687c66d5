"""The demo: the real bot beside the sandbox, a first question by mention, the thread as it grows.

What the terminal shows is read from the local Slack, so it is what the thread shows.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator
from html import unescape
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox.process import ServerFailed
from sandbox.sandbox import Sandbox
from sandbox.slack.chat import STREAMING

QUESTION = "which enterprise customers with open P1 tickets spent the most last quarter?"
ASKER, CHANNEL = "U0MARCO", "C0SALES"
TABLES = ("data_table", "table")
START_TIMEOUT_S, ANSWER_TIMEOUT_S = 60.0, 120.0
CHART, FOLLOW_UP = "revenue by month in 2026", "and by country?"
APPROVAL = "emails of enterprise customers in Germany"
HISTORY = "slack messages of enterprise customers in the last 30 days by customer"
TRY = f"""
  a chart        @crosstalk {CHART}
  a follow-up    {FOLLOW_UP}   (in the thread of that answer, without a mention)
  an approval    @crosstalk {APPROVAL}
                 then act as Ada Lindqvist (at the top of the page) and approve
  for you alone  the same in #data: the policy lets #sales see addresses, and no other channel
  Slack's own    @crosstalk {HISTORY}
                 (what was said in the channels shared with them, joined with PostgreSQL)"""


async def demo(sandbox: Sandbox, console: Console, *, once: bool, words: str = "") -> bool:
    """Run the demo; whether the first question was answered. Serves on until told, unless once."""
    planner = "Claude" if os.environ.get("ANTHROPIC_API_KEY") else "the offline planner"
    async with _bot(sandbox):
        page = f"{sandbox.slack.page_url}?user={ASKER}&channel={CHANNEL}"
        console.print(f"Slack is at [bold]{page}[/]")
        console.print(f"Questions are planned by {planner}.\n")
        answered = await _first_question(sandbox, console, words or QUESTION)
        if not once:
            console.print(f"\nOpen the page and ask on; Ctrl-C ends the demo.\n{TRY}")
            await until_told()
        return answered


@contextlib.asynccontextmanager
async def _bot(sandbox: Sandbox) -> AsyncGenerator[None]:
    """The real bot as a process of its own, told of the sandbox by its environment alone."""
    log = sandbox.folder / "bot.log"
    settings = {
        "CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{sandbox.folder}/store.db",
        "CROSSTALK_INDEX_FOLDER": f"{sandbox.folder}/index",
        "CROSSTALK_HTTP_PORT": "0",
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from bot.cli import main; main()",
            "serve",
            env={**os.environ, **settings, **sandbox.environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            await _connected(sandbox, process, log)
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()


async def _connected(sandbox: Sandbox, process: asyncio.subprocess.Process, log: Path) -> None:
    connected = asyncio.create_task(sandbox.slack.connections.wait_for(1))
    ended = asyncio.create_task(process.wait())
    await asyncio.wait(
        {connected, ended}, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
    )
    is_up = connected.done()
    for task in (connected, ended):
        task.cancel()
    if not is_up:
        said = await asyncio.to_thread(log.read_text)
        raise ServerFailed(f"the bot did not start. Its log ends with:\n{said[-1500:]}")


async def _first_question(sandbox: Sandbox, console: Console, words: str) -> bool:
    changes = sandbox.slack.workspace.subscribe()
    ts = await sandbox.slack.post_as(ASKER, CHANNEL, f"@crosstalk {words}")
    console.print(f"[bold]Marco in #sales[/]: @crosstalk {escape(words)}\n")
    shown: set[str] = set()
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        async for change in changes:
            message = change.get("message") or {}
            if change["type"] not in ("message", "message_changed"):
                continue
            if message.get("thread_ts") != ts or message.get("user") == ASKER:
                continue
            if message.get("streaming_state") == STREAMING:
                continue
            blocks: list[dict[str, Any]] = message.get("blocks") or []
            if any(block["type"] == "plan" for block in blocks):
                _show_progress(console, blocks, shown)
            else:
                _show_answer(console, message.get("text", ""), blocks)
                return any(block["type"] in TABLES for block in blocks)
    return False


def _show_progress(console: Console, blocks: list[dict[str, Any]], shown: set[str]) -> None:
    """Print what is new in the progress message."""
    signs = {"complete": "[green]✓[/]", "error": "[red]✗[/]", "in_progress": "…", "pending": "○"}
    for plan in (block for block in blocks if block["type"] == "plan"):
        title = f"[bold]{escape(plan['title'])}[/]"
        lines = [
            f"  {signs[task['status']]} {escape(task['title'])}  {escape(_plain(task))}"
            for task in plan["tasks"]
            if task["status"] in ("complete", "error")
        ]
        for line in [*lines, title] if shown else [title, *lines]:
            if line not in shown:
                shown.add(line)
                console.print(line)


def _plain(task: dict[str, Any]) -> str:
    """The words of a task card's output."""
    return " ".join(
        part.get("text", "")
        for section in (task.get("output") or {}).get("elements", [])
        for part in section.get("elements", [])
    )


def _show_answer(console: Console, text: str, blocks: list[dict[str, Any]]) -> None:
    console.print()
    if not blocks:
        console.print(escape(unescape(text)))
    for block in blocks:
        match block["type"]:
            case "section":
                console.print(escape(unescape(block["text"]["text"])))
            case "markdown":
                console.print(escape(unescape(text)))
            case "context":
                console.print(f"[dim]{escape(unescape(block['elements'][0]['text']))}[/]")
            case kind if kind in TABLES:
                console.print(_table(block))
            case "data_visualization":
                console.print(f"[dim]{escape(block['title'])}: a chart, on the page[/]")
            case _:
                pass


def _table(block: dict[str, Any]) -> Table:
    header, *rows = block["rows"]
    table = Table(show_edge=False)
    for place, cell in enumerate(header):
        is_number = any(row[place]["type"] == "raw_number" for row in rows)
        table.add_column(escape(cell["text"]), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(escape(cell["text"]) for cell in row))
    return table


async def until_told() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    await told.wait()
