"""The part that guards of SQL share: one SELECT over declared relations, with harmless functions.

Functions that sqlglot knows by a type of their own are let through but for those that read files;
all others are an allow-list.
"""

import re
from collections.abc import Set
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.scope import Scope, traverse_scope

from adapters.errors import UnsafeQuery
from adapters.query import SqlQuery

_PARAMETER = re.compile(r"\$\d+")
_FORBIDDEN = (
    exp.Create,
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.LoadData,
    exp.Drop,
    exp.Alter,
    exp.Copy,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Set,
    exp.Use,
    exp.Attach,
    exp.Detach,
    exp.Install,
    exp.Export,
    exp.Pragma,
    exp.Show,
    exp.Describe,
    exp.Summarize,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.ReadCSV,
    exp.ReadParquet,
    exp.AnonymousAggFunc,
)


def check(
    query: SqlQuery, dialect: str, functions: Set[str], table_functions: Set[str] = frozenset()
) -> None:
    """Raise UnsafeQuery unless the text is one SELECT over the declared relations alone.

    `functions` are the names allowed beside those that sqlglot has a type for, `table_functions`
    those that may stand in FROM; both in lower case.
    """
    problem = _problem(
        query.text, query.relations, dialect, frozenset(functions), frozenset(table_functions)
    )
    if problem is not None:
        raise UnsafeQuery(f"A generated query was refused before it was sent: {problem}.")


@lru_cache(maxsize=256)
def _problem(
    text: str,
    relations: tuple[str, ...],
    dialect: str,
    functions: frozenset[str],
    table_functions: frozenset[str],
) -> str | None:
    try:
        # `$1 … $1` would be a quoted string to sqlglot, which is more than it is to the source
        statements = sqlglot.parse(_PARAMETER.sub("?", text), read=dialect)
    except (ParseError, TokenError, RecursionError):
        return "it does not parse"
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return "it is not one SELECT"
    tree = statements[0]
    try:
        defined = _references_to_ctes(tree)
    except OptimizeError:
        return "its names are ambiguous"
    for node in tree.walk():
        if isinstance(node, _FORBIDDEN):
            return f"it holds {type(node).__name__}"
        if isinstance(node, exp.Anonymous) and not _allowed(node, functions, table_functions):
            return f"the function {node.name} is not allowed"
        if isinstance(node, exp.Table) and id(node) not in defined:
            name = ".".join(part.name for part in node.parts)
            if not isinstance(node.this, exp.Anonymous) and name not in relations:
                return "it reads an undeclared relation"
    return None


def _allowed(
    function: exp.Anonymous, functions: frozenset[str], table_functions: frozenset[str]
) -> bool:
    parent = function.parent
    in_from = isinstance(parent, exp.Table) and not parent.db
    return function.name.lower() in (table_functions if in_from else functions)


def _references_to_ctes(tree: exp.Query) -> set[int]:
    """The tables (by id) that name a CTE which is in scope where they stand."""
    return {
        id(table)
        for scope in traverse_scope(tree)
        for table in scope.tables
        if not table.db and isinstance(scope.sources.get(table.alias_or_name), Scope)
    }
