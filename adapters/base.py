"""The port that every source implements, and what a source can say of itself.

Nothing in orchestrator asks which adapter it has: it asks `Capabilities`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from adapters.credentials import Credential
from adapters.query import NativeQuery
from adapters.schema import Catalog

Embed = Callable[[list[str]], Awaitable[np.ndarray]]
"""Texts to a float32 array (len(texts), dim) of unit vectors, in the texts' order."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the compiler may push into a source.

    `language` is the native query's kind. `comparisons` are the operators that mean the same as in
    SQL. `whole_query` says that joins, aggregates, order and limit can go there as one SELECT.
    `vector_search` says that a text can be searched by meaning.
    """

    language: str
    comparisons: frozenset[str]
    whole_query: bool = False
    vector_search: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one fetch: rows kept, bytes of Arrow data, seconds."""

    max_rows: int = 200_000
    max_bytes: int = 512 * 1024 * 1024
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows as Arrow, and whether a cap cut them short."""

    table: pa.Table
    truncated: bool = False


class Adapter(Protocol):
    """One live source. It keeps no connection and no credential between calls."""

    source: str
    kind: str
    capabilities: Capabilities

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The source's catalog as this credential sees it. Raises SourceError."""
        ...

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits
    ) -> Fetched:
        """Run one native query; columns come named and typed as `query.columns` says.

        Raises SourceError: transient ones may be tried again.
        """
        ...
