"""What drift means while a question is answered: which source is read anew, and what is told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.compile.plan import FetchStep
from orchestrator.registry.bindings import owners_of
from orchestrator.registry.drift import Change, moment
from orchestrator.registry.registry import Registry
from orchestrator.semantic import SemanticModel

FRESH_S = 10.0
"""A catalog that was read so lately is not read again for a question that it does not fit."""
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """The registry, with the model whose bindings and owners drift is about."""

    model: SemanticModel
    registry: Registry

    async def read_anew(self, sources: Collection[str], entities: Iterable[str]) -> tuple[str, ...]:
        """Read these sources' catalogs once more, but for those that are fresh; a line for each
        that had changed, with the owners of the plan's entities in it."""
        before = {name: self.registry.read_at(name) for name in sources}
        await self.registry.refresh(sources, keep_s=FRESH_S)
        return tuple(
            f"The catalog of {name} had changed since {moment(at)} ({_listed(found)}), so it was "
            f"read anew.{self._owners(name, entities)}"
            for name, at in sorted(before.items())
            if at is not None and (found := self.registry.changes(name, at))
        )

    async def met(self, step: FetchStep, began: datetime) -> str | None:
        """Why a source does not have what a step asked of it: what has changed there since its
        catalog was read, or None when nothing has. `began` is when the step began."""
        at = self.registry.read_at(step.source)
        if at is None or at < began:
            await self.registry.refresh({step.source}, keep_s=0)
        read = set(step.query.relations)
        found = [one for one in self.registry.changes(step.source, at) if one.relation in read]
        if at is None or not found:
            return None
        said = (
            f"{step.source} has changed since {moment(at)} ({_listed(found)}), so its rows are "
            "missing. Its catalog was read anew. Ask again; if it fails then, the semantic model "
            "has to be corrected."
        )
        bound = [
            name
            for name, entity in self.model.entities.items()
            if step.source in entity.bindings and entity.bindings[step.source].relation in read
        ]
        return f"{said}{self._owners(step.source, bound)}"

    def _owners(self, source: str, entities: Iterable[str]) -> str:
        """A sentence on the owners of each of these entities that the source has, each after a
        space."""
        chosen = {name: self.model.entities[name] for name in entities}
        found = (
            owners_of(name, entity) for name, entity in chosen.items() if source in entity.bindings
        )
        return "".join(f" {one}" for one in found if one)


def _listed(found: list[Change]) -> str:
    more = len(found) - _MOST_TOLD
    said = "; ".join(map(str, found[:_MOST_TOLD]))
    return f"{said}; and {more} more" if more > 0 else said
