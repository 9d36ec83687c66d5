"""Masks as SQL: what stands in a query in the place of a field. They fail for no value."""

from sqlglot import exp

from orchestrator.compile.pseudonym import PSEUDONYM
from orchestrator.compile.shapes import sql_type
from orchestrator.semantic import FieldSpec, Mask

HIDDEN = "***"


def masked(mask: Mask, column: exp.Column, spec: FieldSpec) -> exp.Expr:
    """The masked value of a column, of the field's own type."""
    match mask.kind:
        case "hash":
            value: exp.Expr = exp.Anonymous(this=PSEUDONYM, expressions=[column])
        case "partial":
            value = _partial(mask, column)
        case "bucket":
            value = _bucket(mask, column, spec)
        case "null":
            value = exp.null()
    return exp.cast(value, exp.DataType.build(sql_type(spec.type), dialect="duckdb"))


def _partial(mask: Mask, column: exp.Column) -> exp.Expr:
    """The ends of a text that is longer than them, else nothing of it."""
    hidden: exp.Expr = exp.Literal.string(HIDDEN)
    shown = hidden.copy()
    if mask.first:
        shown = exp.DPipe(this=_end(exp.Left, column, mask.first), expression=shown)
    if mask.last:
        shown = exp.DPipe(this=shown, expression=_end(exp.Right, column, mask.last))
    short = exp.LTE(
        this=exp.Length(this=column.copy()),
        expression=exp.Literal.number(mask.first + mask.last),
    )
    return exp.case().when(exp.Is(this=column.copy(), expression=exp.null()), exp.null()).when(
        short, hidden
    ).else_(shown)  # fmt: skip


def _end(kind: type[exp.Left] | type[exp.Right], column: exp.Column, size: int) -> exp.Expr:
    return kind(this=column.copy(), expression=exp.Literal.number(size))


def _bucket(mask: Mask, column: exp.Column, spec: FieldSpec) -> exp.Expr:
    if mask.unit is not None:
        return exp.DateTrunc(this=column, unit=exp.Literal.string(mask.unit.upper()))
    width = exp.Literal.number(mask.width or 1)
    if spec.family == "float64":
        steps = exp.Floor(this=exp.Div(this=column, expression=width))
        return exp.Mul(this=steps, expression=width.copy())
    left_over = exp.Mod(this=column.copy(), expression=width)
    return exp.Sub(this=column, expression=left_over)
