"""A registry with sources that only some questions have: the files of a thread."""

from collections.abc import Collection, Sequence
from datetime import datetime

from orchestrator.registry.bindings import Broken
from orchestrator.registry.drift import Change
from orchestrator.registry.registry import KEEP_S, TIMEOUT_S, Registry, Snapshot
from orchestrator.registry.sources import Source
from orchestrator.semantic import SemanticModel


class _Nowhere:
    """Snapshots that are not kept."""

    async def get(self, source: str, address: str, newer: datetime | None) -> Snapshot | None:
        return None

    async def put(
        self, snapshot: Snapshot, before: Snapshot | None, found: Sequence[Change]
    ) -> bool:
        return True

    async def changes(
        self, since: datetime | None = None, source: str | None = None
    ) -> list[Change]:
        return []


class Extended(Registry):
    """What `base` knows, and the catalogs of `sources`, which are kept here alone and need no
    credential."""

    def __init__(self, base: Registry, sources: dict[str, Source]) -> None:
        super().__init__(sources, None, _Nowhere())
        self._base = base
        self._own = frozenset(sources)

    def snapshot(self, source: str) -> Snapshot | None:
        """The catalog of a source as last read, or None when it could not be."""
        return super().snapshot(source) if source in self._own else self._base.snapshot(source)

    def failure(self, source: str) -> str | None:
        """Why a source's catalog could not be read when that was last tried, or None."""
        return super().failure(source) if source in self._own else self._base.failure(source)

    def changes(self, source: str, since: datetime | None = None) -> list[Change]:
        """What has changed in a source after a moment, the oldest first; in a file, nothing."""
        return [] if source in self._own else self._base.changes(source, since)

    def history(self, source: str, relation: str, column: str = "") -> tuple[Change, ...]:
        """What has happened to a relation, or to one of its columns, the newest first."""
        return () if source in self._own else self._base.history(source, relation, column)

    def broken(self, model: SemanticModel) -> tuple[Broken, ...]:
        """The bindings that the catalogs as last read break."""
        return self._base.broken(model)

    async def refresh(
        self, names: Collection[str], *, keep_s: float = KEEP_S, timeout_s: float = TIMEOUT_S
    ) -> tuple[Change, ...]:
        """As that of the base, for its sources and for these."""
        own = self._own.intersection(names)
        await super().refresh(own, keep_s=keep_s, timeout_s=timeout_s)
        others = set(names) - own
        return await self._base.refresh(others, keep_s=keep_s, timeout_s=timeout_s)
