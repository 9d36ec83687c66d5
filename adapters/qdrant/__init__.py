"""Qdrant: search by meaning and filtered scrolls over payloads."""

from adapters.qdrant.adapter import QdrantAdapter

__all__ = ["QdrantAdapter"]
