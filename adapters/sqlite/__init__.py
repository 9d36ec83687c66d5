"""SQLite: a database file, read-only, by the standard library's driver."""

from adapters.sqlite.adapter import SqliteAdapter

__all__ = ["SqliteAdapter"]
