"""The demo as a person starts it: it ends with the first answer and status 0."""

import asyncio
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.timeout(400)
async def test_the_demo_shows_the_joined_answer_and_ends() -> None:
    """`crosstalk sandbox demo --once` shows each source, the joined rows and the answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from bot.cli import main; main()",
        "sandbox",
        "demo",
        "--once",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    said = output.decode()
    assert process.returncode == 0, said + errors.decode()
    for wanted in ("sales: order", "support: ticket", "Join", "leads with", "offline planner"):
        assert wanted in said
