"""Text of semantic SQL to a checked tree: one SELECT of allowed nodes and functions, within bounds,
and without its comments.

Functions are an allow-list, wherever they stand, since a deny-list can't win.
"""

import re

import sqlglot
from sqlglot import exp

from adapters.errors import SqlNotAllowed

MAX_CHARACTERS = 20_000
MAX_NODES = 4_000
MAX_DEPTH = 40
MAX_TABLES = 24
FETCHED = "fetched_"

_NODES: tuple[type[exp.Expr], ...] = (
    exp.Query,
    exp.From,
    exp.Join,
    exp.Where,
    exp.Group,
    exp.Having,
    exp.Qualify,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Offset,
    exp.With,
    exp.CTE,
    exp.Distinct,
    exp.Window,
    exp.WindowSpec,
    exp.Table,
    exp.TableAlias,
    exp.Alias,
    exp.Column,
    exp.Identifier,
    exp.Star,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Interval,
    exp.Var,
    exp.Paren,
    exp.Tuple,
    exp.Connector,
    exp.Binary,
    exp.Unary,
    exp.Between,
    exp.In,
    exp.Exists,
    exp.Case,
    exp.If,
    exp.DataType,
    exp.DataTypeParam,
    exp.Filter,
    exp.AtTimeZone,
)
_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.And,
    exp.Or,
    exp.Case,
    exp.If,
    exp.Exists,
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.Median,
    exp.Stddev,
    exp.StddevSamp,
    exp.Variance,
    exp.Coalesce,
    exp.Nullif,
    exp.Greatest,
    exp.Least,
    exp.Abs,
    exp.Round,
    exp.Floor,
    exp.Ceil,
    exp.Lower,
    exp.Upper,
    exp.Trim,
    exp.Length,
    exp.Substring,
    exp.Concat,
    exp.Replace,
    exp.StartsWith,
    exp.Contains,
    exp.Cast,
    exp.TryCast,
    exp.Extract,
    exp.DateTrunc,
    exp.TimestampTrunc,
    exp.DateDiff,
    exp.DateAdd,
    exp.DateSub,
    exp.Year,
    exp.Month,
    exp.Day,
    exp.Quarter,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.Search,
)
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
    _check_nodes(tree)
    return tree


def _nesting(sql: str) -> int:
    depth = deepest = 0
    for character in sql:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _first_line(error: Exception) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0][:200]


def _check_nodes(tree: exp.Query) -> None:
    tables = 0
    for count, node in enumerate(tree.walk()):
        if count > MAX_NODES:
            raise SqlNotAllowed("The SQL is too large. Ask in parts.")
        node.comments = None
        if isinstance(node, exp.Func) and not isinstance(node, exp.Connector):
            if not isinstance(node, _FUNCTIONS):
                name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
                raise SqlNotAllowed(f"The function {name} is not allowed in semantic SQL.")
        elif not isinstance(node, _NODES):
            raise SqlNotAllowed(f"{type(node).__name__} is not allowed in semantic SQL.")
        if isinstance(node, exp.Identifier) and not _NAME.fullmatch(node.name):
            raise SqlNotAllowed("A name may hold letters, digits, spaces and _ alone.")
        if isinstance(node, exp.CTE) and node.alias.lower().startswith(FETCHED):
            raise SqlNotAllowed(f"A name may not begin with {FETCHED}.")
        if isinstance(node, exp.With) and node.args.get("recursive"):
            raise SqlNotAllowed("Recursive queries are not allowed in semantic SQL.")
        if isinstance(node, exp.Select) and node.args.get("into"):
            raise SqlNotAllowed("SELECT INTO is not allowed in semantic SQL.")
        if isinstance(node, exp.Table):
            tables += 1
            if node.args.get("db"):
                raise SqlNotAllowed("Name entities without a schema.")
    if tables > MAX_TABLES:
        raise SqlNotAllowed(f"The SQL reads over {MAX_TABLES} entities. Ask in parts.")
