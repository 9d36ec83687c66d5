"""The DuckDB macro behind the mask `hash`: it holds the key, and so stands in the staging alone."""

from sqlglot import exp

PSEUDONYM = "PSEUDONYM"


def pseudonym_macro(key: str) -> str:
    """The SQL that makes the macro: 16 hexadecimal digits of sha256 over key and value."""
    secret = exp.Literal.string(key).sql("duckdb")
    return f"CREATE MACRO {PSEUDONYM}(one) AS LEFT(SHA256({secret} || one), 16)"
