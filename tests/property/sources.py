"""What a source of the property tests is: how its tables and fields are bound, and its login.

Each source holds each table of each dataset, so that where an entity lies is a choice of the
semantic model alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.base import Adapter, Capabilities, Fetched, Limits, Take
from adapters.credentials import Credential
from adapters.query import NativeQuery
from adapters.schema import Catalog
from tests.property.data import ELSEWHERE, ENTITIES, KEYS, TRANSFORMS, Dataset, Row, seeded

_ESTIMATES = (0, 3, 40, 1_000, 60_000)


@dataclass(frozen=True, slots=True)
class Place:
    """A source of the semantic model: `connect` as it stands there, and how a field is bound."""

    name: str
    kind: str
    connect: dict[str, Any]
    relation: Callable[[str], str]
    bound: Callable[[str, str], dict[str, Any]]


@dataclass(slots=True)
class LoggedIn:
    """An adapter with one login for all fetches, since a lease a fetch would be most of the time.

    Its catalog gives made-up sizes: an estimate may make a plan slow, never wrong. `fetched` are
    the queries that were run.
    """

    inner: Adapter
    credential: Credential | None
    fetched: list[NativeQuery] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The name of the source."""
        return self.inner.source

    @property
    def kind(self) -> str:
        """The kind of the source."""
        return self.inner.kind

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""
        return self.inner.capabilities

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The source's catalog, with other numbers of rows."""
        catalog = await self.inner.introspect(self.credential, timeout_s)
        rng = seeded(self.source)
        relations = tuple(replace(one, rows=rng.choice(_ESTIMATES)) for one in catalog.relations)
        return replace(catalog, relations=relations)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """As the adapter does, with the login that stays."""
        self.fetched.append(query)
        return await self.inner.fetch(query, self.credential, limits, take)


def tables_of(one: Dataset) -> dict[str, tuple[dict[str, str], list[Row]]]:
    """The tables of a dataset by name: the stored type of each field, and the rows."""
    tables: dict[str, tuple[dict[str, str], list[Row]]] = {}
    for entity, fields in ENTITIES.items():
        elsewhere = ELSEWHERE.get(entity, ())
        words = {
            name: "string" if (entity, name) in TRANSFORMS else word
            for name, word in fields.items()
        }
        own = {name: word for name, word in words.items() if name not in elsewhere}
        tables[f"d{one.number}_{entity}"] = own, one.stored[entity]
        if elsewhere:
            more = {name: words[name] for name in (*KEYS[entity], *elsewhere)}
            tables[f"d{one.number}_{entity}_more"] = more, one.kept_elsewhere[entity]
    return tables


def stored_as(entity: str, name: str, path: str) -> dict[str, Any]:
    """How a field is bound that lies at a path: with its transform, when it has one."""
    transform = TRANSFORMS.get((entity, name))
    if transform is None:
        return {"path": path}
    return {"path": path, "stored": "string", "transform": transform}
