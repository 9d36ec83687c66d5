"""The last look at a generated vector query: known operators, a bounded limit, one collection."""

from adapters.errors import UnsafeQuery
from adapters.query import VectorQuery

OPERATORS = frozenset({"=", "in", ">", ">=", "<", "<="})
MAX_LIMIT = 1_000_001
MAX_TEXT = 2_000


def check(query: VectorQuery) -> None:
    """Raise UnsafeQuery when a bound is passed or an operator is unknown."""
    if len(query.relations) != 1 or not 0 < query.limit <= MAX_LIMIT:
        raise UnsafeQuery(f"A vector query was refused: ask for 1 to {MAX_LIMIT} points.")
    if query.text is not None and len(query.text) > MAX_TEXT:
        raise UnsafeQuery(f"A vector query was refused: its text is over {MAX_TEXT} characters.")
    if any(operator not in OPERATORS for _, operator, _ in query.filters):
        raise UnsafeQuery("A vector query was refused: it holds an unknown operator.")
