"""An adapter that tells of each fetch before it is made, in the place of a source's own; and a wait
for what tells nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from adapters.base import Adapter, Capabilities, Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import NativeQuery
from adapters.schema import Catalog
from orchestrator.pipeline import Pipeline


@dataclass(slots=True)
class Watched:
    """An adapter that looks before it fetches; `look` may wait or raise."""

    inner: Adapter
    look: Callable[[Credential], Awaitable[None]]
    used: list[Credential] = field(default_factory=list)

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
        """As the adapter does."""
        return await self.inner.introspect(credential, timeout_s)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Keep the credential, look, then fetch."""
        assert credential is not None
        self.used.append(credential)
        await self.look(credential)
        return await self.inner.fetch(query, credential, limits, take)


def watch(pipeline: Pipeline, name: str, look: Callable[[Credential], Awaitable[None]]) -> Watched:
    """Put a watched adapter in the place of a source's own."""
    source = pipeline.sources[name]
    watched = Watched(source.adapter, look)
    pipeline.sources[name] = replace(source, adapter=watched)
    return watched


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float = 15) -> None:
    """Return when the condition holds; fail when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
