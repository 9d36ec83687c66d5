"""A Question to its Candidates: the hits of the index, and the entities they touch or that join.

Words alone are compared until the vectors are there, so that a bot answers from its first second.
"""

import asyncio
from collections import deque

from adapters.base import Embed
from adapters.errors import CrosstalkError
from orchestrator.question import Question
from orchestrator.retrieve import Candidates, Hit
from orchestrator.retrieve.documents import documents, sql_entities
from orchestrator.retrieve.index import Index
from orchestrator.retrieve.mentions import mentioned
from orchestrator.semantic import SemanticModel

MAX_HITS = 16
MAX_ENTITIES = 12


class Retriever:
    """Finds candidates. `start` builds the vectors behind the scenes; `close` ends that."""

    def __init__(self, model: SemanticModel, embed: Embed) -> None:
        self._model = model
        self._embed = embed
        self._documents = documents(model)
        self._touched = {(d.kind, d.name): d.entities for d in self._documents}
        self._index = Index(self._documents)
        self._neighbours = _neighbours(model)
        self._building: asyncio.Task[None] | None = None

    @property
    def by_meaning(self) -> bool:
        """Whether questions are compared by meaning by now."""
        return self._index.by_meaning

    @property
    def reason(self) -> str | None:
        """Why search by meaning stays off, for a warning; None while it is on or on its way."""
        task = self._building
        if task is None or not task.done() or task.cancelled():
            return None
        error = task.exception()
        if error is None or isinstance(error, CrosstalkError):
            return None if error is None else str(error)
        return (
            f"Search by meaning is off: its index could not be built ({type(error).__name__}). "
            "Questions are compared by words alone; see the log and start Crosstalk again."
        )

    def start(self) -> None:
        """Begin to build the vectors, once."""
        if self._building is None:
            self._building = asyncio.create_task(self._build(), name="retrieve-vectors")

    async def settled(self) -> None:
        """Wait until the vectors are there, or are known not to come (see `reason`)."""
        if self._building is not None:
            await asyncio.wait([self._building])

    async def close(self) -> None:
        """End the building of vectors when it is still under way."""
        if self._building is not None:
            self._building.cancel()
            await asyncio.wait([self._building])

    async def retrieve(self, question: Question) -> Candidates:
        """The candidates of one question; what the thread was about before belongs to them.

        Where it names sources ("@sales") they are what lies there alone.
        """
        by_meaning = self.by_meaning
        asked = mentioned(question.text, self._model)
        vector = (await self._embed([asked.text]))[0] if by_meaning else None
        found = self._index.search(asked.text, vector, MAX_HITS)
        hits = [h for h in found if set(self._touched[h.kind, h.name]) <= set(asked.entities)]
        near = self._entities(question, hits)
        entities = tuple(name for name in near if name in asked.entities)
        return Candidates(entities or asked.entities, tuple(hits), by_meaning)

    async def _build(self) -> None:
        vectors = await self._embed([document.text for document in self._documents])
        self._index.add_vectors(vectors)

    def _entities(self, question: Question, hits: list[Hit]) -> tuple[str, ...]:
        wanted = [entity for hit in hits for entity in self._touched[hit.kind, hit.name]]
        if question.earlier:
            wanted += sql_entities(self._model, question.earlier[-1].sql)
        if not wanted:  # nothing is near: a planner can still say what there is to ask about
            wanted = list(self._model.entities)
        chosen: dict[str, None] = {}
        for entity in dict.fromkeys(wanted):
            joined = [name for name in self._path(entity, chosen) if name not in chosen]
            if len(chosen) + len(joined) <= MAX_ENTITIES:
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


def _neighbours(model: SemanticModel) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for relationship in model.relationships:
        found.setdefault(relationship.from_entity, []).append(relationship.to_entity)
        found.setdefault(relationship.to_entity, []).append(relationship.from_entity)
    return found
