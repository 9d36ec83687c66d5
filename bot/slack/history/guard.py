"""The last look at a generated query for messages: known names and operators, a bounded limit."""

from adapters.errors import SourceRefused, UnsafeQuery
from adapters.query import VectorQuery
from bot.slack.history.introspect import COLUMNS, RELATION, SCORE

OPERATORS = frozenset({"=", "in", ">", ">=", "<", "<="})
MAX_LIMIT = 1_000_001
MAX_TEXT = 2_000


def check(query: VectorQuery, source: str) -> None:
    """Raise UnsafeQuery when a bound is passed, SourceRefused for a name that Slack does not
    have."""
    if len(query.relations) != 1 or not 0 < query.limit <= MAX_LIMIT:
        raise UnsafeQuery(f"A query for messages was refused: ask for 1 to {MAX_LIMIT}.")
    if query.text is not None and len(query.text) > MAX_TEXT:
        raise UnsafeQuery(
            f"A query for messages was refused: its text is over {MAX_TEXT} characters."
        )
    if any(operator not in OPERATORS for _, operator, _ in query.filters):
        raise UnsafeQuery("A query for messages was refused: it holds an unknown operator.")
    named = {*query.paths, *(path for path, _, _ in query.filters)} - {SCORE}
    if query.relations != (RELATION,) or not named <= COLUMNS.keys():
        raise SourceRefused(
            f"{source} has one relation, {RELATION}, with the columns {', '.join(COLUMNS)}. "
            "Correct the binding in the semantic model."
        )
