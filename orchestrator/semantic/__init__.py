"""semantic_model.yaml becomes a SemanticModel: read, filled in and checked."""

from orchestrator.semantic.check import near
from orchestrator.semantic.load import json_schema, load
from orchestrator.semantic.model import (
    AiContext,
    Binding,
    Entity,
    FieldSpec,
    Metric,
    Policies,
    Relationship,
    SemanticModel,
    SourceSpec,
)

__all__ = [
    "AiContext",
    "Binding",
    "Entity",
    "FieldSpec",
    "Metric",
    "Policies",
    "Relationship",
    "SemanticModel",
    "SourceSpec",
    "json_schema",
    "load",
    "near",
]
