"""The last look at a generated PostgreSQL query before it is sent.

The compiler generates from a checked tree, so a refusal here is a fault of the compiler: the lock
holds all the same. Functions are an allow-list, since PostgreSQL has functions that run SQL held
in a string (`query_to_xml`), which no syntax tree shows.
"""

from functools import lru_cache

import sqlglot
from sqlglot import exp

from adapters.errors import UnsafeQuery
from adapters.query import SqlQuery

_FORBIDDEN = (
    exp.Create,
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Copy,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Set,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
)
_ANONYMOUS = frozenset({"any", "ilike", "date_part", "to_char"})


def check(query: SqlQuery) -> None:
    """Raise UnsafeQuery unless the text is one SELECT over the declared relations alone."""
    problem = _problem(query.text, query.relations)
    if problem is not None:
        raise UnsafeQuery(f"A generated query was refused before it was sent: {problem}.")


@lru_cache(maxsize=256)
def _problem(text: str, relations: tuple[str, ...]) -> str | None:
    try:
        statements = sqlglot.parse(text, read="postgres")
    except sqlglot.ParseError:
        return "it does not parse"
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return "it is not one SELECT"
    tree = statements[0]
    names = {cte.alias for cte in tree.find_all(exp.CTE)}
    for node in tree.walk():
        if isinstance(node, exp.Query):
            continue
        if isinstance(node, _FORBIDDEN):
            return f"it holds {type(node).__name__}"
        if isinstance(node, exp.Anonymous) and node.name.lower() not in _ANONYMOUS:
            return f"the function {node.name} is not allowed"
        if isinstance(node, exp.Table):
            name = ".".join(part.name for part in node.parts)
            if name not in relations and name not in names:
                return "it reads an undeclared relation"
    return None
