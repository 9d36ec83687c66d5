"""DuckDB: a database file, Parquet and CSV files, and tables in memory as relations, read-only."""

from adapters.duckdb.adapter import DuckdbAdapter
from adapters.duckdb.tables import TablesAdapter

__all__ = ["DuckdbAdapter", "TablesAdapter"]
