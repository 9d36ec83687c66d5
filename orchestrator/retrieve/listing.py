"""The entities of a model as a list, for a planner whose question nothing was found for."""

from collections.abc import Iterable
from typing import Any

from orchestrator.semantic import SemanticModel

MOST = 500


def listing(model: SemanticModel, entities: Iterable[str]) -> dict[str, Any]:
    """Sources with the entities that lie there and their descriptions, in the model's order.

    `left_out` says how many more there are than MOST. An entity of several sources stands with the
    first.
    """
    wanted = set(entities)
    names = [name for name in model.entities if name in wanted]
    sources: dict[str, dict[str, str]] = {}
    for name in names[:MOST]:
        entity = model.entities[name]
        sources.setdefault(next(iter(entity.bindings)), {})[name] = entity.description
    return {"sources": sources, "left_out": max(0, len(names) - MOST)}
