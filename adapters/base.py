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

WORDS = frozenset(
    {"int64", "float64", "decimal", "string", "bool", "date", "timestamptz", "timestamp"}
)
Embed = Callable[[list[str]], Awaitable[np.ndarray]]
"""Texts to a float32 array (len(texts), dim) of unit vectors, in the texts' order."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the compiler may push into a source.

    `language` is the native query's kind (`sql`, `aggregation`, `vector`) and `dialect` sqlglot's
    name of its SQL. `comparisons` are the operators that mean the same as in DuckDB, and `exact`
    the canonical words (a decimal of any digits is `decimal`) whose values compare, sort and add up
    there as in DuckDB. `vector_search` says that a text can be searched by meaning, `unwinds` that
    an array of documents can be read as rows, `typed` that a column holds values of its own type
    alone, so that sums and groups can be left to the source, `authenticates` that it asks for a
    credential, and `personal` that its rows depend on who asks, so that nobody else is given them.
    """

    language: str
    comparisons: frozenset[str]
    exact: frozenset[str] = WORDS
    dialect: str | None = None
    vector_search: bool = False
    unwinds: bool = False
    typed: bool = True
    authenticates: bool = True
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one fetch: rows kept, bytes of Arrow data, seconds. `operation` is the fetch's id in
    the audit trail, which the source is told where it has a place for it."""

    max_rows: int = 200_000
    max_bytes: int = 512 * 1024 * 1024
    timeout_s: float = 30.0
    operation: str = ""

    @property
    def tag(self) -> str:
        """What the fetch is called in the source's own list of what runs."""
        return f"crosstalk {self.operation}".strip()


Take = Callable[[pa.Table], Awaitable[None]]
"""Where a fetch puts each batch; it waits until there is room for the next (back-pressure)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many rows were given, and whether a cap cut them short."""

    rows: int
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
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Run one native query and give `take` its rows in batches, all within the caps; columns
        come named and typed as `query.columns` says. An empty result may give no batch.

        Raises SourceError: transient ones may be tried again.
        """
        ...
