"""Which keys should meet: those of each relationship, and of each further binding and its home."""

from dataclasses import dataclass

from adapters.errors import UnknownName
from orchestrator.semantic import Entity, SemanticModel, near


@dataclass(frozen=True, slots=True)
class Side:
    """The fields of one entity that are a key, in the source that they are read from."""

    entity: str
    source: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.entity}.{'+'.join(self.fields)} in {self.source}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Each key of `left` should be one of `right`, where a key stands once.

    `name` is the relationship's, or `entity.source` for a further binding (its home is `right`);
    there, `left` should hold a key once too.
    """

    name: str
    left: Side
    right: Side
    is_binding: bool = False


def pairs(model: SemanticModel, name: str | None = None) -> list[Pair]:
    """The pairs of a model, or the one of that name. Raises UnknownName."""
    found = [
        Pair(
            one.name,
            _side(model, one.from_entity, one.from_columns),
            _side(model, one.to_entity, one.to_columns),
        )
        for one in model.relationships
    ]
    for label, entity in model.entities.items():
        home = Side(label, entity.home, entity.key)
        found += [
            Pair(f"{label}.{source}", Side(label, source, entity.key), home, is_binding=True)
            for source in entity.bindings
            if source != entity.home
        ]
    if name is None:
        return found
    chosen = [pair for pair in found if pair.name == name]
    if not chosen:
        hint = near(name, [pair.name for pair in found])
        raise UnknownName(f"There is no relationship `{name}` in the model; {hint}")
    return chosen


def _side(model: SemanticModel, name: str, fields: tuple[str, ...]) -> Side:
    return Side(name, _holder(model.entities[name], fields), fields)


def _holder(entity: Entity, fields: tuple[str, ...]) -> str:
    """The first binding that has all fields, or the home when none has."""
    holders = (s for s, bound in entity.bindings.items() if set(fields) <= bound.fields.keys())
    return next(holders, entity.home)
