"""Live catalogs: what each source holds, as last read by this process or by another one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from adapters.credentials import Vault
from adapters.errors import CredentialError, SourceError
from adapters.schema import Catalog
from orchestrator.registry.bindings import (
    Broken,
    Converted,
    broken_bindings,
    converted_bindings,
)
from orchestrator.registry.drift import Change, changes, settled
from orchestrator.registry.sources import Source, credential_of
from orchestrator.semantic import SemanticModel

log = structlog.get_logger(__name__)
KEEP_S = 300.0
TIMEOUT_S = 8.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A source's catalog, from when (UTC) and from which address (see Source) it was read."""

    catalog: Catalog
    read_at: datetime
    address: str


_History = dict[tuple[str, str], list[Change]]
"""By (relation, column), the oldest first."""


class Snapshots(Protocol):
    """Where the last catalogs are kept, for all processes."""

    async def get(self, source: str, address: str, newer: datetime | None) -> Snapshot | None:
        """The last snapshot of a source at an address, if it was read after `newer`."""
        ...

    async def put(
        self, snapshot: Snapshot, before: Snapshot | None, found: Sequence[Change]
    ) -> bool:
        """Keep a snapshot in the place of the one `before`, with the changes between them. False,
        and nothing is kept, when another process has put one since."""
        ...

    async def changes(
        self, since: datetime | None = None, source: str | None = None
    ) -> list[Change]:
        """The changes noticed after a moment, the oldest first."""
        ...


