"""One in-memory DuckDB over the files of a source: views of its relations, and no other file."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from adapters.duckdb.coercion import reading
from adapters.engine import WRONG_OPTIMIZERS, lock

SOURCE = "__source"
_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "threads": min(4, os.cpu_count() or 1),
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class Relations(Protocol):
    """What a source reads: relations by name, besides those of a database file."""

    @property
    def relations(self) -> Mapping[str, object]: ...

    def prepare(
        self, connection: duckdb.DuckDBPyConnection, relations: Iterable[str], spill: str
    ) -> None:
        """Let a connection read `relations`, close it to all else, and lock its configuration;
        `spill` is a folder for what does not fit into memory."""
        ...

    def origin(self, relation: str) -> str:
        """What stands after FROM to read a relation as it is stored."""
        ...


@dataclass(frozen=True, slots=True)
class Files:
    """A database file, if there is one, and paths (which may be patterns) by relation."""

    database: Path | None
    relations: dict[str, Path]

    def __post_init__(self) -> None:
        if self.database is None and not self.relations:
            raise ValueError("neither a database nor files")
        if any(path.suffix not in _READERS for path in self.relations.values()):
            raise ValueError("not a Parquet or CSV file")

    def prepare(
        self, connection: duckdb.DuckDBPyConnection, relations: Iterable[str], spill: str
    ) -> None:
        """Attach the database file read-only, close the connection to all files but those of
        `relations`, and lock its configuration. Raises FileNotFoundError."""
        if self.database is not None:
            if not self.database.is_file():
                raise FileNotFoundError(self.database)
            connection.execute(f"ATTACH {_text(self.database)} AS {SOURCE} (READ_ONLY)")
        lock_to(connection, [path for name in relations for path in self._found(name)], spill)

    def origin(self, relation: str) -> str:
        """What stands after FROM to read a relation as it is stored."""
        if relation in self.relations:
            reader = _READERS[self.relations[relation].suffix]
            return f"{reader}({_list(self._found(relation))})"
        schema, _, table = relation.rpartition(".")
        return f"{SOURCE}.{quoted(schema or 'main')}.{quoted(table)}"

    def _found(self, relation: str) -> list[Path]:
        """The files of a relation. Raises FileNotFoundError when there are none."""
        path = self.relations.get(relation)
        if path is None:
            return []
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        if not found:
            raise FileNotFoundError(path)
        return found


def lock_to(connection: duckdb.DuckDBPyConnection, allowed: list[Path], spill: str) -> None:
    """Close a connection to all files but those allowed, and lock its configuration."""
    lock(connection, f"temp_directory = {_text(spill)}", f"allowed_paths = {_list(allowed)}")


def define_view(connection: duckdb.DuckDBPyConnection, held: Relations, relation: str) -> None:
    """Define a relation's view, under its own name."""
    origin = held.origin(relation)
    stored = connection.sql(f"FROM {origin}")
    columns = ", ".join(
        f"{reading(quoted(name), kind)} AS {quoted(name)}"
        for name, kind in zip(stored.columns, stored.types, strict=True)
    )
    schema, _, table = relation.rpartition(".")
    if schema:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    name = f"{quoted(schema or 'main')}.{quoted(table)}"
    connection.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {origin}")


def connect() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, with bounds."""
    return duckdb.connect(":memory:", config=_CONFIG)


def connect_to_ask() -> duckdb.DuckDBPyConnection:
    """The same for queries. Their optimizer does without the statistics that a catalog is for."""
    return duckdb.connect(":memory:", config={**_CONFIG, "disabled_optimizers": WRONG_OPTIMIZERS})


def quoted(name: str) -> str:
    """The name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _list(paths: Iterable[Path]) -> str:
    return "[" + ", ".join(_text(path) for path in paths) + "]"
