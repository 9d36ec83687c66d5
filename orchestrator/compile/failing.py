"""Whether a query may fail over a value: a cast, an overflow, a subquery of two rows.

A failure tells of the row that it came from. Databases try conditions in the order that they like,
so a query that may fail must not come near rows that its asker may not see.
"""

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.schema import Schema

from orchestrator.compile.kinds import MOMENTS, NUMBERS, family

_TOTAL: tuple[type[exp.Expr], ...] = (
    exp.Query,
    exp.From,
    exp.Join,
    exp.Where,
    exp.Group,
    exp.GroupingSets,
    exp.Cube,
    exp.Rollup,
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
    exp.Paren,
    exp.Tuple,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Filter,
    exp.DataType,
    exp.DataTypeParam,
    exp.Is,
    exp.Exists,
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.Lower,
    exp.Upper,
    exp.Length,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
)
_COMPARED = (
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Between,
    exp.In,
    exp.Like,
)
_ROWS = (exp.From, exp.Join, exp.CTE, exp.SetOperation, exp.In, exp.Exists, exp.Subquery)


def may_fail(tree: exp.Query, schema: Schema) -> bool:
    """Whether a qualified query may fail over some value; True in doubt."""
    typed = annotate_types(tree.copy(), schema=schema, dialect="duckdb")
    return any(_fails(node) for node in typed.walk())


def _fails(node: exp.Expr) -> bool:
    if isinstance(node, _COMPARED):
        return not _compares(node)
    if isinstance(node, exp.Cast):
        return not isinstance(node.this, exp.Literal)
    if isinstance(node, exp.Subquery):
        return node.parent is not None and not isinstance(node.parent, _ROWS)
    return not isinstance(node, _TOTAL)


def _compares(node: exp.Expr) -> bool:
    """Whether all sides are of one kind, so that none is cast for it."""
    sides = [one for one in node.iter_expressions() if not _is_text(one)]
    kinds = {family(_value(one)) for one in sides}
    return "" not in kinds and (len(kinds) < 2 or kinds <= NUMBERS or kinds <= MOMENTS)


def _is_text(node: exp.Expr) -> bool:
    """Whether a node is a text as it is written: it fails whatever the rows are, or never."""
    return isinstance(node, exp.Literal) and node.is_string


def _value(node: exp.Expr) -> exp.Expr:
    """What a side of a comparison gives; of a query, its first column."""
    query = node.unnest()
    return query.selects[0].unalias() if isinstance(query, exp.Query) else query
