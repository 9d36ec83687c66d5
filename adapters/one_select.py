"""The part that guards of SQL share: one SELECT over declared relations, of allowed nodes alone.

Kinds of node are an allow-list, functions among them; those that sqlglot has no kind for are
allowed by name. Left out are those that make much of little (`repeat`, `generate_series`) or read
the session.
"""

import re
from collections.abc import Set
from functools import lru_cache

from sqlglot import Dialect, TokenType, exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from adapters.errors import UnsafeQuery
from adapters.query import SqlQuery

MAX_CHARACTERS = 200_000
UNREADABLE = (SqlglotError, RecursionError, LookupError, ValueError, AttributeError, TypeError)
"""What sqlglot raises at a text that it can't read; the last four are slips of its own."""
_PARAMETER = re.compile(r"\$\d+")
_QUOTED = frozenset({TokenType.STRING, TokenType.IDENTIFIER})


def classes(names: str) -> frozenset[type[exp.Expr]]:
    """sqlglot's kinds of node by their names, parted by spaces."""
    return frozenset(getattr(exp, name) for name in names.split())


STRUCTURE = classes("""
    Select Union Intersect Except Subquery With CTE Values From Join Where Group GroupingSets Rollup
    Cube Having Order Ordered Limit Offset Distinct Window WindowSpec Filter WithinGroup Table
    TableAlias Alias Column Identifier Star Tuple Paren Literal Boolean Null Interval Var DataType
    DataTypeParam
""")
OPERATORS = classes("""
    And Or Not EQ NEQ LT LTE GT GTE NullSafeEQ NullSafeNEQ Is In Between Exists Any All Like ILike
    Escape SimilarTo RegexpLike RegexpILike Add Sub Mul Div IntDiv Mod Neg DPipe Collate AtTimeZone
    BitwiseAnd BitwiseOr BitwiseXor BitwiseNot Case If Cast
""")
AGGREGATES = classes("""
    Count Sum Avg Min Max Stddev StddevSamp StddevPop Variance VariancePop Corr CovarSamp CovarPop
    PercentileCont PercentileDisc Mode GroupConcat LogicalAnd LogicalOr RowNumber Rank DenseRank
    PercentRank CumeDist Ntile Lag Lead FirstValue LastValue NthValue
""")
SCALARS = classes("""
    Coalesce Nullif Greatest Least Abs Sign Round Floor Ceil Trunc Pow Sqrt Cbrt Exp Ln Log Lower
    Upper Trim Length Left Right Substring StrPosition Concat ConcatWs Replace Reverse SplitPart
    StartsWith RegexpReplace Extract DateTrunc TimestampTrunc TimeToStr
""")
"""Functions and operators that make at most a little of what they are given, in each dialect."""
_HERE = classes("""
    Placeholder Parameter Qualify IgnoreNulls TryCast Glob Median CountIf ArgMax ArgMin AnyValue
    ApproxDistinct Grouping IsNan EndsWith Contains RegexpExtract DateBin DateDiff DateAdd DateSub
    DateFromParts LastDay Year Quarter Month Week Day DayOfWeek DayOfWeekIso DayOfYear Dayname
    Monthname Hour Minute Second TimeToUnix UnixToTime TsOrDsToDate TsOrDsToTimestamp Date
    ToDays IsInf Typeof
""")
_ALLOWED = STRUCTURE | OPERATORS | AGGREGATES | SCALARS | _HERE


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


def one_query(text: str, dialect: str) -> exp.Query | str:
    """The tree of a text that is one query, else what is wrong with it.

    What sqlglot and the source may read in two ways is refused: comments (whose ends differ), and
    letters beyond ASCII outside of quotes (some of which are ASCII in the other case).
    """
    if len(text) > MAX_CHARACTERS:
        return f"it is over {MAX_CHARACTERS:,} characters"
    reader = Dialect.get_or_raise(dialect)
    try:
        tokens = reader.tokenize(text)
        if any(token.comments for token in tokens):
            return "it holds a comment"
        if not all(token.text.isascii() or token.token_type in _QUOTED for token in tokens):
            return "it holds a letter beyond ASCII outside of quotes"
        statements = reader.parser().parse(tokens, text)
    except UNREADABLE:
        return "it does not parse"
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return "it is not one SELECT"
    return statements[0]


@lru_cache(maxsize=256)
def _problem(
    text: str,
    relations: tuple[str, ...],
    dialect: str,
    functions: frozenset[str],
    table_functions: frozenset[str],
) -> str | None:
    # `$1 … $1` would be a quoted string to sqlglot, which is more than it is to the source
    tree = one_query(_PARAMETER.sub("?", text), dialect)
    if isinstance(tree, str):
        return tree
    try:
        defined = _references_to_ctes(tree)
    except OptimizeError:
        return "its names are ambiguous"
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            if not _allowed(node, functions, table_functions):
                return f"the function {node.name} is not allowed"
        elif type(node) not in _ALLOWED:
            return f"it holds {type(node).__name__}"
        if isinstance(node, exp.With) and node.args.get("recursive"):
            return "it is recursive"
        if isinstance(node, exp.In) and node.args.get("field"):
            return "it looks into a relation that stands without a SELECT"
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
