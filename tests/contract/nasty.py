"""Values that two ways of reading PostgreSQL could tell differently, by column."""

from dataclasses import dataclass

import asyncpg

TABLE = "public.nasty"
WORDS = (
    *("int64", "float64", "decimal", "decimal(12,2)", "string", "bool", "date", "timestamptz"),
    *("timestamp", "json"),
)


@dataclass(frozen=True, slots=True)
class Held:
    """A column of a PostgreSQL type, read as `word`: what fits it and what does not."""

    type: str
    word: str
    good: tuple[str, ...]
    bad: tuple[str, ...] = ()
    copied: bool = True


_TEXTS = (
    *("", " ", "  spaced  ", "NULL", "null", "\\N", "\\.", "NaN", "-", ",", '"', '""', "a,b", "'"),
    *('say "hi"', "two\nlines", "two\r\nlines", "\r", "\n", "\t", "back\\slash", "\ufeffmark"),
    *("日本語", "🦀", "e\u0301", "\u2028", "t", "f", "0", "1e5", "x" * 70_000),
)
_DAYS = ("0001-01-01", "1582-10-10", "1970-01-01", "2024-02-29", "9999-12-31")
_NO_DAYS = ("infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "5874897-12-31")
_MOMENTS = (
    *("0001-01-01 00:00:00", "1582-10-10 01:02:03", "1969-12-31 23:59:59.999999"),
    *("2026-03-29 02:30:00.5", "2024-02-29 12:00:00.000001", "9999-12-31 23:59:59.999999"),
)
_NO_MOMENTS = ("infinity", "-infinity", "0044-03-15 12:00:00 BC", "10000-01-01 00:00:00")
_FLOATS = ("0", "-0", "0.1", "1e-37", "-3.25", "1e15", "123456.79", "NaN", "Infinity", "-Infinity")

HELD = {
    "i2": Held("smallint", "int64", ("0", "-32768", "32767")),
    "i4": Held("integer", "int64", ("0", "-2147483648", "2147483647")),
    "i8": Held("bigint", "int64", ("0", "-9223372036854775808", "9223372036854775807")),
    "f4": Held("real", "float64", (*_FLOATS, "1e-45", "3.4028235e38", "16777217")),
    "f8": Held("double precision", "float64", (*_FLOATS, "5e-324", "1.7976931348623157e308")),
    "n": Held(
        "numeric",
        "decimal",
        (
            *(
                "0",
                "-0.5",
                "1.500000000000000000000",
                "0.000000001",
                "12345678901234567890123456789",
            ),
            *("99999999999999999999999999999.999999999", "1.0000000000000000000000000000000000000"),
            "1e28",
        ),
        (
            *("NaN", "Infinity", "-Infinity", "0.0000000001", "100000000000000000000000000000"),
            *("120000000000000000000000000000", "1e200", "3.14159265358979323846"),
        ),
    ),
    "money2": Held(
        "numeric",
        "decimal(12,2)",
        ("0.00", "-0.01", "9999999999.99", "-9999999999.99", "7", "1.10000"),
        ("10000000000", "10000000000.00", "0.001", "NaN", "99999999999"),
    ),
    "whole": Held(
        "numeric",
        "int64",
        ("5", "5.00", "-9223372036854775808", "1e18"),
        ("5.5", "9223372036854775808", "NaN"),
    ),
    "b": Held("boolean", "bool", ("true", "false")),
    "d": Held("date", "date", _DAYS, _NO_DAYS),
    "ts": Held("timestamp", "timestamp", _MOMENTS, _NO_MOMENTS),
    "tz": Held("timestamptz", "timestamptz", (*_MOMENTS, "2026-06-15 12:00:00+05:30"), _NO_MOMENTS),
    "t": Held("text", "string", _TEXTS),
    "v": Held("varchar(9)", "string", ("", "a", "日本語")),
    "c": Held("char(5)", "string", ("", "a", "abcde")),
    "u": Held("uuid", "string", ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",)),
    "mood": Held("public.nasty_mood", "string", ("glad", "so, so", 'q"')),
    "j": Held("json", "json", ('{"a":  1, "a": 2}', "null", '"x"', "[1,\n2]", "1e400")),
    "jb": Held("jsonb", "json", ('{"b": [1, null, "ü"], "a": 1.50}', "null", '"\\ud83d\\ude00"')),
    "xs": Held("integer[]", "json", ("{}", "{1,NULL,3}", "{{1,2},{3,4}}"), copied=False),
    "ys": Held("text[]", "json", ("{}", '{"a,b","",NULL,"\\"é"}'), copied=False),
    "zs": Held("date[]", "json", ("{2024-02-29}",), ("{infinity}",), copied=False),
    "ip": Held("inet", "string", (), ("10.0.0.1",), copied=False),
    "span": Held("interval", "string", (), ("1 day",), copied=False),
    "raw": Held("bytea", "string", (), ("\\x00ff",), copied=False),
}


async def create(connection: asyncpg.Connection) -> None:
    """The table: each value in a row of its own, `good` ones and others, and a row of nulls."""
    await drop(connection)
    await connection.execute("""CREATE TYPE public.nasty_mood AS ENUM ('glad', 'so, so', 'q"')""")
    columns = ", ".join(f'"{name}" {held.type}' for name, held in HELD.items())
    await connection.execute(
        f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, of text, good bool, {columns})"
    )
    values = [
        (name, text, text in held.good)
        for name, held in HELD.items()
        for text in held.good + held.bad
    ]
    for number, (name, text, good) in enumerate(values, start=1):
        await connection.execute(
            f'INSERT INTO {TABLE} (id, of, good, "{name}") '
            f"VALUES ($1, $2, $3, CAST(CAST($4 AS text) AS {HELD[name].type}))",
            *(number, name, good, text),
        )
    await connection.execute(f"INSERT INTO {TABLE} (id, of, good) VALUES (0, '', true)")
    await connection.execute(f"ANALYZE {TABLE}")


async def drop(connection: asyncpg.Connection) -> None:
    """Take it away again."""
    await connection.execute(f"DROP TABLE IF EXISTS {TABLE}; DROP TYPE IF EXISTS public.nasty_mood")
