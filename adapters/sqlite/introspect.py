"""SQLite's catalog: tables and views, by declared type; estimates are those of ANALYZE."""

import sqlite3
from dataclasses import dataclass

from adapters.schema import Catalog, Column, Relation
from adapters.sqlite.coercion import canonical

_RELATIONS = """
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY name
"""
_STRICT = "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ?"
_COLUMNS = 'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1'
_INDEXED = "SELECT name FROM pragma_index_info(?) WHERE seqno = 0"


@dataclass(frozen=True, slots=True)
class Stored:
    """A column as declared. `sure` says that SQLite itself lets nothing else be stored in it."""

    name: str
    word: str
    nullable: bool
    key_position: int
    sure: bool


def stored_columns(connection: sqlite3.Connection, relation: str) -> list[Stored]:
    """The columns of a table or view; none when there is no such relation."""
    kind = connection.execute(_STRICT, (relation,)).fetchone()
    strict = kind is not None and bool(kind[0])
    rows = connection.execute(_COLUMNS, (relation,)).fetchall()
    alone = sum(1 for *_, position in rows if position) == 1
    return [
        Stored(
            name,
            canonical(declared),
            not (required or position),
            position,
            sure=strict or (alone and bool(position) and declared.upper() == "INTEGER"),
        )
        for name, declared, required, position in rows
    ]


def introspect(connection: sqlite3.Connection, source: str) -> Catalog:
    """Read the catalog. Blocking."""
    estimates = _estimates(connection)
    found: list[Relation] = []
    for (name,) in connection.execute(_RELATIONS).fetchall():
        rows, distinct = estimates.get(name, (None, {}))
        if rows is None:
            rows = int(connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0])
        columns = stored_columns(connection, name)
        keys = sorted((one.key_position, one.name) for one in columns if one.key_position)
        if len(keys) == 1:
            distinct = {**distinct, keys[0][1]: rows}
        found.append(
            Relation(
                name=name,
                columns=tuple(
                    Column(one.name, one.word, one.nullable, distinct=distinct.get(one.name))
                    for one in columns
                ),
                rows=rows,
                key=tuple(column for _, column in keys),
            )
        )
    return Catalog(source, tuple(found))


def _estimates(connection: sqlite3.Connection) -> dict[str, tuple[int, dict[str, int]]]:
    """Rows, and distinct values of each index's first column, where ANALYZE has run."""
    known = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"
    if connection.execute(known).fetchone() is None:
        return {}
    found: dict[str, tuple[int, dict[str, int]]] = {}
    for table, index, stat in connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1"):
        numbers = [int(part) for part in stat.split() if part.isdecimal()]
        rows, distinct = found.get(table, (numbers[0], {}))
        if index is not None and len(numbers) > 1:
            first = connection.execute(_INDEXED, (index,)).fetchone()
            if first is not None and first[0] is not None:
                distinct = {**distinct, first[0]: max(1, round(rows / max(1, numbers[1])))}
        found[table] = (rows, distinct)
    return found


def quoted(name: str) -> str:
    """The name as an identifier."""
    return '"' + name.replace('"', '""') + '"'
