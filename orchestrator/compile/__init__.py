"""Semantic SQL becomes a plan: parse, allow-list, expand entities to bindings, push down, join."""

from orchestrator.compile.compile import compile  # noqa: A004 -- the room's own word
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, KeyFeed, Plan

__all__ = ["FetchStep", "JoinStep", "KeyCheck", "KeyFeed", "Plan", "compile"]
