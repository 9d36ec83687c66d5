"""The real bot in this process, told by the sandbox's Slack over websockets or over HTTP.

A test is over websockets; one that is marked `both_ways` runs a second time over HTTP.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any, Literal, get_args

import pytest

from bot.serve import running
from bot.settings import Settings
from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.conftest import NOON, ROOT
from tests.leaks import SECRETS

MARCO, SALES = "U0MARCO", "C0SALES"
ANSWER_TIMEOUT_S = 60.0

Transport = Literal["websocket", "http"]
"""How Slack tells the bot of events, interactions and commands."""
both_ways = pytest.mark.parametrize("transport", get_args(Transport))


def bot_settings(sandbox: Sandbox, **changes: str) -> Settings:
    """The settings that the sandbox's environment gives, on a free port."""
    return Settings.model_validate({**sandbox.environment, "CROSSTALK_HTTP_PORT": "0", **changes})


@pytest.fixture
def transport() -> Transport:
    """Over websockets, unless the test is marked `both_ways`."""
    return "websocket"


@pytest.fixture(scope="session")
async def serving(sandbox: Sandbox, pipeline: Pipeline) -> AsyncGenerator[str]:
    """The bot with websockets and HTTP, its clock at noon of the tests' day: its HTTP address."""
    settings = bot_settings(sandbox)
    clock = lambda: NOON  # noqa: E731
    async with running(settings, pipeline, clock=clock, min_interval_s=0.0) as url:
        await sandbox.slack.connections.wait_for(1)
        yield url


@pytest.fixture
def bot(sandbox: Sandbox, serving: str, transport: Transport) -> Generator[str]:
    """The bot, told of everything by the test's transport alone; gives its HTTP address."""
    if transport == "http":
        sandbox.slack.request_url = f"{serving}/slack/events"
    yield serving
    sandbox.slack.request_url = None


async def command_line(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run `crosstalk` in a process of its own: its status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from bot.cli import main; main()",
        *arguments,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert SECRETS.kinds(output + errors) == []
    return process.returncode or 0, output.decode(), errors.decode()


def is_progress(message: dict[str, Any]) -> bool:
    """Whether a message is a run's progress message."""
    return any(block["type"] == "plan" for block in message.get("blocks") or [])


async def thread_until_answer(slack: LocalSlack, ts: str, changes: Any) -> list[dict[str, Any]]:
    """Every state of the bot's messages in a thread, the last one being the answer."""
    states: list[dict[str, Any]] = []
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        async for change in changes:
            message = change.get("message") or {}
            if message.get("thread_ts") != ts or message.get("user") != slack.bot_user_id:
                continue
            states.append(message)
            if not is_progress(message) and message.get("streaming_state") != "in_progress":
                break
    slack.workspace.unsubscribe(changes)
    return states


async def ask(
    sandbox: Sandbox, words: str, *, channel: str = SALES, thread_ts: str | None = None
) -> list[dict[str, Any]]:
    """Mention the bot as Marco, and wait for the answer."""
    changes = sandbox.slack.workspace.subscribe()
    ts = await sandbox.slack.post_as(MARCO, channel, f"@crosstalk {words}", thread_ts)
    return await thread_until_answer(sandbox.slack, thread_ts or ts, changes)


def table_of(message: dict[str, Any]) -> list[list[str]]:
    """The rows of an answer's table block, its header first; empty without one."""
    tables = [
        block for block in message.get("blocks") or [] if block["type"] in ("data_table", "table")
    ]
    return [[cell["text"] for cell in row] for row in tables[0]["rows"]] if tables else []
