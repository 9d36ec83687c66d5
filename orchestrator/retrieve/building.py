"""Shards to shards with vectors, a few hundred texts at a time, so that a question's turn comes.

Small shards are embedded together; each is kept as soon as it is full.
"""

import asyncio
from collections.abc import Iterator, Sequence

import numpy as np

from adapters.base import Embed
from orchestrator.retrieve.shard import Shard, Shelf

_BATCH = 256


async def with_vectors(
    shards: Sequence[Shard], embed: Embed, shelf: Shelf | None = None
) -> list[Shard]:
    """The same shards, in their order, each with vectors.

    Those of texts that did not change are taken from the shelf. Raises what `embed` does.
    """
    return [full for group in _groups(shards) for full in await _filled(group, embed, shelf)]


def _groups(shards: Sequence[Shard]) -> Iterator[list[Shard]]:
    group: list[Shard] = []
    for shard in shards:
        group.append(shard)
        if sum(len(one.documents) for one in group) >= _BATCH:
            yield group
            group = []
    yield group


async def _filled(group: list[Shard], embed: Embed, shelf: Shelf | None) -> list[Shard]:
    bare = [shard for shard in group if shard.vectors is None]
    rows = [shelf.known(shard.documents) if shelf else {} for shard in bare]
    missing = [
        (its, place, document.text)
        for its, shard in zip(rows, bare, strict=True)
        for place, document in enumerate(shard.documents)
        if place not in its
    ]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        vectors = await embed([text for _, _, text in batch])
        for (its, place, _), vector in zip(batch, vectors, strict=True):
            its[place] = vector
    filled = iter([await _made(s, its, shelf) for s, its in zip(bare, rows, strict=True)])
    return [next(filled) if shard.vectors is None else shard for shard in group]


async def _made(shard: Shard, rows: dict[int, np.ndarray], shelf: Shelf | None) -> Shard:
    vectors = np.stack([rows[place] for place in range(len(shard.documents))])
    full = await asyncio.to_thread(shard.with_vectors, vectors)
    if shelf is not None:
        await asyncio.to_thread(shelf.save, full)
    return full
