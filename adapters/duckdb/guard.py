"""The last look at a generated DuckDB query before it is run.

The compiler generates from a checked tree, so a refusal here is a fault of the compiler. Behind it
the connection holds nothing but views of the declared relations, its configuration is locked, and
no other file can be opened.
"""

from adapters import one_select
from adapters.query import SqlQuery

_FUNCTIONS = frozenset(
    {"date_part", "epoch_ms", "epoch_us", "isfinite", "isinf", "make_date", "prefix", "to_days"}
)


def check(query: SqlQuery) -> None:
    """Raise UnsafeQuery unless the text is one SELECT over the declared relations alone."""
    one_select.check(query, "duckdb", _FUNCTIONS)
