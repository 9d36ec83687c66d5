"""The catalog of a DuckDB source: tables and views of its database file, and its files."""

from typing import Any

import duckdb

from adapters.duckdb.coercion import canonical
from adapters.duckdb.files import SOURCE, Relations, quoted
from adapters.schema import Catalog, Column, Relation

_COUNTED_ROWS = 500_000
_UNREADABLE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.IOException,
    duckdb.PermissionException,
)
_TABLES = f"""
SELECT if(schema_name = 'main', '', schema_name || '.') || name AS relation, comment, is_table
FROM (
    SELECT schema_name, table_name AS name, comment, true AS is_table
    FROM duckdb_tables() WHERE database_name = '{SOURCE}'
    UNION ALL
    SELECT schema_name, view_name, comment, false
    FROM duckdb_views() WHERE database_name = '{SOURCE}' AND NOT internal
)
ORDER BY relation
"""
_COLUMNS = f"""
SELECT if(schema_name = 'main', '', schema_name || '.') || table_name, column_name, comment,
       is_nullable
FROM duckdb_columns() WHERE database_name = '{SOURCE}'
"""
_KEYS = f"""
SELECT if(schema_name = 'main', '', schema_name || '.') || table_name, constraint_column_names
FROM duckdb_constraints()
WHERE database_name = '{SOURCE}' AND constraint_type = 'PRIMARY KEY'
"""


def introspect(connection: duckdb.DuckDBPyConnection, files: Relations, source: str) -> Catalog:
    """Read the catalog; views of the database that can't be read are left out. Blocking."""
    tables = {
        name: (comment or "", is_table)
        for name, comment, is_table in connection.execute(_TABLES).fetchall()
        if name not in files.relations
    }
    keys = {name: tuple(columns) for name, columns in connection.execute(_KEYS).fetchall()}
    told = {
        (relation, column): (comment or "", nullable)
        for relation, column, comment, nullable in connection.execute(_COLUMNS).fetchall()
    }
    found = [
        _relation(connection, name, files.origin(name), told={}, has_stats=False)
        for name in files.relations
    ]
    for name, (comment, is_table) in tables.items():
        try:
            found.append(
                _relation(
                    connection,
                    name,
                    files.origin(name),
                    told={column: what for (of, column), what in told.items() if of == name},
                    has_stats=is_table,
                    key=keys.get(name, ()),
                    comment=comment,
                )
            )
        except _UNREADABLE:
            if is_table:
                raise
    return Catalog(source, tuple(sorted(found, key=lambda relation: relation.name)))


def _relation(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    origin: str,
    *,
    told: dict[str, tuple[str, bool]],
    has_stats: bool,
    key: tuple[str, ...] = (),
    comment: str = "",
) -> Relation:
    stored = connection.sql(f"FROM {origin}")
    rows = int(_one(connection, f"SELECT count(*) FROM {origin}")[0])
    columns = list(zip(stored.columns, stored.types, strict=True))
    distinct = _distinct(connection, origin, stored.columns, rows, has_stats=has_stats)
    return Relation(
        name=name,
        columns=tuple(
            Column(
                column,
                canonical(kind),
                nullable=told.get(column, ("", True))[1],
                comment=told.get(column, ("", True))[0],
                distinct=count,
            )
            for (column, kind), count in zip(columns, distinct, strict=True)
        ),
        rows=rows,
        key=key,
        comment=comment,
    )


def _distinct(
    connection: duckdb.DuckDBPyConnection,
    origin: str,
    columns: list[str],
    rows: int,
    *,
    has_stats: bool,
) -> list[int | None]:
    """Distinct values: a table's own statistics; counted where there are none and rows are few."""
    if has_stats and rows:
        count, most = "CAST(stats({}).approx_unique AS BIGINT)", " LIMIT 1"
    elif rows <= _COUNTED_ROWS:
        count, most = "approx_count_distinct({})", ""
    else:
        return [None] * len(columns)
    counts = ", ".join(count.format(quoted(column)) for column in columns)
    return list(_one(connection, f"SELECT {counts} FROM {origin}{most}"))


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return connection.execute(sql).fetchall()[0]
