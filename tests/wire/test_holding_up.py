"""Restarts, two replicas and a store that is away: never twice, and never silence."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import NativeQuery
from bot.slack.listeners.events import QUESTION
from orchestrator.pipeline import Pipeline
from orchestrator.registry import Source
from orchestrator.semantic import SemanticModel
from orchestrator.store import Queue, Work
from orchestrator.store.tables import runs
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.conftest import opened, vault_of
from tests.wire.conftest import (
    MARCO,
    SALES,
    Transport,
    both_ways,
    is_progress,
    table_of,
    thread_until_answer,
)
from tests.wire.office import bot_in, opened_slack, run_of

WORDS = "how many customers in Germany?"
ACK_TIMEOUT_S = 0.5
TOLD_ANYWAY = 2
"""Of the two events of a mention only app_mention is written down; here it comes twice."""
Replica = Callable[..., AbstractAsyncContextManager[None]]


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


@pytest.fixture
def stuck(own_pipeline: Pipeline) -> Stuck:
    """The adapter of sales, stuck."""
    sales = own_pipeline.sources["sales"]
    adapter = Stuck(sales.adapter)
    own_pipeline.sources["sales"] = Source("sales", sales.spec, adapter)
    return adapter


@pytest.fixture
async def slack(sandbox: Sandbox) -> AsyncGenerator[LocalSlack]:
    """A Slack in which no other bot is, and which soon takes an event for lost."""
    async with opened_slack(sandbox, ack_timeout_s=ACK_TIMEOUT_S) as one:
        yield one


@pytest.fixture
def replica(
    sandbox: Sandbox, slack: LocalSlack, own_pipeline: Pipeline, transport: Transport
) -> Replica:
    """Makes bots on the one store, which look into it often."""
    return partial(bot_in, sandbox, slack, own_pipeline, transport, poll_s=0.01)


def thread_of(slack: LocalSlack, ts: str) -> list[dict[str, Any]]:
    """What the bot has posted in a thread."""
    messages = slack.workspace.channels[SALES].thread(ts)
    return [m for m in messages if m["user"] == slack.bot_user_id]


@both_ways
async def test_a_question_goes_on_after_a_restart(
    slack: LocalSlack, stuck: Stuck, replica: Replica
) -> None:
    """What a deploy cuts off is answered by the next process, under the same progress message."""
    changes = slack.workspace.subscribe()
    async with replica(drain_s=0.0):
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await stuck.asked.wait()
    assert not any(table_of(message) for message in thread_of(slack, ts))
    async with replica():
        await thread_until_answer(slack, ts, changes)
    progress, answer = thread_of(slack, ts)
    assert is_progress(progress)
    assert progress["text"].startswith("Done")
    assert table_of(answer)[1:] == [["1,106"]]


async def test_a_crash_after_the_answer_answers_no_second_time(
    slack: LocalSlack, own_pipeline: Pipeline, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that dies between its answer and the end of its work leaves one answer."""
    engine = own_pipeline.store.engine
    changes, died = slack.workspace.subscribe(), asyncio.Event()
    done = Queue.done

    async def dies(queue: Queue, work: Any) -> bool:
        died.set()
        return await Queue.give_back(queue, work)

    monkeypatch.setattr(Queue, "done", dies)
    async with replica(poll_s=60.0):
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await thread_until_answer(slack, ts, changes)
        await died.wait()
    monkeypatch.setattr(Queue, "done", done)
    ended = asyncio.Event()

    async def tells(queue: Queue, work: Any) -> bool:
        ended.set()
        return await done(queue, work)

    monkeypatch.setattr(Queue, "done", tells)
    async with replica():
        await ended.wait()
    assert [bool(table_of(message)) for message in thread_of(slack, ts)] == [False, True]
    assert await Queue(engine).claim([QUESTION]) is None


