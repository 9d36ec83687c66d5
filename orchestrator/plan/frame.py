"""The parts that SQL is written from: names, literals, and one FROM clause with its joins."""

from orchestrator.plan.paths import Hop, Paths
from orchestrator.plan.request import Comparison
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.semantic import SemanticModel

NEAREST = 100

_RESERVED = frozenset(
    "all analyse analyze and any array as asc asymmetric both case cast check collate column "
    "constraint create default deferrable desc describe distinct do else end except false fetch "
    "for foreign from group having in initially intersect into is lambda lateral leading limit "
    "not null offset on only or order pivot placing primary qualify references returning select "
    "show some summarize symmetric table then to trailing true union unique unpivot user using "
    "variadic when where window with".split()
)


def name(text: str) -> str:
    """An identifier, quoted when SQL reserves it."""
    return f'"{text}"' if text in _RESERVED else text


def text_literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def value_literal(value: str | float) -> str:
    """A value as an SQL literal."""
    if isinstance(value, str):
        return text_literal(value)
    return str(int(value)) if value == int(value) else str(value)


def compare(left: str, comparison: Comparison) -> str:
    """A comparison as SQL."""
    numbers = [value_literal(number) for number in comparison.numbers]
    if comparison.op == "between":
        return f"{left} BETWEEN {numbers[0]} AND {numbers[1]}"
    return f"{left} {comparison.op} {numbers[0]}"


class Frame:
    """One FROM clause: an entity, the entities joined to it, and its WHERE. `part` are conditions
    that tell the part of a share from the whole; what they alone join is a LEFT JOIN."""

    def __init__(
        self, aliases: "Aliases", entity: str, many: bool = False, search: str = ""
    ) -> None:
        self._names = aliases
        self._many = many
        self.entity = entity
        self.aliases = {entity: aliases.alias(entity)}
        source = name(entity)
        if search:
            source = f"search({source}, {text_literal(search)}, {NEAREST})"
        self.source = [f"{source} AS {self.aliases[entity]}"]
        self.where: list[str] = []
        self.part: list[str] = []
        self.joining = "JOIN"

    def alias(self, entity: str) -> str:
        """The alias of an entity, which is joined when it is not there yet."""
        if entity not in self.aliases:
            paths = self._names.paths
            find = paths.any if self._many else paths.to_one
            path = find(self.entity, entity)
            if path is None:
                raise self._names.no_way(self.entity, entity)
            for hop in path:
                self._join(hop)
        return self.aliases[entity]

    def _join(self, hop: Hop) -> None:
        if hop.right not in self.aliases:
            self.aliases[hop.right] = self._names.alias(hop.right)
            on = " AND ".join(link(hop, self.aliases[hop.left], self.aliases[hop.right]))
            self.source.append(
                f"{self.joining} {name(hop.right)} AS {self.aliases[hop.right]} ON {on}"
            )

    def row(self, entity: str, fields: tuple[str, ...]) -> str:
        """Several columns as one value."""
        columns = [self.column(entity, field) for field in fields]
        return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"

    def column(self, entity: str, field: str) -> str:
        """A field of an entity that is, or is now, joined."""
        return f"{self.alias(entity)}.{name(field)}"

    def text(self) -> str:
        """FROM … WHERE …"""
        where = f" WHERE {' AND '.join(self.where)}" if self.where else ""
        return f"FROM {' '.join(self.source)}{where}"


def link(hop: Hop, left: str, right: str) -> list[str]:
    """The equalities of a hop, the many side first."""
    pairs = [
        (f"{left}.{name(a)}", f"{right}.{name(b)}")
        for a, b in zip(hop.left_columns, hop.right_columns, strict=True)
    ]
    return [f"{b} = {a}" if hop.many else f"{a} = {b}" for a, b in pairs]


class Aliases:
    """The short names that one query has given out, and why two entities may have no way."""

    def __init__(self, model: SemanticModel, paths: Paths) -> None:
        self._model = model
        self.paths = paths
        self._taken: set[str] = set()

    def clear(self) -> None:
        """Begin again, for a query that stands apart."""
        self._taken.clear()

    def alias(self, entity: str) -> str:
        """A short alias that is not taken: c for customer, ol for order_line."""
        initials = "".join(word[0] for word in entity.split("_"))
        choices = [initials, *(entity[:length] for length in range(2, len(entity) + 1))]
        free = (text for text in choices if text not in self._taken | _RESERVED)
        count = sum(text.startswith(initials) for text in self._taken)
        chosen = next(free, f"{initials}{count + 1}")
        self._taken.add(chosen)
        return chosen

    def no_way(self, start: str, end: str) -> Unclear:
        """Why two entities can't be joined, for people."""
        if self.paths.any(start, end) is None:
            return Unclear(f"The model has no relationship between {start} and {end}.")
        measured = (
            metric.name.replace("_", " ")
            for metric in self._model.metrics
            for entity in self._model.entities
            if f"{entity}." in metric.expression and self.paths.to_one(entity, end) is not None
        )
        return Unclear(
            f"One {start} can have many rows of {end}: by {end}, each {start} would be counted "
            f"more than once. Ask for a measure that lies nearer to {end}.",
            *dict.fromkeys(measured),
        )
