"""Candidates to the excerpt of the semantic model that a planner may see: plain data for JSON.

It holds what the model's owner wrote, and never a binding, an address or a row.
"""

from typing import Any

from orchestrator.retrieve import Candidates
from orchestrator.retrieve.documents import metric_entities, sql_entities
from orchestrator.semantic import AiContext, Entity, SemanticModel


def excerpt(model: SemanticModel, candidates: Candidates) -> dict[str, Any]:
    """What a planner is told of the model: the candidates, in the model's order.

    The order is the model's so that the same candidates give the same bytes, which can be cached.
    """
    near = [name for name in model.entities if name in candidates.entities]
    verified = [
        model.verified_queries[int(h.name)] for h in candidates.hits if h.kind == "verified"
    ]
    return {
        "entities": {name: _entity(model, model.entities[name]) for name in near},
        "relationships": [
            {
                "many": [f"{r.from_entity}.{column}" for column in r.from_columns],
                "one": [f"{r.to_entity}.{column}" for column in r.to_columns],
            }
            for r in model.relationships
            if r.from_entity in near and r.to_entity in near
        ],
        "metrics": {
            metric.name: _said(metric.description, metric.ai_context)
            | {"expression": metric.expression, "time": metric.time, "unit": metric.unit}
            for metric in model.metrics
            if set(metric_entities(model, metric)) <= set(near)
        },
        "verified_queries": [
            {"question": query.question, "sql": query.sql}
            for query in verified
            if set(sql_entities(model, query.sql)) <= set(near)
        ],
    }


def _entity(model: SemanticModel, entity: Entity) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, spec in entity.fields.items():
        fields[name] = {"type": spec.type} | _said(spec.description, spec.ai_context)
        if spec.values:
            fields[name]["values"] = spec.values
        if spec.pii is not None and spec.pii not in model.policies.allow_pii:
            fields[name]["not_to_be_read"] = True
    return _said(entity.description, entity.ai_context) | {
        "key": entity.key,
        "time": entity.time,
        "label": entity.label,
        "search_by_meaning": entity.text_source is not None,
        "fields": fields,
    }


def _said(description: str, context: AiContext) -> dict[str, Any]:
    said = {
        "description": description,
        "synonyms": context.synonyms,
        "notes": context.instructions,
    }
    return {key: value for key, value in said.items() if value}
