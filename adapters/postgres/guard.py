"""The last look at a generated PostgreSQL query before it is sent.

The compiler generates from a checked tree, so a refusal here is a fault of the compiler: the lock
holds all the same. Every kind of node is an allow-list, functions among them, since PostgreSQL has
functions that run SQL held in a string (`query_to_xml`), which no syntax tree shows. Left out are
also those that make much of little (`generate_series`, `repeat`) or read the session.
"""

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp

from adapters.errors import UnsafeQuery
from adapters.one_select import AGGREGATES, OPERATORS, SCALARS, STRUCTURE, classes, one_query
from adapters.query import SqlQuery

_STRUCTURE = classes("Fetch Lateral Unnest Parameter")
_OPERATORS = classes("""
    Array Bracket JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar JSONPath
    JSONPathRoot JSONPathKey JSONPathSubscript
""")
_FUNCTIONS = classes("""
    ArrayAgg BitwiseAndAgg BitwiseOrAgg Sin Cos Tan Cot Asin Acos Atan Atan2 Degrees Radians Pi
    Initcap Ascii Chr Translate MD5 RegexpSubstr RegexpCount StrToDate StrToTime UnixToTime
    CurrentDate CurrentTimestamp ArraySize
""")
_ALLOWED = STRUCTURE | OPERATORS | AGGREGATES | SCALARS | _STRUCTURE | _OPERATORS | _FUNCTIONS
_BY_NAME = frozenset(
    """date_part to_char age isfinite make_date make_timestamp make_timestamptz octet_length
    bit_length trim_scale scale regexp_like cardinality every""".split()
)
_SESSION = frozenset("current_role system_user user".split())
"""Functions without brackets, which sqlglot takes for columns."""
_TYPES = frozenset(
    exp.DataType.Type[name]
    for name in """SMALLINT INT BIGINT FLOAT DOUBLE DECIMAL BOOLEAN TEXT VARCHAR CHAR BPCHAR UUID
    DATE TIME TIMESTAMP TIMESTAMPTZ INTERVAL JSON JSONB ARRAY""".split()
)


def check(query: SqlQuery) -> None:
    """Raise UnsafeQuery unless the text is one SELECT over the declared relations alone."""
    _refuse(_known_problem(query.text, query.relations))


def check_text(text: str, relations: tuple[str, ...]) -> None:
    """The same of a text with literals in it, which is not remembered."""
    _refuse(_problem(text, relations))


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise UnsafeQuery(f"A generated query was refused before it was sent: {problem}.")


@lru_cache(maxsize=256)
def _known_problem(text: str, relations: tuple[str, ...]) -> str | None:
    return _problem(text, relations)


def _problem(text: str, relations: tuple[str, ...]) -> str | None:
    tree = one_query(text, "postgres")
    if isinstance(tree, str):
        return tree
    return next(filter(None, (_fault(node, relations) for node in tree.walk())), None)


def _fault(node: exp.Expr, relations: tuple[str, ...]) -> str | None:
    match node:
        case exp.Anonymous():
            if node.name.lower() not in _BY_NAME:
                return f"the function {node.name} is not allowed"
        case _ if type(node) not in _ALLOWED:
            return f"it holds {type(node).__name__}"
        case exp.Column() if _name(node.this) in _SESSION and not node.this.args.get("quoted"):
            return "it reads the session"
        case exp.DataType() if node.this not in _TYPES:
            return "it names a type that is not allowed"
        case exp.With() if node.args.get("recursive"):
            return "it is recursive"
        case exp.Table() if not isinstance(node.this, exp.Identifier):
            return "it reads from a function"
        case exp.Table() if not (_declared(node, relations) or _is_of_with(node)):
            return "it reads an undeclared relation"
        case _:
            return None
    return None


def _declared(table: exp.Table, relations: tuple[str, ...]) -> bool:
    return ".".join(part.name for part in table.parts) in relations


def _is_of_with(table: exp.Table) -> bool:
    """True when the table is a WITH's that can be seen from there, so that none is read itself."""
    below: exp.Expr = table
    while len(table.parts) == 1 and below.parent is not None:
        above = below.parent
        seen: Sequence[exp.Expr] = ()
        if isinstance(above, exp.With):
            seen = above.expressions[: below.index]  # a CTE sees those before it
        elif isinstance(above, exp.Query) and not isinstance(below, exp.With):
            seen = above.ctes
        if any(_name(cte.args["alias"].this) == _name(table.this) for cte in seen):
            return True
        below = above
    return False


def _name(identifier: exp.Expr) -> str:
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()
