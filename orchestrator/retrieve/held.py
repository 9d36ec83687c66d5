"""Shards side by side, with arrays that say of each document where it lies and what it is about.

A `subject` is what one source holds of one entity, or a relation that no entity binds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from orchestrator.retrieve.documents import Document
from orchestrator.retrieve.lexical import Segment
from orchestrator.retrieve.shard import Shard


@dataclass(frozen=True)
class Held:
    """What an index holds. `sources` and `subjects` number theirs; `subject_of` is of each
    document, `source_of` of each subject, `times` and `labels`
    have the place of an entity's time and of what names its rows.

    `joined` are pairs of subjects of one entity, or of two that a relationship joins, each both
    ways. `centroids` are unit vectors, each block with the source of each of its rows.
    """

    shards: list[Shard]
    documents: list[Document]
    segments: list[Segment]
    sources: dict[str, int]
    subjects: dict[tuple[str, str], int]
    subject_of: np.ndarray
    source_of: np.ndarray
    times: dict[str, int]
    labels: dict[str, int]
    joined: tuple[np.ndarray, np.ndarray]
    centroids: list[tuple[np.ndarray, np.ndarray]]

    @classmethod
    def nothing(cls) -> "Held":
        """No shard."""
        none = np.empty(0, dtype=np.int32)
        return cls([], [], [], {}, {}, none, none, {}, {}, (none, none), [])

    def and_more(self, shards: Sequence[Shard], related: Iterable[tuple[str, str]]) -> "Held":
        """This and more shards, with pairs of entities that are related, of those here or there.

        Nothing that is held already is made anew, and it stays as it is.
        """
        sources, subjects = dict(self.sources), dict(self.subjects)
        times, labels = dict(self.times), dict(self.labels)
        more = [document for shard in shards for document in shard.documents]
        subject_of: list[int] = []
        for place, document in enumerate(more, start=len(self.documents)):
            sources.setdefault(document.source, len(sources))
            key = (document.source, document.subject)
            subject_of.append(subjects.setdefault(key, len(subjects)))
            if document.is_time:
                times[document.subject] = place
            if document.is_label:
                labels[document.subject] = place
        return Held(
            [*self.shards, *shards],
            [*self.documents, *more],
            [*self.segments, Segment.merged([shard.segment for shard in shards])],
            sources,
            subjects,
            np.concatenate([self.subject_of, np.array(subject_of, dtype=np.int32)]),
            np.array([sources[source] for source, _ in subjects], dtype=np.int32),
            times,
            labels,
            _joined(self.joined, subjects, related),
            [*self.centroids, *_stacked(shards, sources)],
        )


def _joined(
    before: tuple[np.ndarray, np.ndarray],
    subjects: dict[tuple[str, str], int],
    related: Iterable[tuple[str, str]],
) -> tuple[np.ndarray, np.ndarray]:
    of_entity: dict[str, list[int]] = {}
    for (_, entity), subject in subjects.items():
        of_entity.setdefault(entity, []).append(subject)
    pairs = {pair for its in of_entity.values() for pair in permutations(its, 2)}
    for one, other in related:
        for pair in product(of_entity.get(one, ()), of_entity.get(other, ())):
            pairs |= {pair, pair[::-1]}
    more = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2).T
    return np.concatenate([before[0], more[0]]), np.concatenate([before[1], more[1]])


def _stacked(
    shards: Sequence[Shard], sources: dict[str, int]
) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = [(sources[s.source], s.centroids) for s in shards if s.centroids is not None]
    if not rows:
        return []
    of_source = [np.full(len(its), source) for source, its in rows]
    return [(np.concatenate([its for _, its in rows]), np.concatenate(of_source))]
