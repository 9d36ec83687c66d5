"""semantic_model.yaml becomes a SemanticModel: read, filled in and checked."""

from orchestrator.semantic.access import AccessPolicy, AccessRule, Mask
from orchestrator.semantic.approval import ApprovalPolicy, Level, Over, Rules
from orchestrator.semantic.audience import Audience, AudiencePolicy, Posting
from orchestrator.semantic.check import near
from orchestrator.semantic.currencies import Currencies
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
    VerifiedQuery,
)

__all__ = [
    "AccessPolicy",
    "AccessRule",
    "AiContext",
    "ApprovalPolicy",
    "Audience",
    "AudiencePolicy",
    "Binding",
    "BoundField",
    "Currencies",
    "Entity",
    "FieldSpec",
    "Level",
    "Mask",
    "Metric",
    "Over",
    "Policies",
    "Posting",
    "Relationship",
    "Rules",
    "SemanticModel",
    "SourceSpec",
    "VerifiedQuery",
    "json_schema",
    "load",
    "near",
]
