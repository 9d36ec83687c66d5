"""MongoDB's catalog, by sampling: the paths of each collection, their types and shares."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from adapters.mongo.coercion import word
from adapters.schema import Catalog, Column, Relation

_SAMPLE = 500


async def introspect(
    database: "AsyncIOMotorDatabase[dict[str, Any]]", source: str, timeout_ms: int
) -> Catalog:
    """Sample every collection that the credential may list. Types that differ make `mixed`."""
    relations: list[Relation] = []
    for name in sorted(await database.list_collection_names(authorizedCollections=True)):
        if name.startswith("system."):
            continue
        collection = database[name]
        sample = await collection.aggregate(
            [{"$sample": {"size": _SAMPLE}}], maxTimeMS=timeout_ms
        ).to_list(_SAMPLE)
        rows = await collection.estimated_document_count(maxTimeMS=timeout_ms)
        relations.append(Relation(name, tuple(_columns(sample)), rows, key=("_id",)))
    return Catalog(source, tuple(relations), sampled=True)


def _columns(sample: list[dict[str, Any]]) -> Iterator[Column]:
    types: dict[str, Counter[str]] = {}
    for document in sample:
        for path, kind in _paths(document):
            types.setdefault(path, Counter())[kind] += 1
    for path, counts in sorted(types.items()):
        kinds = [kind for kind in counts if kind != "null"]
        present = sum(counts.values())
        yield Column(
            name=path,
            type=_common(kinds),
            nullable="null" in counts or present < len(sample),
            share=round(present / len(sample), 3),
        )


def _common(kinds: list[str]) -> str:
    if not kinds:
        return "string"
    if len(kinds) == 1:
        return kinds[0]
    return "float64" if set(kinds) == {"int64", "float64"} else "mixed"


def _paths(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{path}.")
        else:
            yield path, word(value)
