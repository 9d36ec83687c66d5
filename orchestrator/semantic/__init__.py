"""semantic_model.yaml becomes a SemanticModel: read, filled in and checked."""

from orchestrator.semantic.approval import ApprovalPolicy, Level, Over, Rules
from orchestrator.semantic.check import near
from orchestrator.semantic.load import json_schema, load
from orchestrator.semantic.model import (
    AiContext,
    Binding,
    BoundField,
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
    "ApprovalPolicy",
    "Binding",
    "BoundField",
    "Entity",
    "FieldSpec",
    "Level",
    "Metric",
    "Over",
    "Policies",
    "Relationship",
    "Rules",
    "SemanticModel",
    "SourceSpec",
    "json_schema",
    "load",
    "near",
]
