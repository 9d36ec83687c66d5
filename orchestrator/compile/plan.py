"""The compiled plan: a DAG of fetch steps and one join, with a digest of what it answers."""

import hashlib
from dataclasses import dataclass

from adapters.query import NativeQuery

AGGREGATED, SORTED = "aggregates", "sorted"
"""Words of `pushed` in a FetchStep."""


@dataclass(frozen=True, slots=True)
class KeyFeed:
    """The step reads only keys that an earlier step has found (a semi-join).

    `query` takes the place of the step's own: the distinct values of the DuckDB expression
    `from_column` over step `from_step` stand in it for KEYS, and bound the field `column`.
    """

    from_step: str
    from_column: str
    column: str
    query: NativeQuery


@dataclass(frozen=True, slots=True)
class FetchStep:
    """One native query on one source; its rows become table `id` of the join.

    `estimate` is the number of rows expected. `pushed` says in words what the source does itself,
    `kept` (condition, reason) what was left to the join and why.
    """

    id: str
    source: str
    entity: str
    query: NativeQuery
    unit: str = "rows"
    pushed: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    estimate: float | None = None
    feed: KeyFeed | None = None


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """An equality of two fetched columns (with their transforms) whose keys are counted.

    Each side is (step id, DuckDB expression over that step's columns, label for people).
    """

    left: tuple[str, str, str]
    right: tuple[str, str, str]
    right_unique: bool = False


@dataclass(frozen=True, slots=True)
class JoinStep:
    """DuckDB SQL over tables `s1…sn`, and the keys to count."""

    sql: str
    checks: tuple[KeyCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done for one semantic SQL query.

    `optional` steps may fail and still leave an answer; `columns` are the answer's, in order, and
    `shown` the fields (`entity.field`) whose values these show; `fields` are all that it uses.
    `reason` says why the query did not go to one source whole; None when it did. `access` is the
    digest of what the rights of who asks have changed, "" for nothing; `bounding` are the entities
    that only its row filters read.
    """

    sql: str
    steps: tuple[FetchStep, ...]
    join: JoinStep
    columns: tuple[str, ...]
    entities: tuple[str, ...]
    fields: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    reason: str | None = None
    shown: tuple[str, ...] = ()
    access: str = ""
    bounding: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 of what is asked: the SQL as normalised, the columns that it gives, the fields
        that it uses and the relations that they are read from, and what of it may be seen.

        How the query is split over the sources is no part of it: that follows the catalogs'
        estimates, which move, while a decision about the question still holds.
        """
        read = sorted({(s.source, name) for s in self.steps for name in s.query.relations})
        asked = (self.sql, self.columns, self.fields, read, *filter(None, [self.access]))
        return hashlib.sha256(repr(asked).encode()).hexdigest()
