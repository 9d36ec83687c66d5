"""Text of semantic SQL to a checked tree: one SELECT of allowed nodes and functions, within bounds,
and without its comments.

Functions are an allow-list (`allowed.py`), wherever they stand, since a deny-list can't win.
"""

import logging
import re

import sqlglot
from sqlglot import exp

from adapters.errors import SqlNotAllowed
from orchestrator.compile.allowed import FUNCTIONS, NODES, instead
from orchestrator.compile.measures import MEASURE

MAX_CHARACTERS = 20_000
MAX_NODES = 4_000
MAX_DEPTH = 40
MAX_TABLES = 24
FETCHED = "fetched_"

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what may differ is `meaning`'s to say
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]{0,62}")


def parse(sql: str) -> exp.Query:
    """One checked SELECT in DuckDB's dialect. Raises SqlNotAllowed that names what is wrong."""
    if len(sql) > MAX_CHARACTERS:
        raise SqlNotAllowed(f"The SQL is over {MAX_CHARACTERS:,} characters. Ask in parts.")
    if _nesting(sql) > MAX_DEPTH:
        raise SqlNotAllowed(f"The SQL is nested over {MAX_DEPTH} deep. Ask in parts.")
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except (sqlglot.ParseError, sqlglot.TokenError, RecursionError) as error:
        raise SqlNotAllowed(f"The SQL can't be read: {_first_line(error)}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SqlNotAllowed("Write one SELECT statement and nothing else.")
    tree = statements[0]
    _spell(tree)
    _check_nodes(tree)
    return tree


def _spell(tree: exp.Query) -> None:
    """Two spellings of one function become one: DATE_PART('year', x) is EXTRACT(year FROM x), and
    COUNT() is COUNT(*)."""
    for count in tree.find_all(exp.Count):
        if count.this is None and not count.expressions:
            count.set("this", exp.Star())
    for call in list(tree.find_all(exp.Anonymous)):
        arguments = call.expressions
        if call.name.upper() in {"DATE_PART", "DATEPART"} and len(arguments) == 2:
            part = exp.var(arguments[0].name.upper())
            call.replace(exp.Extract(this=part, expression=arguments[1]))


def _nesting(sql: str) -> int:
    depth = deepest = 0
    for character in sql:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _first_line(error: Exception) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0][:200]


def _check_kind(node: exp.Expr) -> None:
    if isinstance(node, exp.Anonymous) and node.name.upper() == MEASURE:
        return
    if isinstance(node, exp.Func) and not isinstance(node, exp.Connector):
        if isinstance(node, FUNCTIONS):
            return
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        what = f"The function {name} is not allowed in semantic SQL."
    elif isinstance(node, NODES):
        return
    else:
        what = f"{_spaced(type(node).__name__)} is not allowed in semantic SQL."
    raise SqlNotAllowed(f"{what} {instead(node)}".rstrip())


def _spaced(name: str) -> str:
    """A node's class as words: `TableSample` is TABLE SAMPLE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).upper()


def _check_nodes(tree: exp.Query) -> None:
    tables = 0
    for count, node in enumerate(tree.walk()):
        if count > MAX_NODES:
            raise SqlNotAllowed("The SQL is too large. Ask in parts.")
        node.comments = None
        _check_kind(node)
        if isinstance(node, exp.Identifier) and not _NAME.fullmatch(node.name):
            raise SqlNotAllowed("A name may hold letters, digits, spaces and _ alone.")
        if isinstance(node, exp.CTE) and node.alias.lower().startswith(FETCHED):
            raise SqlNotAllowed(f"A name may not begin with {FETCHED}.")
        if isinstance(node, exp.With) and node.args.get("recursive"):
            raise SqlNotAllowed("Recursive queries are not allowed in semantic SQL.")
        if isinstance(node, exp.Join) and node.args.get("method"):
            named = f"{node.args['method']} JOIN"
            raise SqlNotAllowed(f"{named} is not allowed in semantic SQL. Join ON equal fields.")
        if isinstance(node, exp.Select) and node.args.get("into"):
            raise SqlNotAllowed("SELECT INTO is not allowed in semantic SQL.")
        if isinstance(node, exp.Table):
            tables += 1
            if node.args.get("db"):
                raise SqlNotAllowed("Name entities without a schema.")
    if tables > MAX_TABLES:
        raise SqlNotAllowed(f"The SQL reads over {MAX_TABLES} entities. Ask in parts.")
