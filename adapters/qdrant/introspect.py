"""Qdrant's catalog: collections, and their payload paths by sampling."""

from collections import Counter
from typing import Any

from qdrant_client import AsyncQdrantClient

from adapters.schema import Catalog, Column, Relation

_SAMPLE = 200


async def introspect(client: AsyncQdrantClient, source: str) -> Catalog:
    """Every collection with the payload paths of its first points; differing types are `mixed`."""
    relations: list[Relation] = []
    for described in (await client.get_collections()).collections:
        name = described.name
        points, _ = await client.scroll(name, limit=_SAMPLE, with_vectors=False)
        kinds: dict[str, Counter[str]] = {}
        for point in points:
            for path, value in (point.payload or {}).items():
                kinds.setdefault(f"payload.{path}", Counter())[_word(value)] += 1
        columns = [
            Column(
                path,
                next(iter(counts)) if len(counts) == 1 else "mixed",
                share=round(sum(counts.values()) / len(points), 3),
            )
            for path, counts in sorted(kinds.items())
        ]
        rows = (await client.count(name, exact=False)).count
        relations.append(Relation(name, tuple(columns), rows, key=("$id",)))
    return Catalog(source, tuple(relations), sampled=True)


def _word(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
        case str():
            return "string"
        case _:
            return "json"
