"""Why an optimizer of DuckDB is switched off."""

import duckdb

from adapters.engine import WRONG_OPTIMIZERS

_LIMITED = "SELECT a.k FROM a LEFT JOIN o ON a.k = o.k AND o.n > 100 LIMIT 3"


def _rows(*settings: str) -> int:
    with duckdb.connect(":memory:") as connection:
        for setting in settings:
            connection.execute(setting)
        connection.execute("CREATE TABLE a AS FROM range(5) t(k)")
        connection.execute("CREATE TABLE o AS SELECT 1 AS k, 5 AS n UNION ALL SELECT 2, 6")
        return len(connection.sql(_LIMITED).fetchall())


def test_a_limit_holds_without_the_optimizer() -> None:
    """With it switched off, three rows are three rows."""
    assert _rows(f"SET disabled_optimizers = '{WRONG_OPTIMIZERS}'") == 3


def test_the_optimizer_is_still_wrong() -> None:
    """When this fails, DuckDB has mended it, and `adapters/engine.py` can go."""
    assert _rows() == 5
