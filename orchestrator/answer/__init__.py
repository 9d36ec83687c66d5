"""A joined table becomes an answer: a sentence, the table, its sources and its doubts."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from orchestrator.keys import KeyCount


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One line of the answer's sources. `unit` is rows, docs or hits; `query` the native query.

    `cached` says that the rows are those of an equal fetch, begun `age_s` seconds before.
    """

    step: str
    source: str
    kind: str
    unit: str
    relations: tuple[str, ...]
    rows: int
    seconds: float
    query: str
    failure: str = ""
    cached: bool = False
    age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker sees. `table` may be empty; `partial` says that a source is missing, and
    `keys` what each join of two sources matched and dropped.

    `failed` is True when nothing could be answered; `text` then says what to do.
    """

    run_id: str
    text: str
    table: pa.Table
    sources: tuple[SourceReport, ...]
    sql: str
    planner: str
    warnings: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    partial: bool = False
    failed: bool = False
    seconds: float = 0.0
    units: dict[str, str] = field(default_factory=dict)
    truncated: bool = False
    keys: tuple[KeyCount, ...] = ()

    def rows(self, limit: int | None = None) -> list[dict[str, Any]]:
        """At most `limit` rows as dicts, for a screen."""
        table = self.table if limit is None else self.table.slice(0, limit)
        return table.to_pylist()
