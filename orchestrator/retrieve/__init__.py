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
class Route:
    """One source, as the router sees it for a question.

    `confidence` (0–1) is how sure it is that the question is about what lies there; `searched` is
    what it made of that, and `why` says so in words.
    """

    source: str
    confidence: float
    searched: bool
    why: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a planner may see, best first. `entities` holds every entity that a hit touches and
    those that join them. `by_meaning` is False while only words could be compared.

    `routes` are all sources, the surest first. `unmodelled` are relations (`source.relation`) that
    no entity binds and that are nearer to the question than anything that one does. Where nothing
    was `found`, the entities are some of all.
    """

    entities: tuple[str, ...]
    hits: tuple[Hit, ...] = ()
    by_meaning: bool = True
    routes: tuple[Route, ...] = ()
    unmodelled: tuple[str, ...] = ()
    found: bool = True
