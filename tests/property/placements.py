"""A placement: which source each entity is read from, as a semantic model."""

from dataclasses import dataclass
from functools import lru_cache

from hypothesis import strategies as st

from orchestrator.semantic import SemanticModel
from tests.property.data import ELSEWHERE, ENTITIES, KEYS
from tests.property.sources import Place


@dataclass(frozen=True, slots=True)
class Placement:
    """The dataset read, the home of each entity and, beside it, where its other fields lie."""

    dataset: int
    homes: tuple[tuple[str, str], ...]
    elsewhere: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        homes = [f"{entity} in {place}" for entity, place in self.homes]
        homes += [f"more of {entity} in {place}" for entity, place in self.elsewhere]
        return f"dataset {self.dataset}: {', '.join(homes)}"


class Atlas:
    """The sources by name; gives the semantic model of a placement."""

    def __init__(self, places: list[Place]) -> None:
        self.places = {place.name: place for place in places}
        self.model = lru_cache(maxsize=4096)(self._model)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sources."""
        return tuple(self.places)

    def _model(self, placement: Placement) -> SemanticModel:
        homes, elsewhere = dict(placement.homes), dict(placement.elsewhere)
        entities = {
            entity: {
                "description": entity,
                "key": KEYS[entity],
                "fields": {name: {"type": word} for name, word in fields.items()},
                "bindings": self._bindings(
                    placement.dataset, entity, homes[entity], elsewhere.get(entity)
                ),
            }
            for entity, fields in ENTITIES.items()
        }
        return SemanticModel.model_validate(
            {"name": "property", "sources": self._sources(), "entities": entities}
        )

    def _sources(self) -> dict[str, object]:
        return {
            name: {"kind": place.kind, "connect": place.connect, "max_parallel": 8}
            for name, place in self.places.items()
        }

    def _bindings(
        self, number: int, entity: str, home: str, other: str | None
    ) -> dict[str, dict[str, object]]:
        moved = ELSEWHERE.get(entity, ())
        own = [name for name in ENTITIES[entity] if name not in moved]
        bindings = {home: self._binding(home, f"d{number}_{entity}", entity, own)}
        if other is not None:
            fields = [*KEYS[entity], *moved]
            bindings[other] = self._binding(other, f"d{number}_{entity}_more", entity, fields)
        return bindings

    def _binding(self, at: str, table: str, entity: str, fields: list[str]) -> dict[str, object]:
        place = self.places[at]
        return {
            "relation": place.relation(table),
            "fields": {name: place.bound(entity, name) for name in fields},
        }


def everything_in(home: str, other: str, dataset: int = 0) -> Placement:
    """All entities in one source; the fields that lie elsewhere in another."""
    return Placement(
        dataset,
        tuple((entity, home) for entity in ENTITIES),
        tuple((entity, other) for entity in ELSEWHERE),
    )


@st.composite
def placements(draw: st.DrawFn, names: tuple[str, ...], datasets: int) -> Placement:
    """A dataset and where each entity lies: in a fifth of all cases everything in one source."""
    place = st.sampled_from(names)
    number = draw(st.integers(0, datasets - 1))
    one = draw(place) if draw(st.integers(0, 4)) == 0 else None
    homes = {entity: one or draw(place) for entity in ENTITIES}
    elsewhere = {
        entity: draw(st.sampled_from([name for name in names if name != homes[entity]]))
        for entity in ELSEWHERE
    }
    return Placement(number, tuple(homes.items()), tuple(elsewhere.items()))
