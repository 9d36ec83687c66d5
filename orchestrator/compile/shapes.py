"""DuckDB as the judge of types: what a query over entities gives, and what a constant is worth.

One locked in-memory database holds an empty table for each entity, so that the meaning of semantic
SQL is DuckDB's own and no second type system has to agree with it.
"""

import re
import threading
from collections.abc import Iterator

import duckdb
from sqlglot import exp

from adapters.engine import lock
from adapters.errors import SqlNotAllowed
from orchestrator.compile.pseudonym import pseudonym_macro
from orchestrator.semantic import Entity, SemanticModel

SQL_TYPES = {
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "decimal": "DECIMAL(38, 9)",
    "string": "TEXT",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamptz": "TIMESTAMPTZ",
    "timestamp": "TIMESTAMP",
    "json": "TEXT",
}
SCORE = "score"
SEARCHED = "search_of_"
_WORDS = {
    "TINYINT": "int64",
    "SMALLINT": "int64",
    "INTEGER": "int64",
    "BIGINT": "int64",
    "HUGEINT": "decimal(38,0)",
    "DOUBLE": "float64",
    "FLOAT": "float64",
    "VARCHAR": "string",
    "BOOLEAN": "bool",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
_FOLDED = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Cast,
    exp.DateAdd,
    exp.DateSub,
    exp.TimestampTrunc,
    exp.DateTrunc,
)
_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_IN_CONSTANTS = (
    *_FOLDED,
    exp.Literal,
    exp.Neg,
    exp.Interval,
    exp.IntervalSpan,
    exp.Paren,
    exp.DataType,
    exp.DataTypeParam,
    exp.Var,
)


def sql_type(word: str) -> str:
    """The DuckDB type of a canonical word."""
    return SQL_TYPES.get(word) or word.upper()


def typed(entity: Entity) -> dict[str, str]:
    """The DuckDB type of each field of an entity."""
    return {name: sql_type(spec.type) for name, spec in entity.fields.items()}


def canonical(duckdb_type: str) -> str | None:
    """The canonical word that holds every value of a DuckDB type, or None when none does."""
    if duckdb_type.startswith("DECIMAL"):
        return duckdb_type.lower()
    return _WORDS.get(duckdb_type)


class Shapes:
    """The types of queries over one model."""

    def __init__(self, model: SemanticModel) -> None:
        self._lock = threading.Lock()
        self._duckdb = duckdb.connect(":memory:", config={"threads": 1})
        for name, entity in model.entities.items():
            columns = ", ".join(f'"{field}" {kind}' for field, kind in typed(entity).items())
            self._duckdb.execute(f'CREATE TABLE "{name}" ({columns})')
            if entity.text_source:
                searched = f'"{SEARCHED}{name}" ({columns}, "{SCORE}" DOUBLE)'
                self._duckdb.execute(f"CREATE TABLE {searched}")
        self._duckdb.execute(pseudonym_macro(""))
        lock(self._duckdb)

    def columns(self, query: exp.Query) -> list[tuple[str, str]]:
        """(name, DuckDB type) of each column that a query gives.

        Raises SqlNotAllowed with DuckDB's reason when the query has no meaning.
        """
        with self._lock:
            try:
                relation = self._duckdb.sql(query.sql("duckdb"))
            except duckdb.Error as error:
                raise SqlNotAllowed(f"The SQL has no meaning: {_reason(error)}.") from error
            return list(zip(relation.columns, map(str, relation.types), strict=True))

    def fold(self, tree: exp.Expr) -> None:
        """Replace what is computed from constants alone (`date '1998-12-01' - interval '90' day`)
        by its value, so that any source can be given it."""
        found = [node for node in _constants(tree) if not isinstance(node.parent, _PLACES)]
        if not found:
            return
        texts = [node.sql("duckdb") for node in found]
        pairs = ", ".join(f"typeof({text}), CAST({text} AS VARCHAR)" for text in texts)
        with self._lock:
            try:
                told = self._duckdb.sql(f"SELECT {pairs}").fetchall()[0]
            except duckdb.Error as error:
                raise SqlNotAllowed(f"A constant has no value: {_reason(error)}.") from error
        for node, kind, value in zip(found, told[::2], told[1::2], strict=True):
            literal = _literal(kind, value)
            if literal is not None and (kind in _MOMENTS or not node.find(exp.Cast)):
                node.replace(literal)

    def rejects_nulls(self, condition: exp.Expr) -> bool:
        """True when a condition without subqueries is not true where all its columns are null."""
        asked = condition.copy()
        for column in list(asked.find_all(exp.Column)):
            null = exp.Null() if column.type is None else exp.cast(exp.Null(), column.type)
            column.replace(null)
        with self._lock:
            try:
                told = self._duckdb.sql(f"SELECT ({asked.sql('duckdb')}) IS TRUE").fetchall()
            except duckdb.Error:
                return False
        return told == [(False,)]


_PLACES = (type(None), exp.Ordered, exp.Group)
"""Where a number would be the place of a column."""


def _reason(error: duckdb.Error) -> str:
    first = str(error).split("\n")[0]
    return re.sub(r"^\w+ Error: ", "", first)[:300].rstrip(".")


def _constants(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The largest subexpressions that no row can change."""
    return (node for node in tree.walk(prune=_constant) if _constant(node))


def _constant(node: exp.Expr) -> bool:
    return isinstance(node, _FOLDED) and all(isinstance(one, _IN_CONSTANTS) for one in node.walk())


def _literal(kind: str, value: str | None) -> exp.Expr | None:
    """The literal of a value that DuckDB has written out; None for types that have none."""
    if value is None:
        return None
    if kind in _MOMENTS:
        return exp.cast(exp.Literal.string(value), exp.DataType.build(kind, dialect="duckdb"))
    if kind.startswith("DECIMAL") or kind in {"INTEGER", "BIGINT"}:
        number = exp.Literal.number(value.removeprefix("-"))
        return exp.Neg(this=number) if value.startswith("-") else number
    return None
