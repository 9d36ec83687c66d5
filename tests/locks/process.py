"""pytest in a process of its own, forked from one that has imported the libraries already."""

import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 400.0
OPTIONS = (
    *("-p", "tests.locks.plugin", "-p", "no:cacheprovider", "-p", "no:xdist"),
    "--confcutdir=tests/unit",  # no proof uses what the whole suite shares and imports
    *("--timeout=120", "-o", "addopts=", "-q", "--tb=line"),
)
PRELOADED = """pytest aiohttp alembic.config anthropic asyncpg duckdb fastapi hvac hypothesis motor
motor.motor_asyncio numpy pyarrow pydantic_settings pymongo qdrant_client rich.console slack_bolt
slack_bolt.async_app sqlalchemy.ext.asyncio sqlglot.optimizer structlog tenacity typer"""
"""What every process is forked with, since to import it takes longer than most tests."""
FORKED = multiprocessing.get_context("forkserver")


def preload() -> None:
    """Have the libraries imported once, for all that is run later."""
    FORKED.set_forkserver_preload([str(name) for name in PRELOADED.split()])


def in_process(arguments: Sequence[str], environment: dict[str, str], log: str) -> None:
    """Run pytest in this process, which was forked for it."""
    with Path(log).open("wb") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    os.environ.update(environment)
    os._exit(pytest.main([*arguments]))


def run(tests: Sequence[str], off: str, slot: str, *more: str) -> tuple[float, Any, str]:
    """Run tests without a lock ("": with all): seconds, what the plugin told (None when it did
    not), and the end of what pytest printed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told, log = Path(folder) / "told.json", Path(folder) / "log"
        environment = {
            "CROSSTALK_LOCK_OFF": off,
            "CROSSTALK_LOCK_TOLD": str(told),
            "PYTEST_XDIST_WORKER": slot,  # its servers have a folder of their own
        }
        arguments = (*OPTIONS, *more, *tests)
        process = FORKED.Process(target=in_process, args=(arguments, environment, str(log)))
        process.start()
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()
        found = json.loads(told.read_text()) if told.exists() else None
        return time.monotonic() - began, found, log.read_text(errors="replace")[-2_000:]
