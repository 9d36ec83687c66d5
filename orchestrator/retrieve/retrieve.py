"""A Question to its Candidates: the hits of the index, and the entities they touch or that join.

Words alone are compared until the vectors are there, so that a bot answers from its first second.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from adapters.base import Embed
from adapters.errors import CrosstalkError
from adapters.schema import Catalog
from orchestrator.question import Question
from orchestrator.retrieve import Candidates, Hit, Route
from orchestrator.retrieve.building import with_vectors
from orchestrator.retrieve.documents import Document, documents, sql_entities, unbound
from orchestrator.retrieve.index import Index, Only
from orchestrator.retrieve.joining import Joins
from orchestrator.retrieve.mentions import Mentions, mentioned
from orchestrator.retrieve.rank import is_called
from orchestrator.retrieve.recent import Recent
from orchestrator.retrieve.shard import Shard, Shelf, of_words, shards
from orchestrator.semantic import SemanticModel

MAX_HITS = 20
MAX_ENTITIES = 12
_MORE = 4  # hits beside those, for relations that no entity binds
_REMEMBERED = 256
_HOT = 32  # shards that the next start reads into memory at once
_WAKING = "how many are there?"


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search gave, by its question: remembered, never changed."""

    documents: list[tuple[Document, Hit]]
    routes: list[Route]
    by_meaning: bool


class Retriever:
    """Finds candidates. `start` builds the vectors behind the scenes; `close` ends that.

    With a `shelf`, shards are taken from there, and kept there once they have vectors; with an
    `index`, that of the model's documents, none is made.
    """

    def __init__(
        self,
        model: SemanticModel,
        embed: Embed,
        shelf: Shelf | None = None,
        index: Index | None = None,
    ) -> None:
        self._model = model
        self._embed = embed
        self._shelf = shelf
        self._joins = Joins(model)
        self._index = index or Index.of(
            [self._taken(held) for held in shards(documents(model)).values()], self._joins.pairs
        )
        self._is_awake = index is not None and index.by_meaning
        self._recent = Recent[_Found](_REMEMBERED)
        self._changing = asyncio.Lock()
        self._building: asyncio.Task[None] | None = None
        self._noted: dict[str, Catalog] = {}
        self._noting: set[asyncio.Task[None]] = set()
        self._uses: Counter[str] = Counter()

    @property
    def by_meaning(self) -> bool:
        """Whether questions are compared by meaning by now."""
        return self._is_awake

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
        """Begin to load the embedder and to build the vectors that the shelf lacks, once."""
        if self._building is None:
            self._building = asyncio.create_task(self._build(), name="retrieve-vectors")

    async def settled(self) -> None:
        """Wait until the vectors are there, or are known not to come (see `reason`)."""
        if self._building is not None:
            await asyncio.wait([self._building])

    async def close(self) -> None:
        """End what is still under way, and note for the next start which shards were used most."""
        under_way = [*self._noting, *([self._building] if self._building is not None else [])]
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        if self._shelf is not None and self._is_awake and self._uses:
            self._shelf.note_hot([name for name, _ in self._uses.most_common(_HOT)])

    async def retrieve(self, question: Question) -> Candidates:
        """The candidates of one question; what the thread was about before belongs to them.

        Where it names sources ("@sales") they are what lies there alone.
        """
        asked = mentioned(question.text, self._model)
        found = await self._found(asked)
        modelled = [(d, hit) for d, hit in found.documents if d.entities][:MAX_HITS]
        wanted = [entity for document, _ in modelled for entity in document.entities]
        if question.earlier:
            wanted += sql_entities(self._model, question.earlier[-1].sql)
        # nothing is near: a planner can still say what there is to ask about
        entities = self._joins.closed(wanted or self._model.entities, MAX_ENTITIES)
        if asked.sources:
            there = frozenset(asked.entities)
            entities = tuple(name for name in entities if name in there) or asked.entities
        return Candidates(
            entities,
            tuple(hit for _, hit in modelled),
            found.by_meaning,
            tuple(found.routes),
            _unmodelled(asked.text, found),
            found=bool(wanted),
        )

    async def extended(self, model: SemanticModel) -> "Retriever":
        """A retriever of a model that has this one's and more entities, at the cost of those more.

        They are compared by meaning when this one's are.
        """
        more = {name: e for name, e in model.entities.items() if name not in self._model.entities}
        part = model.model_copy(update={"entities": more, "metrics": (), "verified_queries": ()})
        added = [of_words(held) for held in shards(documents(part)).values()]
        if self._is_awake:
            added = await with_vectors(added, self._embed)
        pairs = [pair for pair in Joins(model).pairs if more.keys() & set(pair)]
        index = self._index.extended(added, pairs)
        return Retriever(model, self._embed, index=index)

    def note(self, catalog: Catalog) -> None:
        """Begin to take in what a source holds that no entity binds, unless it was noted before."""
        if self._noted.get(catalog.source) is catalog:
            return
        self._noted[catalog.source] = catalog
        task = asyncio.create_task(self._know(catalog), name=f"retrieve-{catalog.source}")
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def noted(self) -> None:
        """Wait until what was noted is taken in."""
        if self._noting:
            await asyncio.wait(self._noting)

    async def _know(self, catalog: Catalog) -> None:
        held = tuple(unbound(self._model, catalog))
        async with self._changing:
            others = [s for s in self._index.shards if not s.is_unbound_of(catalog.source)]
            before = [s for s in self._index.shards if s.is_unbound_of(catalog.source)]
            if held == tuple(document for shard in before for document in shard.documents):
                return
            added = [self._taken(held)] if held else []
            if self._is_awake:
                added = await with_vectors(added, self._embed, self._shelf)
            await self._change([*others, *added])

    async def _found(self, asked: Mentions) -> _Found:
        key = f"{asked.text}\0{asked.sources}"
        known = self._recent.get(key)
        if known is not None:
            return known
        vector = (await self._embed([asked.text]))[0] if self._is_awake else None
        only = Only(asked.sources, frozenset(asked.entities) if asked.sources else None)
        found, routes = self._index.search(asked.text, vector, only, MAX_HITS + _MORE)
        self._uses.update({document.shard for document, _ in found})
        return self._recent.put(key, _Found(found, routes, vector is not None))

    async def _build(self) -> None:
        async with self._changing:
            hot = self._shelf.hot() if self._shelf else set[str]()
            for shard in self._index.shards:
                if shard.vectors is not None and shard.name in hot:
                    await asyncio.to_thread(shard.vectors.touch)
            if not self._index.by_meaning:
                await self._change(await with_vectors(self._index.shards, self._embed, self._shelf))
            await self._embed([_WAKING])  # where the shelf had all, the embedder is loaded now
            self._recent = Recent(_REMEMBERED)
            self._is_awake = True

    async def _change(self, held: list[Shard]) -> None:
        self._index = await asyncio.to_thread(Index.of, held, self._joins.pairs)
        self._recent = Recent(_REMEMBERED)

    def _taken(self, held: tuple[Document, ...]) -> Shard:
        return (self._shelf and self._shelf.load(held)) or of_words(held)


def _unmodelled(question: str, found: _Found) -> tuple[str, ...]:
    """The relations that the question calls by their name, when they come before all else."""
    names: list[str] = []
    for document, hit in found.documents:
        if document.entities:
            break
        if is_called(document, question):
            names.append(hit.name)
    return tuple(names)
