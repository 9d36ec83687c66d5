"""MongoDB: aggregation pipelines through motor, which stays inside this folder (ADR 0003)."""

from adapters.mongo.adapter import MongoAdapter

__all__ = ["MongoAdapter"]
