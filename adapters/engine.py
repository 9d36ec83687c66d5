"""What every DuckDB here is set to, whoever opens it."""

import duckdb

WRONG_OPTIMIZERS = "statistics_propagation"
"""DuckDB 2.0.0 forgets a LIMIT over a LEFT JOIN whose ON condition its statistics prove false
(`SELECT a.k FROM a LEFT JOIN o ON a.k = o.k AND o.n > 100 LIMIT 3`), so this one is switched off:
`SET disabled_optimizers`. tests/unit/test_engine.py says when it can come back."""


def lock(connection: duckdb.DuckDBPyConnection, *settings: str) -> None:
    """Make these settings (`name = value`), then close the database for good to files, network,
    Python's variables and further settings. Times are read in UTC."""
    for setting in (
        "GLOBAL TimeZone = 'UTC'",
        *settings,
        "python_enable_replacements = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
