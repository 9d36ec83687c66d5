"""Entities that a question touches to those a planner needs: with what lies between them."""

from collections import deque
from collections.abc import Iterable

from orchestrator.semantic import SemanticModel


class Joins:
    """The relationships of a model, to be walked both ways; `pairs` are the entities they join."""

    def __init__(self, model: SemanticModel) -> None:
        self.pairs = [(one.from_entity, one.to_entity) for one in model.relationships]
        self._neighbours: dict[str, list[str]] = {}
        for one, other in self.pairs:
            self._neighbours.setdefault(one, []).append(other)
            self._neighbours.setdefault(other, []).append(one)

    def closed(self, wanted: Iterable[str], most: int) -> tuple[str, ...]:
        """At most `most` entities: those wanted, in their order, each with the way to the others.

        One whose way is too long for what is left is left out.
        """
        chosen: dict[str, None] = {}
        for entity in dict.fromkeys(wanted):
            if len(chosen) == most:
                break
            joined = [name for name in self._path(entity, chosen) if name not in chosen]
            if len(chosen) + len(joined) <= most:
                chosen |= dict.fromkeys(joined)
        return tuple(chosen)

    def _path(self, start: str, goals: dict[str, None]) -> list[str]:
        """The shortest way along relationships from an entity to one of `goals`, with both ends.

        The entity alone when there is no way.
        """
        before: dict[str, str | None] = {start: None}
        queue = deque([start])
        while queue:
            here: str | None = queue.popleft()
            if here in goals:
                way: list[str] = []
                while here is not None:
                    way.append(here)
                    here = before[here]
                return way[::-1]
            for other in self._neighbours.get(here, ()):
                if other not in before:
                    before[other] = here
                    queue.append(other)
        return [start]
