"""PostgreSQL: one fresh connection a query, read-only, over the extended protocol."""

from adapters.postgres.adapter import PostgresAdapter

__all__ = ["PostgresAdapter"]
