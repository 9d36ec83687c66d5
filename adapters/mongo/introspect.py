"""MongoDB's catalog, by sampling: the paths of each collection, their types, shares and variety."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from adapters.mongo.coercion import native, word
from adapters.schema import Catalog, Column, Relation

_SAMPLE = 500
_FEW = 50
_OFTEN = 3


async def introspect(
    database: "AsyncIOMotorDatabase[dict[str, Any]]", source: str, timeout_ms: int
) -> Catalog:
    """Sample every collection that the credential may list. Types that differ make `mixed`.

    Elements of an array are listed as `lines[].sku`, or `tags[]` when they are no documents.
    """
    relations: list[Relation] = []
    for name in sorted(await database.list_collection_names(authorizedCollections=True)):
        if name.startswith("system."):
            continue
        collection = database[name]
        drawn = await collection.aggregate(
            [{"$sample": {"size": _SAMPLE}}], maxTimeMS=timeout_ms
        ).to_list(_SAMPLE)
        # the server may draw a document twice, which would look like values that repeat
        sample = list({repr(one.get("_id", id(one))): one for one in drawn}.values())
        rows = await collection.estimated_document_count(maxTimeMS=timeout_ms)
        relations.append(Relation(name, tuple(_columns(sample, rows)), rows, key=("_id",)))
    return Catalog(source, tuple(relations), sampled=True)


@dataclass(slots=True)
class _Seen:
    """What the sample has at one path: documents, values by type, and how often each value is."""

    documents: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    values: Counter[str] = field(default_factory=Counter[str])


def _columns(sample: list[dict[str, Any]], rows: int) -> Iterator[Column]:
    seen: dict[str, _Seen] = {}
    for document in sample:
        found = list(_paths(document))
        for path in {path for path, _ in found}:
            seen.setdefault(path, _Seen()).documents += 1
        for path, value in found:
            kind = word(value)
            seen[path].kinds[kind] += 1
            if kind not in {"null", "json"}:
                seen[path].values[str(native(value))] += 1
    for path, at in sorted(seen.items()):
        kind = _common([kind for kind in at.kinds if kind != "null"])
        everywhere = at.documents == len(sample) and "[" not in path
        values = at.values.total()
        yield Column(
            name=path,
            type=kind,
            nullable="null" in at.kinds or not everywhere,
            share=round(at.documents / len(sample), 3),
            distinct=None
            if kind in {"json", "mixed"} or not values
            else _distinct(at.values, round(rows * values / len(sample)), rows <= len(sample)),
        )


def _distinct(values: Counter[str], population: int, whole: bool) -> int:
    """An estimate of the distinct values among `population`, of which `values` are a sample.

    Few values that are each seen often are all there are. Where no value is seen twice, none may
    be. Between these stands the estimator GEE, `sqrt(N/n) f1 + f2 + f3 + …`, f1 being the number
    of values seen once (Charikar et al., Towards Estimation Error Guarantees for Distinct Values,
    PODS 2000).
    """
    size = values.total()
    if whole or (len(values) <= _FEW and size >= _OFTEN * len(values)):
        return len(values)
    if len(values) == size:
        return population
    once = sum(count == 1 for count in values.values())
    estimate = math.sqrt(population / size) * once + len(values) - once
    return max(len(values), min(population, round(estimate)))


def _common(kinds: list[str]) -> str:
    if not kinds:
        return "string"
    if len(kinds) == 1:
        return kinds[0]
    return "float64" if set(kinds) == {"int64", "float64"} else "mixed"


def _paths(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every path of a document with its value; of arrays in arrays, the outer one's elements."""
    for key, value in document.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{path}.")
            continue
        yield path, value
        if isinstance(value, list) and "[" not in path:
            for element in value:
                if isinstance(element, dict):
                    yield from _paths(element, f"{path}[].")
                else:
                    yield f"{path}[]", element
