"""One sandbox for the whole run, with today fixed, and a pipeline over it."""

import contextlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.credentials import VaultSettings
from bot.settings import Settings
from bot.slack.history import history_kind
from orchestrator.answer import Answer
from orchestrator.events import Event, Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question
from orchestrator.semantic import SemanticModel, load
from orchestrator.store import Store
from orchestrator.wire import open_pipeline
from sandbox.sandbox import Sandbox, open_sandbox
from tests.leaks import SECRETS
from tests.messages_api import ScriptedMessagesApi, scripted_api

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 6, 15)
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
FOLDER = ROOT / ".sandbox" / "tests" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""What this process starts lies here: of several that share a run, each has servers of its own."""
VECTORS = FOLDER.parent / "vectors"
SLACK_SPEED = 20.0
"""Slack's limits hold in all tests, on a clock that runs faster for Slack and the bot alike."""
SLOWEST = ("test_types", "test_keys", "test_demo", "test_plan", "test_random_queries")
ADA = Requester("T0TEST", "U0ADA")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first, then those with the most tests, so that no worker is left with a
    long one when the others are done."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda one: (one.path.stem not in SLOWEST, -tests[one.path], one.path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test fails when a secret stands in what it, or the code that it runs, writes or logs."""
    report = yield
    kinds = SECRETS.kinds("".join([*(text for _, text in report.sections), report.longreprtext]))
    if kinds:
        report.outcome, report.sections = "failed", []
        report.longrepr = f"{item.nodeid} shows {', '.join(kinds)} in its output."
    return report


@pytest.fixture(scope="session", autouse=True)
def no_secret_in_files(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """No file that a test leaves has a secret in it: no log, store, trail, trace or result."""
    yield
    assert list(SECRETS.in_files(tmp_path_factory.getbasetemp())) == []


@pytest.fixture(scope="session")
async def sandbox() -> AsyncGenerator[Sandbox]:
    """The whole demo company, as of TODAY."""
    async with open_sandbox(FOLDER, TODAY, slack_speed=SLACK_SPEED, vectors=VECTORS) as opened:
        await opened.embedder.warm()
        SECRETS.plant(opened)
        yield opened


@pytest.fixture(scope="session")
def model(sandbox: Sandbox) -> SemanticModel:
    """The demo's semantic model with the sandbox's addresses."""
    return load(ROOT / "semantic_model.yaml", sandbox.environment)


def vault_of(sandbox: Sandbox) -> VaultSettings:
    """How a pipeline logs in to the sandbox's Vault."""
    role = sandbox.app_role
    return VaultSettings(sandbox.vault_address, role.role_id, role.secret_id)


@cache
def _kept() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="crosstalk-tests-")


async def empty_store() -> Path:
    """The SQLite file of a store that is migrated and empty, to be copied: migrating takes a
    while."""
    file = Path(_kept().name) / "store.db"
    if not file.exists():
        one = Store(f"sqlite+aiosqlite:///{file}")
        await one.open()
        await one.close()
    return file


@contextlib.asynccontextmanager
async def opened(
    model: SemanticModel,
    vault: VaultSettings | None,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    **changes: Any,
) -> AsyncGenerator[Pipeline]:
    """A pipeline with a store of its own, closed at the end; it keeps no rows unless told to. The
    vectors of the model are made once for all pipelines.

    `environment` names the Slack whose messages are a source.
    """
    if not (folder / "store.db").exists():
        shutil.copy(await empty_store(), folder / "store.db")
    store_url = f"sqlite+aiosqlite:///{folder}/store.db"
    kinds = {"slack": history_kind(Settings.model_validate(environment or {}))}
    options: dict[str, Any] = {
        "cache_seconds": 0,
        "kinds": kinds,
        "index_folder": FOLDER / "index",
        **changes,
    }
    pipeline = await open_pipeline(model=model, vault=vault, store_url=store_url, **options)
    try:
        yield pipeline
    finally:
        await pipeline.close()


@pytest.fixture(scope="session")
async def pipeline(
    sandbox: Sandbox, model: SemanticModel, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Pipeline]:
    """A pipeline over the sandbox."""
    folder = tmp_path_factory.mktemp("store")
    async with opened(model, vault_of(sandbox), folder, sandbox.environment) as one:
        yield one


@pytest.fixture
async def api() -> AsyncGenerator[ScriptedMessagesApi]:
    """A scripted API of the planning model, which is never sent a secret."""
    async with scripted_api() as scripted:
        yield scripted
        assert SECRETS.kinds(json.dumps(scripted.received)) == []


async def events_of(pipeline: Pipeline, text: str, sql: str | None = None) -> list[Event]:
    """Every event of a question that can be answered, asked at noon of TODAY."""
    proposed = await pipeline.propose(question(text, ADA, asked_at=NOON), sql)
    assert isinstance(proposed, Proposed), proposed
    assert proposed.approved is not None, proposed.risk
    return [event async for event in pipeline.run(proposed.approved)]


async def answer_of(pipeline: Pipeline, text: str, sql: str | None = None) -> Answer:
    """The answer of a question."""
    last = (await events_of(pipeline, text, sql))[-1]
    assert isinstance(last, Finished)
    return last.answer
