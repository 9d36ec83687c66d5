"""Shards side by side, with arrays that say of each document where it lies and what it is about.

A `subject` is what one source holds of one entity, or a relation that no entity binds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.retrieve.documents import Document
from orchestrator.retrieve.lexical import Segment
from orchestrator.retrieve.shard import Shard


@dataclass(frozen=True)
class Held:
    """What an index holds. `sources` and `subjects` number theirs; `subject_of` is of each
    document, `source_of` of each subject, and `times` has the place of an entity's time.

    `centroids` are unit vectors, each block with the source of each of its rows.
    """

    shards: list[Shard]
    documents: list[Document]
    segments: list[Segment]
    sources: dict[str, int]
    subjects: dict[tuple[str, str], int]
    subject_of: np.ndarray
    source_of: np.ndarray
    times: dict[str, int]
    centroids: list[tuple[np.ndarray, np.ndarray]]

    @classmethod
    def nothing(cls) -> "Held":
        """No shard."""
        none = np.empty(0, dtype=np.int32)
        return cls([], [], [], {}, {}, none, none, {}, [])

    def and_more(self, shards: Sequence[Shard]) -> "Held":
        """This and more shards, at a cost that is theirs alone; it stays as it is."""
        sources, subjects, times = dict(self.sources), dict(self.subjects), dict(self.times)
        more = [document for shard in shards for document in shard.documents]
        subject_of: list[int] = []
        for place, document in enumerate(more, start=len(self.documents)):
            sources.setdefault(document.source, len(sources))
            key = (document.source, document.subject)
            subject_of.append(subjects.setdefault(key, len(subjects)))
            if document.is_time:
                times[document.subject] = place
        return Held(
            [*self.shards, *shards],
            [*self.documents, *more],
            [*self.segments, Segment.merged([shard.segment for shard in shards])],
            sources,
            subjects,
            np.concatenate([self.subject_of, np.array(subject_of, dtype=np.int32)]),
            np.array([sources[source] for source, _ in subjects], dtype=np.int32),
            times,
            [*self.centroids, *_stacked(shards, sources)],
        )


def _stacked(
    shards: Sequence[Shard], sources: dict[str, int]
) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = [(sources[s.source], s.centroids) for s in shards if s.centroids is not None]
    if not rows:
        return []
    of_source = [np.full(len(its), source) for source, its in rows]
    return [(np.concatenate([its for _, its in rows]), np.concatenate(of_source))]
