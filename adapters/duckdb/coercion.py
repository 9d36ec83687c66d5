"""DuckDB's types to canonical words, and how a column is read so that it compares like its word."""

from typing import Any

_WORDS = {
    "bigint": "int64",
    "hugeint": "decimal(38,0)",
    "ubigint": "decimal(20,0)",
    "double": "float64",
    "varchar": "string",
    "boolean": "bool",
    "date": "date",
    "timestamp with time zone": "timestamptz",
    "timestamp": "timestamp",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
}
_WIDENED = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "utinyint", "usmallint", "uinteger"), "int"),
    "float": "double",
}
_AS_TEXT = frozenset({"enum", "uuid"})
_NESTED = frozenset({"list", "array", "struct", "map", "union"})


def canonical(kind: Any) -> str:
    """The canonical word of a DuckDB type; `mixed` where it has none."""
    name = str(kind.id)
    if name in _WIDENED:
        return "float64" if name == "float" else "int64"
    if name == "decimal":
        digits = dict(kind.children)
        return f"decimal({digits['precision']},{digits['scale']})"
    if name in _NESTED or str(kind) == "JSON":
        return "json"
    return "string" if name in _AS_TEXT else _WORDS.get(name, "mixed")


def reading(column: str, kind: Any) -> str:
    """The SQL that reads a column: of full width, text without a collation, enums as their text.

    So sums, orders and comparisons mean what they mean for the canonical word.
    """
    name = str(kind.id)
    if name in _WIDENED:
        return f"CAST({column} AS {'DOUBLE' if name == 'float' else 'BIGINT'})"
    if name in _NESTED:
        return f"CAST(to_json({column}) AS VARCHAR)"
    if name in _AS_TEXT or str(kind) == "JSON":
        return f"CAST({column} AS VARCHAR)"
    return f'{column} COLLATE "binary"' if name == "varchar" else column
