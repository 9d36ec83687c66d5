"""A joined table becomes an answer: a sentence, the table, its sources and its doubts."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

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
class Confidence:
    """How far an answer can be trusted, and each reason in words; high may have none."""

    level: Literal["high", "medium", "low"] = "high"
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one colour of bars: a finite number for each label of the chart's `x`."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture that says the table better. `x` are the labels in order, each once; `unit` is that
    of all series, or empty. A pie has one series, of positive numbers.
    """

    kind: Literal["line", "area", "bar", "pie"]
    title: str
    x_name: str
    x: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""

    @property
    def y_name(self) -> str:
        """What the other axis measures: the only series, or the unit of several."""
        names = [one.name for one in self.series]
        if len(names) > 1:
            return self.unit or "value"
        return f"{names[0]} ({self.unit})" if self.unit else names[0]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Amounts of `base` shown in `currency`, at a rate of one day: the `columns` that they stand
    in, the table with them converted, and the table as it was `kept`, with `base` in its titles."""

    base: str
    currency: str
    rate: float
    as_of: date
    columns: tuple[str, ...]
    shown: pa.Table
    kept: pa.Table


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker sees. `table` may be empty; `partial` says that a source is missing, and
    `keys` what each join of two sources matched and dropped. `units` are those of columns, and
    `chart` is None where the table says it best. With a `conversion` the table is the shown one.

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
    confidence: Confidence = Confidence()
    chart: Chart | None = None
    conversion: Conversion | None = None

    @property
    def exact(self) -> pa.Table:
        """The table for files: amounts as they are kept."""
        return self.table if self.conversion is None else self.conversion.kept

    def rows(self, limit: int | None = None) -> list[dict[str, Any]]:
        """At most `limit` rows as dicts, for a screen."""
        table = self.table if limit is None else self.table.slice(0, limit)
        return table.to_pylist()
