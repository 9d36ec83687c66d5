"""What a question asks for, once read: measures, groups, filters and an order, free of SQL."""

import dataclasses
from dataclasses import dataclass

from orchestrator.plan.times import Period

ABOVE, BELOW = frozenset({">", ">="}), frozenset({"<", "<="})
"""The operators that bound from one side."""


class UnclearError(Exception):
    """The question can't be read without a guess. `options` are words to put in the place of those
    that were `said`; of a metric's, when nothing is given."""

    def __init__(self, message: str, *options: str, said: str = "") -> None:
        super().__init__(message)
        self.options = options
        self.said = said


@dataclass(frozen=True, slots=True)
class Comparison:
    """`> 3`, or `between 1 and 5`."""

    op: str
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one field. `op` is =, <>, <, <=, >, >=, between, null, not null, true, false or
    period. `at` is where it was said; `part` tells the part of a share from the whole."""

    field: str
    op: str
    values: tuple[str | float, ...] = ()
    period: Period | None = None
    at: int = dataclasses.field(default=-1, compare=False)
    part: bool = dataclasses.field(default=False, compare=False)


@dataclass(slots=True)
class Scope:
    """Rows of one entity that the question speaks of.

    `named` scopes were said with a noun or verb, so that a row must exist (or, `negated`, none
    may). `apart` ones are about the head's other rows, not about those that are measured.
    `having` compares their count, or `metric` over them. `search` is a text they are near to.
    `part` ones tell the part of a share from the whole.
    """

    entity: str
    at: int
    named: bool = False
    negated: bool = False
    apart: bool = False
    conditions: list[Condition] = dataclasses.field(default_factory=list[Condition])
    having: Comparison | None = None
    metric: "Measure | None" = None
    search: str = ""
    part: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate over rows of `entity`, written over semantic names ("SUM(order.amount)")."""

    name: str
    expression: str
    entity: str
    at: int
    time: tuple[str, str] | None = None
    unit: str = ""
    metric: bool = False

    @property
    def words(self) -> str:
        """Its name for people."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Group:
    """A field to group by, an entity (`whole`: its key and label), or the measure's time by
    `grain`, when `entity` may be empty. `each` ones were said as "in each"."""

    entity: str = ""
    field: str = ""
    grain: str = ""
    whole: bool = False
    each: bool = dataclasses.field(default=False, compare=False)


@dataclass(slots=True)
class Request:
    """All that was read. With no measure it lists rows of `base`.

    `share` is "each" for the groups' shares of all, or "part" for the share of the rows that their
    `part` conditions tell from the whole. `against` is a period to compare `period` with, by the
    field `dated` where that is not the measure's time; `stepwise` compares each grain with the one
    before. With `per_group` the limit holds within the groups beside the head.
    """

    base: str
    head: str = ""
    measures: list[Measure] = dataclasses.field(default_factory=list[Measure])
    groups: list[Group] = dataclasses.field(default_factory=list[Group])
    columns: list[tuple[str, str]] = dataclasses.field(default_factory=list[tuple[str, str]])
    scopes: list[Scope] = dataclasses.field(default_factory=list[Scope])
    period: Period | None = None
    having: list[tuple[Measure, Comparison]] = dataclasses.field(
        default_factory=list[tuple[Measure, Comparison]]
    )
    order: Measure | tuple[str, str] | None = None
    descending: bool = True
    limit: int | None = None
    share: str = ""
    against: Period | None = None
    dated: tuple[str, str] | None = None
    stepwise: bool = False
    per_group: bool = False
