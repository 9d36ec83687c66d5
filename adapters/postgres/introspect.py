"""PostgreSQL's catalog: the relations that the credential may read, with comments and estimates."""

import asyncpg

from adapters.postgres.coercion import canonical
from adapters.schema import Catalog, Column, Relation

_COLUMNS = """
SELECT c.table_schema || '.' || c.table_name AS relation, c.column_name, c.data_type,
       c.is_nullable = 'YES' AS nullable,
       coalesce(col_description(k.oid, c.ordinal_position::int), '') AS comment,
       greatest(k.reltuples, 0)::bigint AS rows,
       c.udt_name = 'citext' OR NOT coalesce(l.collisdeterministic, true)
         OR t.typcategory NOT IN ('S', 'E') AND c.udt_name <> 'uuid' AS odd_text,
       nullif(round(CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(k.reltuples, 0)
                         ELSE s.n_distinct END), 0)::bigint AS distinct_values,
       coalesce(obj_description(k.oid), '') AS relation_comment
FROM information_schema.columns c
JOIN pg_namespace n ON n.nspname = c.table_schema
JOIN pg_class k ON k.relnamespace = n.oid AND k.relname = c.table_name
JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum = c.ordinal_position
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = k.relname
  AND s.attname = c.column_name AND s.inherited = (k.relkind = 'p')
WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema')
  AND has_table_privilege(k.oid, 'SELECT')
ORDER BY relation, c.ordinal_position
"""
_KEYS = """
SELECT n.nspname || '.' || k.relname AS relation, a.attname AS column_name
FROM pg_index i JOIN pg_class k ON k.oid = i.indrelid
JOIN pg_namespace n ON n.oid = k.relnamespace
JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum = ANY(i.indkey)
WHERE i.indisprimary
ORDER BY relation, array_position(i.indkey::int[], a.attnum::int)
"""


async def introspect(connection: asyncpg.Connection, source: str) -> Catalog:
    """Read the catalog over one connection."""
    keys: dict[str, list[str]] = {}
    for row in await connection.fetch(_KEYS):
        keys.setdefault(row["relation"], []).append(row["column_name"])
    grouped: dict[str, list[asyncpg.Record]] = {}
    for row in await connection.fetch(_COLUMNS):
        grouped.setdefault(row["relation"], []).append(row)
    relations = [
        Relation(
            name=name,
            columns=tuple(
                Column(
                    row["column_name"],
                    word := canonical(row["data_type"]),
                    row["nullable"],
                    comment=row["comment"],
                    distinct=row["distinct_values"],
                    odd=word == "string" and row["odd_text"],
                )
                for row in rows
            ),
            rows=rows[0]["rows"],
            key=tuple(keys.get(name, ())),
            comment=rows[0]["relation_comment"],
        )
        for name, rows in grouped.items()
    ]
    return Catalog(source, tuple(relations))
