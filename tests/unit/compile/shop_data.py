"""The shop's entities as tables of one DuckDB, with few random rows of values that meet."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from adapters.coercion import arrow_type
from orchestrator.compile.shapes import SCORE, SEARCHED
from tests.unit.compile.shop import MODEL

_ROWS = 24
_NULLS = 0.15
_VALUES: dict[str, tuple[Any, ...]] = {
    "int64": (0, 1, 2, 3, 4, 5, 6, 7),
    "float64": (0.0, 1.5, -2.0, 7.0),
    "decimal": (Decimal(0), Decimal("1.5"), Decimal("-3.25"), Decimal(7)),
    "string": ("a", "b", "A", "open", "closed", ""),
    "date": (date(1998, 9, 2), date(2025, 12, 31), date(2026, 1, 1)),
    "timestamptz": (
        datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, 12, tzinfo=UTC),
    ),
}


def filled() -> duckdb.DuckDBPyConnection:
    """A DuckDB with a table for each entity; keys are unique, all else repeats and is missing at
    times. What a search would find is a table too."""
    rng = random.Random(7)  # noqa: S311 -- nothing here is a secret
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    for name, entity in MODEL.entities.items():
        words = {field: spec.type for field, spec in entity.fields.items()}
        rows = [
            {field: _value(rng, word, number if (field,) == entity.key else None)
             for field, word in words.items()}
            for number in range(_ROWS)
        ]  # fmt: skip
        schema = pa.schema([(field, arrow_type(word)) for field, word in words.items()])
        _create(connection, name, pa.Table.from_pylist(rows, schema=schema))
        if entity.text_source:
            connection.execute(
                f"CREATE TABLE {SEARCHED}{name} AS SELECT *, 0.5 AS {SCORE} FROM {name} LIMIT 9"
            )
    return connection


def _create(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("incoming", rows)
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
    connection.unregister("incoming")


def _value(rng: random.Random, word: str, number: int | None) -> Any:
    if number is not None:
        return number if word == "int64" else f"n{number}"
    return None if rng.random() < _NULLS else rng.choice(_VALUES[word])
