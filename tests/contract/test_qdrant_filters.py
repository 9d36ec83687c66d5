"""Filters of points lose no row that is read as the value which is asked for."""

from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient, models

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.qdrant import QdrantAdapter
from adapters.query import VectorQuery
from sandbox.sandbox import Sandbox
from tests.contract.harness import columns, gather

COLLECTION = "odd_payloads"
PAYLOADS: list[dict[str, Any]] = [
    {"code": "5", "n": 5},
    {"code": 5, "n": 5.0},
    {"code": "six", "n": 6},
    {"code": "05", "n": 2**60},
]


@pytest.fixture(scope="module")
async def points(sandbox: Sandbox) -> AsyncGenerator[tuple[QdrantAdapter, Credential]]:
    """A collection whose payloads hold numbers in several forms."""
    assert sandbox.qdrant is not None
    client = AsyncQdrantClient(url=sandbox.qdrant.url, api_key=sandbox.qdrant.api_key)
    await client.create_collection(
        COLLECTION, vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE)
    )
    await client.upsert(
        COLLECTION,
        [
            models.PointStruct(id=number, vector=[1.0, 1.0], payload=payload)
            for number, payload in enumerate(PAYLOADS, start=1)
        ],
    )
    adapter = QdrantAdapter("points", url=sandbox.qdrant.url, embed=_embed)
    yield adapter, Credential(api_key=sandbox.qdrant.api_key)
    await client.delete_collection(COLLECTION)
    await client.close()


async def _embed(texts: list[str]) -> np.ndarray:
    return np.ones((len(texts), 2), np.float32)


@pytest.mark.parametrize(
    ("path", "operator", "value", "found"),
    [
        ("code", "=", "5", [1, 2]),
        ("code", "in", ["5", "six"], [1, 2, 3]),
        ("code", "in", ["05"], [4]),
        ("n", "=", 5, [1, 2]),
        ("n", "in", [5, 6], [1, 2, 3]),
        ("n", "in", [*range(-50, 51), 5], [1, 2, 3]),
        ("n", "=", 2**60, [4]),
        ("n", "in", [], []),
        ("n", ">", 5, [3, 4]),
    ],
)
async def test_filters_lose_no_row(
    path: str,
    operator: str,
    value: object,
    found: list[int],
    points: tuple[QdrantAdapter, Credential],
) -> None:
    """Whole numbers that are stored as floats or where text is asked for, and long lists."""
    adapter, credential = points
    query = VectorQuery(
        relations=(COLLECTION,),
        columns=columns(id="int64"),
        text=None,
        limit=10,
        paths=("$id",),
        filters=((f"payload.{path}", operator, value),),
    )
    got = await gather(adapter, query, credential, Limits())
    assert sorted(got.table.column("id").to_pylist()) == found
