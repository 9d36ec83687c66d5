"""Text of semantic SQL to a checked tree: one SELECT of allowed nodes and functions, within bounds,
and without its comments.

Functions are an allow-list (`allowed.py`), wherever they stand, since a deny-list can't win.
"""

import logging
import re
from itertools import pairwise

import sqlglot
from sqlglot import TokenType, exp

from adapters.errors import SqlNotAllowed
from adapters.one_select import UNREADABLE
from orchestrator.compile.allowed import FUNCTIONS, NODES
from orchestrator.compile.instead import hint, refusal, refusal_of, shortened
from orchestrator.compile.measures import MEASURE

MAX_CHARACTERS = 20_000
MAX_NODES = 4_000
MAX_DEPTH = 40
MAX_TABLES = 24
FETCHED = "fetched_"
FRAGMENT = "fragment_"

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what may differ is `meaning`'s to say
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]{0,62}")
_INTERVAL = re.compile(
    r"""\s*-?\d+\s*                           # 36
    | \s*(-?\d+(\.\d+)?\s*[a-z]+\s*)+        # 1 day 2.5 hours
    | \s*-?\d+:\d+(:\d+(\.\d+)?)?\s*        # 36:00:00""",
    re.IGNORECASE | re.VERBOSE,
)


def parse(sql: str) -> exp.Query:
    """One checked SELECT in DuckDB's dialect. Raises SqlNotAllowed that names what is wrong."""
    if len(sql) > MAX_CHARACTERS:
        raise SqlNotAllowed(f"The SQL is over {MAX_CHARACTERS:,} characters. Ask in parts.")
    if _is_no_text(sql):
        raise SqlNotAllowed("The SQL holds a character that no database takes. Write it anew.")
    if _nesting(sql) > MAX_DEPTH:
        raise SqlNotAllowed(f"The SQL is nested over {MAX_DEPTH} deep. Ask in parts.")
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except UNREADABLE as error:
        raise SqlNotAllowed(f"The SQL can't be read{_where(error)}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SqlNotAllowed(_no_question(sql, statements))
    tree = statements[0]
    _spell(tree)
    _check_nodes(tree, sql)
    _check_intervals(sql)
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


def _is_no_text(sql: str) -> bool:
    """Whether there is a NUL, or half of a surrogate pair, in it."""
    return "\x00" in sql or any("\ud800" <= character <= "\udfff" for character in sql)


def _nesting(sql: str) -> int:
    """How deep brackets stand in each other; those that close more than was opened count for none,
    since they may stand in a text or a comment."""
    depth = deepest = 0
    for character in sql:
        depth = max(0, depth + (character in "([{") - (character in ")]}"))
        deepest = max(deepest, depth)
    return deepest


def _where(error: Exception) -> str:
    """The place of a mistake with a hint, as far as they are known."""
    if not isinstance(error, sqlglot.ParseError) or not error.errors:
        return ": a quotation mark or a comment is not closed, or it is nested too deep."
    first = error.errors[0]
    near = first["highlight"] or ""
    before = (first["start_context"] or "").split()[-1:] or [""]
    place = f" near “{shortened(near)}” (line {first['line']}, column {first['col']})."
    return f"{place} {hint(near) or hint(before[0])}".rstrip()


def _no_question(sql: str, statements: list[exp.Expr | None]) -> str:
    """Why statements are not one SELECT; a single one is named by its first word."""
    only = "Write one SELECT statement and nothing else."
    if len(statements) != 1 or statements[0] is None:
        return only
    word = sqlglot.tokenize(sql, read="duckdb")[0].text.upper()
    return refusal_of(word, otherwise=only)


def _check_kind(node: exp.Expr, sql: str) -> None:
    if isinstance(node, exp.Func) and not isinstance(node, exp.Connector):
        measure = isinstance(node, exp.Anonymous) and node.name.upper() == MEASURE
        allowed = measure or isinstance(node, FUNCTIONS)
    else:
        allowed = isinstance(node, NODES)
    if not allowed:
        raise SqlNotAllowed(refusal(node, sql))


def _check_nodes(tree: exp.Query, sql: str) -> None:
    tables = 0
    for count, node in enumerate(tree.walk()):
        if count > MAX_NODES:
            raise SqlNotAllowed("The SQL is too large. Ask in parts.")
        node.comments = None
        _check_kind(node, sql)
        if isinstance(node, exp.Identifier) and not _NAME.fullmatch(node.name):
            raise SqlNotAllowed("A name may hold letters, digits, spaces and _ alone.")
        if isinstance(node, exp.CTE) and node.alias.lower().startswith((FETCHED, FRAGMENT)):
            raise SqlNotAllowed(f"A name may not begin with {FETCHED} or {FRAGMENT}.")
        if isinstance(node, exp.With) and node.args.get("recursive"):
            raise SqlNotAllowed(refusal_of("RECURSIVE"))
        if isinstance(node, exp.Join) and node.args.get("method"):
            raise SqlNotAllowed(refusal_of(f"{node.args['method'].upper()} JOIN"))
        if isinstance(node, exp.Select):
            _check_select(node)
        if isinstance(node, exp.Table):
            tables += 1
            if node.args.get("db"):
                raise SqlNotAllowed("Name entities without a schema.")
            if node.args.get("joins"):
                raise SqlNotAllowed(refusal_of("(a JOIN b)", "A JOIN in brackets"))
            _check_alias(tree, node)
    if tables > MAX_TABLES:
        raise SqlNotAllowed(f"The SQL reads over {MAX_TABLES} entities. Ask in parts.")


def _check_select(select: exp.Select) -> None:
    if select.args.get("into"):
        raise SqlNotAllowed(refusal_of("INTO"))
    optional = False
    for join in select.args.get("joins") or []:
        if optional and join.args.get("using"):  # of which side it is, sqlglot does not see
            raise SqlNotAllowed(refusal_of("USING", "USING after a RIGHT or FULL JOIN"))
        optional |= join.side in {"RIGHT", "FULL"}


def _check_intervals(sql: str) -> None:
    """Amounts that would be read as others: sqlglot takes '1 day ago', '1 day 02:00' and '.1 days'
    for 1 day, and DuckDB takes 1.5 DAY for it."""
    tokens = [t for t in sqlglot.tokenize(sql, read="duckdb") if t.token_type != TokenType.DASH]
    for before, token in pairwise(tokens):
        amount = token.token_type in (TokenType.STRING, TokenType.NUMBER)
        of_interval = amount and before.token_type == TokenType.INTERVAL
        if of_interval and not _INTERVAL.fullmatch(token.text):
            raise SqlNotAllowed(refusal_of("INTERVAL", f"INTERVAL {shortened(token.text)}"))


def _check_alias(tree: exp.Query, table: exp.Table) -> None:
    """An entity's fields keep their names in FROM; those of a WITH may have others."""
    renamed = table.alias_column_names
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)} if renamed else set[str]()
    if renamed and table.name not in ctes and isinstance(table.this, exp.Identifier | exp.Search):
        what = f"FROM … AS {table.alias}({shortened(', '.join(renamed))})"
        raise SqlNotAllowed(refusal_of("AS c(…)", what))
