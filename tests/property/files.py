"""Every dataset in Parquet files and in a SQLite file: one loader a kind."""

import contextlib
import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.coercion import arrow_type
from tests.property.data import ENTITIES, Dataset
from tests.property.sources import Place, stored_as, tables_of

_SQLITE_TYPES = {"int64": "INTEGER", "float64": "REAL", "bool": "BOOLEAN"}
_HOLD_NAN = frozenset({"reading", "rating"})
"""Fields that SQLite keeps as text, since it turns NaN into NULL."""


def parquet_place(name: str, folder: Path, datasets: list[Dataset]) -> Place:
    """A folder with a Parquet file for each table."""
    files: dict[str, str] = {}
    for one in datasets:
        for table, (words, rows) in tables_of(one).items():
            schema = pa.schema([(field, arrow_type(word)) for field, word in words.items()])
            path = folder / f"{table}.parquet"
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
            files[table] = str(path)
    return Place(
        name,
        "duckdb",
        {"files": files},
        lambda table: table,
        lambda entity, field: stored_as(entity, field, field),
    )


def sqlite_place(name: str, folder: Path, datasets: list[Dataset]) -> Place:
    """A SQLite file with a table for each table."""
    path = folder / f"{name}.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for one in datasets:
            for table, (words, rows) in tables_of(one).items():
                columns = ", ".join(
                    f"{field} {_kind(field, word)}" for field, word in words.items()
                )
                places = ", ".join("?" for _ in words)
                connection.execute(f"CREATE TABLE {table} ({columns})")
                connection.executemany(
                    f"INSERT INTO {table} VALUES ({places})",
                    [[_stored(field, row[field]) for field in words] for row in rows],
                )
        connection.commit()
    return Place(name, "sqlite", {"database": str(path)}, lambda table: table, _sqlite_bound)


def _kind(field: str, word: str) -> str:
    return "TEXT" if field in _HOLD_NAN else _SQLITE_TYPES.get(word, "TEXT")


def _sqlite_bound(entity: str, field: str) -> dict[str, Any]:
    if field in _HOLD_NAN and ENTITIES[entity][field] == "float64":
        return {"path": field, "stored": "string", "transform": "CAST(value AS DOUBLE)"}
    return stored_as(entity, field, field)


def _stored(field: str, value: Any) -> Any:
    """Decimals, days and moments as text, which SQLite keeps as it is."""
    if value is None:
        return None
    if field in _HOLD_NAN:
        return repr(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
