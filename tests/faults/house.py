"""The real bot in a Slack of its own, over the sandbox's servers, each behind a proxy."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel, load
from orchestrator.staging import StagingSettings
from sandbox.said import is_answer
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.conftest import ROOT, opened, vault_of
from tests.faults.proxy import HOST, Proxy, proxied
from tests.wire.conftest import MARCO, SALES, table_of
from tests.wire.office import bot_in, opened_slack

TIMEOUT_S = 3.0
GOODBYES_S = 5.0
"""What is allowed beyond a source's deadline: to give back a lease and a connection (2 s each at
most), and the posts."""
ANSWER_TIMEOUT_S = 60.0
_MARKS = re.compile(r"[*`]|:[a-z_]+:")
Message = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """What came of a question: the answer's message, the thread that it stands in, and when."""

    message: Message
    ts: str
    seconds: float

    @property
    def text(self) -> str:
        """What the person reads above the table."""
        return str(self.message["text"])

    @property
    def table(self) -> list[list[str]]:
        """The rows, their header first."""
        return table_of(self.message)

    def saying(self, *words: str) -> str:
        """The lines that hold the words, each of which must stand there."""
        for one in words:
            assert one in self.text, self.text
        lines = [line for line in self.text.splitlines() if any(one in line for one in words)]
        return _MARKS.sub("", " ".join(lines)).strip()


@dataclass
class House:
    """A bot whose ways to PostgreSQL, MongoDB, Qdrant and Vault can be spoilt."""

    sandbox: Sandbox
    slack: LocalSlack
    pipeline: Pipeline
    proxies: Mapping[str, Proxy]
    spill: Path

    async def ask(self, words: str) -> "Asking":
        """Ask in #sales; the answer may be waited for."""
        return await asked(self.slack, words)

    async def heard(self, words: str) -> Heard:
        """Ask, and wait for the answer."""
        return await (await self.ask(words)).answered()


@dataclass
class Asking:
    """A question that is under way."""

    slack: LocalSlack
    changes: Any
    ts: str
    began: float

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for a message in the question's thread."""

        def found(change: dict[str, Any]) -> bool:
            message = change.get("message") or {}
            return message.get("thread_ts") == self.ts and wanted(message)

        seen = self.slack.workspace.channels[SALES].thread(self.ts)
        there = next((message for message in reversed(seen) if wanted(message)), None)
        return there or (await self.changes.until(found, ANSWER_TIMEOUT_S))["message"]

    async def answered(self, card: Message | None = None) -> Heard:
        """Wait for the answer; a card that asked for an approval first is none."""
        before = card["ts"] if card else None
        message = await self.until(lambda one: is_answer(one) and one["ts"] != before)
        seconds = time.monotonic() - self.began
        self.slack.workspace.unsubscribe(self.changes)
        return Heard(message, self.ts, seconds)


async def asked(slack: LocalSlack, words: str, thread_ts: str | None = None) -> Asking:
    """Ask in #sales, as Marco; in a thread that is there, its `ts` is that of the question."""
    changes = slack.workspace.subscribe()
    began = time.monotonic()
    ts = await slack.post_as(MARCO, SALES, f"@crosstalk {words}", thread_ts)
    return Asking(slack, changes, thread_ts or ts, began)


@contextlib.asynccontextmanager
async def proxies_of(sandbox: Sandbox) -> AsyncGenerator[dict[str, Proxy]]:
    """A proxy before each of the sandbox's servers: by source, and `vault`."""
    assert sandbox.mongo is not None, sandbox.missing
    qdrant, vault = urlsplit(sandbox.qdrant.url), urlsplit(sandbox.vault_address)
    places = {
        "sales": (sandbox.postgres.host, sandbox.postgres.port),
        "support": (sandbox.mongo.host, sandbox.mongo.port),
        "notes": (qdrant.hostname or HOST, qdrant.port or 80),
        "vault": (vault.hostname or HOST, vault.port or 80),
    }
    async with contextlib.AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(proxied(*place)) for name, place in places.items()
        }


def addresses(proxies: Mapping[str, Proxy]) -> dict[str, str]:
    """The variables that lead the bot through the proxies."""
    return {
        "CROSSTALK_SALES_HOST": HOST,
        "CROSSTALK_SALES_PORT": str(proxies["sales"].port),
        "CROSSTALK_SUPPORT_HOST": HOST,
        "CROSSTALK_SUPPORT_PORT": str(proxies["support"].port),
        "CROSSTALK_NOTES_URL": proxies["notes"].url,
        "VAULT_ADDR": proxies["vault"].url,
    }


def hurried(model: SemanticModel, timeout_s: float = TIMEOUT_S) -> SemanticModel:
    """The model with a short deadline for each source."""
    sources = {
        name: spec.model_copy(update={"timeout_s": timeout_s})
        for name, spec in model.sources.items()
    }
    return model.model_copy(update={"sources": sources})


@contextlib.asynccontextmanager
async def opened_house(
    sandbox: Sandbox,
    folder: Path,
    *,
    timeout_s: float = TIMEOUT_S,
    memory: str = "1GB",
    more: Mapping[str, str] | None = None,
    **how: Any,
) -> AsyncGenerator[House]:
    """A bot behind proxies, which has read every catalog. `more` are other settings, `how` is said
    to `running`."""
    spill = folder / "spill"
    await asyncio.to_thread(spill.mkdir)
    async with proxies_of(sandbox) as proxies, opened_slack(sandbox) as slack:
        environment = {**sandbox.environment, **addresses(proxies)}
        model = hurried(load(ROOT / "semantic_model.yaml", environment), timeout_s)
        vault = replace(vault_of(sandbox), address=proxies["vault"].url)
        staging = StagingSettings(memory, spill)
        async with (
            opened(model, vault, folder, environment, staging=staging) as pipeline,
            bot_in(sandbox, slack, pipeline, "websocket", more, **how),
        ):
            await pipeline.registry.refresh(set(pipeline.sources), keep_s=0, timeout_s=30)
            yield House(sandbox, slack, pipeline, proxies, spill)