@both_ways
async def test_what_could_not_be_written_down_is_not_acknowledged(
    slack: LocalSlack, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store is away Slack gets no ack, so it tells again, and then there is an answer."""
    put, tries = Queue.put, 0

    async def away_at_first(queue: Queue, *what: Any) -> Work | None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("the store is away")
        return await put(queue, *what)

    monkeypatch.setattr(Queue, "put", away_at_first)
    changes = slack.workspace.subscribe()
    async with replica():
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        states = await thread_until_answer(slack, ts, changes)
    assert tries > 1
    assert table_of(states[-1])[1:] == [["1,106"]]


@both_ways
async def test_who_waits_is_told_of_their_place(
    slack: LocalSlack, stuck: Stuck, replica: Replica
) -> None:
    """A second question in a thread is told that it is next, and answered once the first is out of
    its way."""
    changes = slack.workspace.subscribe()
    async with replica():
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await stuck.asked.wait()
        await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}", ts)
        waits = {"type": "status", "channel": SALES, "thread_ts": ts}
        waits["status"] = "is busy: you are next…"
        await changes.until(lambda change: waits.items() <= change.items())
        (progress,) = thread_of(slack, ts)
        await slack.press(MARCO, SALES, progress["ts"], "stop_run")
        await changes.until(lambda change: bool(table_of(change.get("message") or {})))


@pytest.mark.parametrize("transport", ["http"])
@pytest.mark.parametrize("status", ["proposed", "planned", "approved"])
async def test_stop_reaches_a_run_at_another_replica(
    slack: LocalSlack, own_pipeline: Pipeline, stuck: Stuck, replica: Replica, status: str
) -> None:
    """The press arrives at the newer of two replicas; the run ends at the older one, whether it
    ran at once, from a plan that was shown, or by a person's decision."""
    changes = slack.workspace.subscribe()
    async with replica():
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await stuck.asked.wait()
        (progress,) = thread_of(slack, ts)
        change = sa.update(runs).where(runs.c.run_id == run_of(progress)).values(status=status)
        async with own_pipeline.store.engine.begin() as connection:
            await connection.execute(change)
        async with replica():
            await slack.press(MARCO, SALES, progress["ts"], "stop_run")
            states = await thread_until_answer(slack, ts, changes)
    assert states[-1]["text"].startswith(f"Stopped by <@{MARCO}>")


@both_ways
async def test_what_is_told_again_is_answered_once(
    slack: LocalSlack, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ack that comes too late brings the event anew, and Slack may send one twice by itself: it
    is one question all the same."""
    put, told, again = Queue.put, 0, asyncio.Event()

    async def slow_at_first(queue: Queue, *what: Any) -> Work | None:
        nonlocal told
        told += 1
        if told == 1:
            await asyncio.sleep(2 * ACK_TIMEOUT_S)
        if told > TOLD_ANYWAY:
            again.set()
        return await put(queue, *what)

    monkeypatch.setattr(Queue, "put", slow_at_first)
    slack.inject_event("duplicate", event="app_mention")
    changes = slack.workspace.subscribe()
    async with replica():
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        await thread_until_answer(slack, ts, changes)
        await again.wait()
        changes = slack.workspace.subscribe()
        await slack.post_as(MARCO, SALES, "@crosstalk how many products?", ts)
        await thread_until_answer(slack, ts, changes)
    said = [table_of(message)[1:] for message in thread_of(slack, ts)]
    assert said == [[], [["1,106"]], [], [["120"]]]


@both_ways
async def test_a_limit_of_slack_s_is_waited_for(slack: LocalSlack, replica: Replica) -> None:
    """What Slack refuses for now is sent again when it says, and nothing is lost."""
    slack.inject("chat.postMessage", retry_after=1, times=2)
    changes = slack.workspace.subscribe()
    async with replica():
        ts = await slack.post_as(MARCO, SALES, f"@crosstalk {WORDS}")
        states = await thread_until_answer(slack, ts, changes)
    assert table_of(states[-1])[1:] == [["1,106"]]
    assert len(thread_of(slack, ts)) == 2
