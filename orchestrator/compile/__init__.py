"""Semantic SQL becomes a plan: parse, resolve, split over the sources, join what is left."""

from orchestrator.compile.compile import Compiler
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, KeyFeed, Plan

__all__ = ["Compiler", "FetchStep", "JoinStep", "KeyCheck", "KeyFeed", "Plan"]
