"""The oracle: one DuckDB that holds the company's clean truth, as tables named like the entities.

It is filled from the generator's own objects, not from the databases, and runs the same SQL.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from adapters.coercion import ARROW_TYPES
from orchestrator.semantic import SemanticModel
from sandbox.company.entities import entity_rows
from sandbox.company.model import Company


def oracle(company: Company, model: SemanticModel) -> duckdb.DuckDBPyConnection:
    """A DuckDB with a table for each entity."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for name, rows in entity_rows(company).items():
        fields = model.entities[name].fields
        schema = pa.schema([(field, ARROW_TYPES[spec.type]) for field, spec in fields.items()])
        table = pa.Table.from_pylist(rows, schema=schema)
        connection.register("incoming", table)
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    return connection


def comparable(table: pa.Table, *, ordered: bool) -> list[tuple[Any, ...]]:
    """Rows as tuples of plain values: numbers rounded to 6 places, instants in UTC."""
    rows = [tuple(_plain(value) for value in row.values()) for row in table.to_pylist()]
    return rows if ordered else sorted(rows, key=repr)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return round(float(value), 6)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    return value
