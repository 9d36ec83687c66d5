"""Live catalogs: what each source holds now, so that no plan runs against a schema that is gone."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from adapters.base import Adapter
from adapters.credentials import Credential, Vault
from adapters.errors import CredentialError, SourceError
from adapters.schema import Catalog
from orchestrator.question import Requester
from orchestrator.semantic import SourceSpec

log = structlog.get_logger(__name__)
_KEEP_S = 300.0
_TIMEOUT_S = 8.0

Credentials = Callable[[Requester], AbstractAsyncContextManager[Credential]]
"""Makes the credential of one use for one person, whose rights it bears. Raises CredentialError."""


Kind = Callable[..., tuple[Adapter, Credentials]]
"""A kind of source that whoever opens a pipeline brings along: called with the source's name, its
`connect` and `store`, the pipeline's Store."""


@dataclass(frozen=True, slots=True)
class Source:
    """A declared source with the adapter that reaches it.

    `credentials` stand in Vault's place where a source is read with the rights of who asks.
    """

    name: str
    spec: SourceSpec
    adapter: Adapter
    credentials: Credentials | None = None


@contextlib.asynccontextmanager
async def credential_of(
    source: Source, vault: Vault | None, requester: Requester | None = None
) -> AsyncGenerator[Credential | None]:
    """The source's credential for one use: the requester's own, a lease, a KV secret, or None when
    there is none of these."""
    if source.credentials is not None and requester is not None:
        async with source.credentials(requester) as credential:
            yield credential
    elif vault is None or not (source.spec.vault_role or source.spec.vault_secret):
        yield None
    elif source.spec.vault_role:
        async with vault.lease(source.spec.vault_role) as credential:
            yield credential
    else:
        yield await vault.secret(source.spec.vault_secret or "")


class Registry:
    """Catalogs by source, read when first needed and kept for five minutes."""

    def __init__(
        self, sources: dict[str, Source], vault: Vault | None, base: "Registry | None" = None
    ) -> None:
        self._base = base
        self._sources = sources
        self._vault = vault
        self._catalogs: dict[str, tuple[float, Catalog]] = {}
        self._locks = {name: asyncio.Lock() for name in sources}

    def extended(self, sources: dict[str, Source]) -> "Registry":
        """A registry that knows these sources besides; what it reads of the others is kept here."""
        return Registry(sources, self._vault, self)

    def known(self, source: str) -> tuple[float, Catalog] | None:
        """When the catalog of a source was read, on the monotonic clock, and what it was."""
        if self._base is not None and source not in self._sources:
            return self._base.known(source)
        return self._catalogs.get(source)

    def rows(self, source: str, relation: str) -> int | None:
        """The estimate of a relation's rows, or None when it is not known."""
        known = self.known(source)
        found = known[1].relation(relation) if known else None
        return found.rows if found else None

    def distinct(self, source: str, relation: str, path: str) -> int | None:
        """The estimate of a column's distinct values, or None when it is not known."""
        known = self.known(source)
        found = known[1].relation(relation) if known else None
        column = found.column(path) if found else None
        return column.distinct if column else None

    def catalog(self, source: str) -> Catalog | None:
        """The catalog of a source as last read, or None when it could not be."""
        known = self.known(source)
        return known[1] if known else None

    def age_s(self, source: str) -> float | None:
        """How many seconds ago the catalog of a source was read, or None when it could not be."""
        known = self.known(source)
        return time.monotonic() - known[0] if known else None

    async def refresh(self, names: set[str], *, keep_s: float = _KEEP_S) -> None:
        """Read the catalogs of these sources that are missing or older than `keep_s`; a source that
        fails is left as it was, for its fetch will say why."""
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._refresh(name, keep_s))

    async def _refresh(self, name: str, keep_s: float) -> None:
        if self._base is not None and name not in self._sources:
            await self._base.refresh({name}, keep_s=keep_s)
            return
        async with self._locks[name]:
            known = self._catalogs.get(name)
            if known is not None and time.monotonic() - known[0] < keep_s:
                return
            source = self._sources[name]
            try:
                async with (
                    asyncio.timeout(_TIMEOUT_S),
                    credential_of(source, self._vault) as credential,
                ):
                    catalog = await source.adapter.introspect(credential, _TIMEOUT_S)
            except (SourceError, CredentialError, TimeoutError) as error:
                log.warning("catalog_not_read", source=name, reason=type(error).__name__)
                return
            self._catalogs[name] = (time.monotonic(), catalog)
