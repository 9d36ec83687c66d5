"""A pipeline as production has it, but with one login a source and no cache: what is measured is
neither Vault nor rows that were fetched before. A fetch may also take more than 512 MB.
"""

import contextlib
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from adapters.base import Adapter, Capabilities, Fetched, Limits, Take
from adapters.credentials import Credential, VaultSettings
from adapters.query import NativeQuery
from adapters.schema import Catalog
from benchmarks.servers import Login
from bot.settings import Settings
from bot.slack.history import history_kind
from orchestrator.answer import Answer
from orchestrator.events import Finished
from orchestrator.outcome import Succeeded
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question
from orchestrator.semantic import SemanticModel
from orchestrator.wire import open_pipeline

_MAX_BYTES = 8 * 1024**3
_ASKER = Requester("T0BENCHMARK", "U0BENCHMARK")


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """An adapter with one login for all fetches, if any is given, and a higher cap of bytes."""

    inner: Adapter
    credential: Credential | None

    @property
    def source(self) -> str:
        """The name of the source."""
        return self.inner.source

    @property
    def kind(self) -> str:
        """The kind of the source."""
        return self.inner.kind

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""
        return self.inner.capabilities

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """As the adapter does, with the login that stays."""
        return await self.inner.introspect(self.credential or credential, timeout_s)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """As the adapter does, with the login that stays."""
        more = replace(limits, max_bytes=_MAX_BYTES)
        return await self.inner.fetch(query, self.credential or credential, more, take)


@contextlib.asynccontextmanager
async def opened(
    model: SemanticModel, logins: dict[str, Login], vault: VaultSettings | None = None
) -> AsyncGenerator[Pipeline]:
    """A pipeline over the model, with a login for each source that `logins` names (those of the
    others come of `vault`), and all catalogs read."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = await open_pipeline(
            model=model,
            vault=vault,
            store_url=f"sqlite+aiosqlite:///{folder}/store.db",
            cache_seconds=0,
            warm=False,
            kinds={"slack": history_kind(Settings.model_validate({}))},
        )
        try:
            for name, source in pipeline.sources.items():
                login = logins.get(name)
                credential = Credential(login.user, login.password) if login else None
                adapter = LoggedIn(source.adapter, credential)
                pipeline.sources[name] = replace(source, adapter=adapter)
            await pipeline.registry.refresh(set(pipeline.sources))
            yield pipeline
        finally:
            await pipeline.close()


async def proposed(pipeline: Pipeline, sql: str) -> Proposed:
    """The plan of semantic SQL, which must be one that may run."""
    came = await pipeline.propose(question("by SQL", _ASKER), sql)
    assert isinstance(came, Proposed), came
    return came


async def answered(pipeline: Pipeline, sql: str) -> tuple[Answer, int]:
    """The whole answer of semantic SQL, and the rows that all its fetches moved."""
    rows = 0
    approved = (await proposed(pipeline, sql)).approved
    assert approved is not None
    async for event in pipeline.run(approved):
        if isinstance(event, Succeeded):
            assert not event.truncated, event
            rows += event.rows
        if isinstance(event, Finished):
            assert not event.answer.failed, event.answer.warnings
            assert not event.answer.partial, event.answer.warnings
            return event.answer, rows
    raise AssertionError("the run had no end")
