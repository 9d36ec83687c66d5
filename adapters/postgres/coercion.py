"""PostgreSQL's type names to canonical words, and how a column is read so that it fits one."""

_WORDS = {
    "smallint": "int64",
    "integer": "int64",
    "bigint": "int64",
    "real": "float64",
    "double precision": "float64",
    "numeric": "decimal",
    "boolean": "bool",
    "date": "date",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "json": "json",
    "jsonb": "json",
    "ARRAY": "json",
}


def canonical(data_type: str) -> str:
    """The canonical word of an information_schema `data_type`; text-like ones are `string`."""
    return _WORDS.get(data_type, "string")
