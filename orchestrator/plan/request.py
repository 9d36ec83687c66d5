"""What a question asks for, once read: measures, groups, filters and an order, free of SQL."""

from dataclasses import dataclass, field

from orchestrator.plan.times import Period


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
    """A test of one field. `op` is =, <>, <, <=, >, >=, between, null, not null or period."""

    field: str
    op: str
    values: tuple[str | float, ...] = ()
    period: Period | None = None


@dataclass(slots=True)
class Scope:
    """Rows of one entity that the question speaks of.

    `named` scopes were said with a noun or verb, so that a row must exist (or, `negated`, none
    may). `apart` ones are about the head's other rows, not about those that are measured.
    `having` compares their count, or `metric` over them. `search` is a text they are near to.
    """

    entity: str
    at: int
    named: bool = False
    negated: bool = False
    apart: bool = False
    conditions: list[Condition] = field(default_factory=list[Condition])
    having: Comparison | None = None
    metric: "Measure | None" = None
    search: str = ""


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
    `grain`, when `entity` may be empty."""

    entity: str = ""
    field: str = ""
    grain: str = ""
    whole: bool = False


@dataclass(slots=True)
class Request:
    """All that was read. With no measure it lists rows of `base`."""

    base: str
    head: str = ""
    measures: list[Measure] = field(default_factory=list[Measure])
    groups: list[Group] = field(default_factory=list[Group])
    columns: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    scopes: list[Scope] = field(default_factory=list[Scope])
    period: Period | None = None
    having: list[tuple[Measure, Comparison]] = field(
        default_factory=list[tuple[Measure, Comparison]]
    )
    order: Measure | tuple[str, str] | None = None
    descending: bool = True
    limit: int | None = None
