"""A question becomes its candidates: the entities, fields, values and metrics it may be about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """One document of the index that is near the question.

    `kind` is entity, field, value, metric or verified; `name` is `entity`, `entity.field`,
    `entity.field=value`, a metric's name or the index of a verified query. `score` is 0–1.
    """

    kind: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a planner may see, best first. `entities` holds every entity that a hit touches and
    those that join them. `by_meaning` is False while only words could be compared."""

    entities: tuple[str, ...]
    hits: tuple[Hit, ...] = ()
    by_meaning: bool = True
