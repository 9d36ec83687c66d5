"""Restarts, two replicas and a store that is away: never twice, and never silence."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import NativeQuery
from bot.serve import running
from bot.slack.listeners.events import QUESTION
from orchestrator.pipeline import Pipeline
from orchestrator.registry import Source
from orchestrator.semantic import SemanticModel
from orchestrator.store import Queue
from sandbox.sandbox import Sandbox
from tests.conftest import NOON, opened, vault_of
from tests.wire.conftest import (
    MARCO,
    SALES,
    bot_settings,
    is_progress,
    table_of,
    thread_until_answer,
)

WORDS = "how many customers in Germany?"


class Stuck:
    """An adapter whose first fetch never ends; `asked` tells that it has begun."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.source, self.kind = inner.source, inner.kind
        self.capabilities = inner.capabilities
        self.introspect = inner.introspect
        self.asked = asyncio.Event()

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Hang once, then fetch."""
        if not self.asked.is_set():
            self.asked.set()
            await asyncio.Event().wait()
        return await self._inner.fetch(query, credential, limits, take)


@pytest.fixture
async def own_pipeline(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> AsyncGenerator[Pipeline]:
    """A pipeline with a store that no other bot works on."""
    async with opened(model, vault_of(sandbox), tmp_path) as pipeline:
        yield pipeline


@contextlib.asynccontextmanager
async def replica(sandbox: Sandbox, pipeline: Pipeline, **how: Any) -> AsyncGenerator[None]:
    """A bot that is told of events over HTTP while the block lasts."""
    settings = bot_settings(sandbox).model_copy(update={"slack_app_token": None})
    how = {"clock": lambda: NOON, "min_interval_s": 0.0, "poll_s": 0.01, **how}
    async with running(settings, pipeline, **how) as url:
        sandbox.slack.request_url = f"{url}/slack/events"
        try:
            yield
        finally:
            sandbox.slack.request_url = None


def thread_of(sandbox: Sandbox, ts: str) -> list[dict[str, Any]]:
    """What the bot has posted in a thread."""
    messages = sandbox.slack.workspace.channels[SALES].thread(ts)
    return [m for m in messages if m["user"] == sandbox.slack.bot_user_id]


async def test_a_question_goes_on_after_a_restart(sandbox: Sandbox, own_pipeline: Pipeline) -> None:
    """What a deploy cuts off is answered by the next process, under the same progress message."""
    sales = own_pipeline.sources["sales"]
    stuck = Stuck(sales.adapter)
    own_pipeline.sources["sales"] = Source("sales", sales.spec, stuck)
    changes = sandbox.slack.workspace.subscribe()
    async with replica(sandbox, own_pipeline, drain_s=0.0):
        ts = await sandbox.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await stuck.asked.wait()
    assert not any(table_of(message) for message in thread_of(sandbox, ts))
    async with replica(sandbox, own_pipeline):
        await thread_until_answer(sandbox, ts, changes)
    progress, answer = thread_of(sandbox, ts)
    assert is_progress(progress)
    assert progress["text"].startswith("Done")
    assert table_of(answer)[1:] == [["1,106"]]


async def test_a_crash_after_the_answer_answers_no_second_time(
    sandbox: Sandbox, own_pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that dies between its answer and the end of its work leaves one answer."""
    engine = own_pipeline.store.engine
    changes, died = sandbox.slack.workspace.subscribe(), asyncio.Event()
    done = Queue.done

    async def dies(queue: Queue, work: Any) -> bool:
        died.set()
        return await Queue.give_back(queue, work)

    monkeypatch.setattr(Queue, "done", dies)
    async with replica(sandbox, own_pipeline, poll_s=60.0):
        ts = await sandbox.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await thread_until_answer(sandbox, ts, changes)
        await died.wait()
    monkeypatch.setattr(Queue, "done", done)
    ended = asyncio.Event()

    async def tells(queue: Queue, work: Any) -> bool:
        ended.set()
        return await done(queue, work)

    monkeypatch.setattr(Queue, "done", tells)
    async with replica(sandbox, own_pipeline):
        await ended.wait()
    assert [bool(table_of(message)) for message in thread_of(sandbox, ts)] == [False, True]
    assert await Queue(engine).claim([QUESTION]) is None


async def test_what_could_not_be_written_down_is_not_acknowledged(
    sandbox: Sandbox, own_pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store is away Slack gets no ack, so it tells again, and then there is an answer."""
    put, tries = Queue.put, 0

    async def away_at_first(queue: Queue, *what: Any) -> bool:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("the store is away")
        return await put(queue, *what)

    monkeypatch.setattr(Queue, "put", away_at_first)
    changes = sandbox.slack.workspace.subscribe()
    async with replica(sandbox, own_pipeline):
        ts = await sandbox.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        states = await thread_until_answer(sandbox, ts, changes)
    assert tries == 2
    assert table_of(states[-1])[1:] == [["1,106"]]


async def test_stop_reaches_a_run_at_another_replica(
    sandbox: Sandbox, own_pipeline: Pipeline
) -> None:
    """The press arrives at the newer of two replicas; the run ends at the older one."""
    sales = own_pipeline.sources["sales"]
    stuck = Stuck(sales.adapter)
    own_pipeline.sources["sales"] = Source("sales", sales.spec, stuck)
    changes = sandbox.slack.workspace.subscribe()
    async with replica(sandbox, own_pipeline):
        ts = await sandbox.slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await stuck.asked.wait()
        (progress,) = thread_of(sandbox, ts)
        async with replica(sandbox, own_pipeline):
            await sandbox.slack.press(MARCO, SALES, progress["ts"], "stop_run")
            states = await thread_until_answer(sandbox, ts, changes)
    assert states[-1]["text"].startswith(f"Stopped by <@{MARCO}>")
