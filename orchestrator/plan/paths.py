"""The ways between entities: which row leads to one row, and which to many."""

from collections import deque
from dataclasses import dataclass

from orchestrator.semantic import SemanticModel


@dataclass(frozen=True, slots=True)
class Hop:
    """From one entity to the next over equal columns; `many` when one row leads to many."""

    left: str
    right: str
    left_columns: tuple[str, ...]
    right_columns: tuple[str, ...]
    many: bool


class Paths:
    """Shortest paths over a model's relationships."""

    def __init__(self, model: SemanticModel) -> None:
        self._hops: dict[str, list[Hop]] = {name: [] for name in model.entities}
        self._labelled = [name for name, entity in model.entities.items() if entity.label]
        for one in model.relationships:
            to, back = (one.to_columns, one.from_columns)
            self._hops[one.from_entity].append(Hop(one.from_entity, one.to_entity, back, to, False))
            self._hops[one.to_entity].append(Hop(one.to_entity, one.from_entity, to, back, True))

    def to_one(self, start: str, end: str) -> list[Hop] | None:
        """The shortest path that never multiplies rows."""
        return self._search(start, end, many=False)

    def any(self, start: str, end: str) -> list[Hop] | None:
        """The shortest path of any kind."""
        return self.to_one(start, end) or self._search(start, end, many=True)

    def most_pointed_at(self) -> str:
        """Who "who" is: the labelled entity that most relationships point at."""
        return max(
            self._labelled or self._hops,
            key=lambda entity: sum(hop.many for hop in self._hops[entity]),
        )

    def distance(self, start: str, end: str) -> int:
        """Steps between two entities; a path that multiplies rows counts as far."""
        direct = self.to_one(start, end)
        if direct is not None:
            return len(direct)
        path = self._search(start, end, many=True)
        return 99 if path is None else 10 + len(path)

    def _search(self, start: str, end: str, many: bool) -> list[Hop] | None:
        queue: deque[tuple[str, list[Hop]]] = deque([(start, [])])
        seen = {start}
        while queue:
            entity, path = queue.popleft()
            if entity == end:
                return path
            for hop in self._hops[entity]:
                if hop.right not in seen and (many or not hop.many):
                    seen.add(hop.right)
                    queue.append((hop.right, [*path, hop]))
        return None