class Registry:
    """Catalogs by source. They begin as the last snapshots; `refresh` reads them anew."""

    def __init__(
        self, sources: dict[str, Source], vault: Vault | None, snapshots: Snapshots
    ) -> None:
        self._sources = sources
        self._vault = vault
        self._snapshots = snapshots
        self._known: dict[str, Snapshot] = {}
        self._history: dict[str, _History] = {name: {} for name in sources}
        self._failures: dict[str, str] = {}
        self._locks = {name: asyncio.Lock() for name in sources}

    async def open(self) -> None:
        """Begin with the last snapshots, so that planning need not wait for any source."""
        for name in self._sources:
            await self._adopt(name)

    def rows(self, source: str, relation: str) -> int | None:
        """The estimate of a relation's rows, or None when it is not known."""
        catalog = self.catalog(source)
        found = catalog.relation(relation) if catalog else None
        return found.rows if found else None

    def distinct(self, source: str, relation: str, path: str) -> int | None:
        """The estimate of a column's distinct values, or None when it is not known."""
        catalog = self.catalog(source)
        found = catalog.relation(relation) if catalog else None
        column = found.column(path) if found else None
        return column.distinct if column else None

    def odd(self, source: str, relation: str, words: Mapping[str, str]) -> Collection[str]:
        """The columns that are known to be of another word than `words` say by their names, or not
        to compare like it. Samples of documents don't tell, whose values are converted."""
        catalog = self.catalog(source)
        found = catalog.relation(relation) if catalog and not catalog.sampled else None
        columns = found.columns if found else ()
        known = [one for one in columns if one.name in words]
        return {one.name for one in known if one.differs_from(words[one.name])}

    def snapshot(self, source: str) -> Snapshot | None:
        """The catalog of a source as last read, or None when it could not be."""
        return self._known.get(source)

    def catalog(self, source: str) -> Catalog | None:
        """The catalog of a source as last read, or None when it could not be."""
        known = self.snapshot(source)
        return known.catalog if known else None

    def read_at(self, source: str) -> datetime | None:
        """When (UTC) the catalog of a source was read, or None when it could not be."""
        known = self.snapshot(source)
        return known.read_at if known else None

    def age_s(self, source: str) -> float | None:
        """How many seconds ago the catalog of a source was read, or None when it could not be."""
        known = self.snapshot(source)
        return (datetime.now(UTC) - known.read_at).total_seconds() if known else None

    def is_fresh(self, source: str, keep_s: float) -> bool:
        """Whether the catalog of a source is younger than `keep_s`."""
        age_s = self.age_s(source)
        return age_s is not None and age_s < keep_s

    def failure(self, source: str) -> str | None:
        """Why a source's catalog could not be read when that was last tried, or None."""
        return self._failures.get(source)

    def changes(self, source: str, since: datetime | None = None) -> list[Change]:
        """What has changed in a source after a moment, the oldest first."""
        found = [
            one
            for past in self._history[source].values()
            for one in past
            if since is None or one.at > since
        ]
        return sorted(found, key=lambda one: one.at)

    def history(self, source: str, relation: str, column: str = "") -> tuple[Change, ...]:
        """What has happened to a relation, or to one of its columns, the newest first."""
        past = self._history[source].get((relation, column), [])
        return tuple(reversed(past))

    def broken(self, model: SemanticModel) -> tuple[Broken, ...]:
        """The bindings that the catalogs as last read break."""
        found: list[Broken] = []
        for name, known in self._known.items():
            found += broken_bindings(model, known.catalog, partial(self.history, name))
        return tuple(found)

    def converted(self, model: SemanticModel) -> tuple[Converted, ...]:
        """The fields that the catalogs as last read have in another form."""
        catalogs = [known.catalog for known in self._known.values()]
        return tuple(one for catalog in catalogs for one in converted_bindings(model, catalog))

    async def refresh(
        self, names: Collection[str], *, keep_s: float = KEEP_S, timeout_s: float = TIMEOUT_S
    ) -> tuple[Change, ...]:
        """Read the catalogs of these sources that are missing or older than `keep_s`, and say what
        has changed since they were read before. A source that fails is left as it was, for its
        fetch will say why."""
        began = {name: self.read_at(name) for name in names}
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._refresh(name, keep_s, timeout_s))
        return tuple(
            one for name, at in began.items() if at is not None for one in self.changes(name, at)
        )

    async def _refresh(self, name: str, keep_s: float, timeout_s: float) -> None:
        async with self._locks[name]:
            if self.is_fresh(name, keep_s):
                return
            await self._adopt(name)
            if self.is_fresh(name, keep_s):
                return
            read = await self._read(self._sources[name], timeout_s)
            if read is not None:
                await self._keep(name, read)

    async def _adopt(self, name: str, *, anew: bool = False) -> None:
        """Take over what another process has read since (`anew`: whenever it was), and the changes
        that it found."""
        address = self._sources[name].address
        newer = await self._snapshots.get(name, address, None if anew else self.read_at(name))
        if newer is not None:
            self._known[name] = newer
            self._history[name] = {}
            self._remember(name, await self._snapshots.changes(source=name))

    def _remember(self, name: str, found: Sequence[Change]) -> None:
        for one in found:
            self._history[name].setdefault((one.relation, one.column), []).append(one)

    async def _keep(self, name: str, read: Catalog) -> None:
        known, at = self._known.get(name), datetime.now(UTC)
        found: tuple[Change, ...] = ()
        if known is not None:
            read = settled(known.catalog, read)
            found = changes(known.catalog, read, at)
        snapshot = Snapshot(read, at, self._sources[name].address)
        is_kept = await self._snapshots.put(snapshot, known, found)
        self._known[name] = snapshot
        if is_kept:
            self._remember(name, found)
        else:  # another process has read it at the same time: what that one has put counts
            await self._adopt(name, anew=True)
        for change in found:
            log.info("catalog_changed", source=name, change=str(change))

    async def _read(self, source: Source, timeout_s: float) -> Catalog | None:
        try:
            async with (
                asyncio.timeout(timeout_s),
                credential_of(source, self._vault, seconds=timeout_s) as credential,
            ):
                catalog = await source.adapter.introspect(credential, timeout_s)
        except (SourceError, CredentialError, TimeoutError) as error:
            log.warning("catalog_not_read", source=source.name, reason=type(error).__name__)
            self._failures[source.name] = str(error) or f"{source.name} did not answer in time."
            return None
        self._failures.pop(source.name, None)
        return catalog
