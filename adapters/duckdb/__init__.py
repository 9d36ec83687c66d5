"""DuckDB: a database file, and Parquet or CSV files as relations, read-only."""

from adapters.duckdb.adapter import DuckdbAdapter

__all__ = ["DuckdbAdapter"]
