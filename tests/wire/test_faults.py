"""A database that dies mid-question costs its part of the answer, never the bot."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import NativeQuery
from bot.serve import running
from orchestrator.registry import Source
from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.conftest import NOON, opened, vault_of
from tests.wire.conftest import ask, bot_settings, table_of

SPENT = "which enterprise customers with open P1 tickets spent the most last quarter?"


class KilledWhenAsked:
    """An adapter whose database is killed just before the query reaches it."""

    def __init__(self, inner: Any, kill: Any) -> None:
        self._inner, self._kill = inner, kill
        self.source, self.kind = inner.source, inner.kind
        self.capabilities = inner.capabilities
        self.introspect = inner.introspect

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Kill the server, then ask it."""
        await self._kill()
        return await self._inner.fetch(query, credential, limits, take)


@contextlib.asynccontextmanager
async def bot_over(
    sandbox: Sandbox, model: SemanticModel, folder: Path, dying: dict[str, Any]
) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """A bot whose sources die when they are asked; what is yielded brings them back for good."""
    async with opened(model, vault_of(sandbox), folder) as pipeline:
        sound = dict(pipeline.sources)
        for name, server in dying.items():
            adapter = KilledWhenAsked(sound[name].adapter, server.kill)
            pipeline.sources[name] = Source(name, sound[name].spec, adapter)

        async def bring_back() -> None:
            pipeline.sources.update(sound)
            for server in dying.values():
                await server.restart()

        # over HTTP, so that no other bot of the workspace is given the question
        settings = bot_settings(sandbox).model_copy(update={"slack_app_token": None})
        try:
            async with running(settings, pipeline, clock=lambda: NOON, min_interval_s=0.0) as url:
                sandbox.slack.request_url = f"{url}/slack/events"
                yield bring_back
        finally:
            sandbox.slack.request_url = None
            await bring_back()


@pytest.fixture
def mongo(sandbox: Sandbox) -> Any:
    """The sandbox's mongod."""
    assert sandbox.mongo is not None, sandbox.missing
    return sandbox.mongo


async def test_one_dead_database_gives_a_partial_answer(
    sandbox: Sandbox, model: SemanticModel, mongo: Any, tmp_path: Path
) -> None:
    """With MongoDB killed mid-question, the rest is answered and the message says what it lacks."""
    async with bot_over(sandbox, model, tmp_path, {"support": mongo}):
        states = await ask(sandbox, SPENT)
    text = states[-1]["text"]
    assert "partial answer" in text.lower()
    assert "support can't be reached" in text
    assert "a condition of the question was left out" in text
    assert len(table_of(states[-1])) == 11


async def test_all_databases_dead_says_what_to_do_and_the_bot_lives_on(
    sandbox: Sandbox, model: SemanticModel, mongo: Any, tmp_path: Path
) -> None:
    """With every database killed the thread says what to do; once they are back, it answers."""
    servers = {"support": mongo, "sales": sandbox.postgres}
    async with bot_over(sandbox, model, tmp_path, servers) as bring_back:
        failed = (await ask(sandbox, SPENT))[-1]["text"]
        assert "I can't answer this now" in failed
        assert "Check that the database is up, then ask again" in failed
        await bring_back()
        assert len(table_of((await ask(sandbox, SPENT))[-1])) == 11
