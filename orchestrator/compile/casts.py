"""Casts that mean the same in a source as in DuckDB."""

from sqlglot import exp

from orchestrator.compile.kinds import MOMENTS, NUMBERS, family

_CASTS = {
    "int": {"int", "float", "decimal", "text"},
    "decimal": {"decimal", "float"},
    "float": {"float"},
    "text": {"text"},
    "date": MOMENTS,
    "timestamp": MOMENTS,
    "timestamptz": MOMENTS,
    "bool": {"bool"},
}
_WIDTHS = {
    "postgres": {exp.DataType.Type.SMALLINT, exp.DataType.Type.INT, exp.DataType.Type.BIGINT},
    "sqlite": {exp.DataType.Type.BIGINT},
}
"""The whole numbers of a dialect whose bounds are DuckDB's."""


def cast_difference(node: exp.Cast, dialect: str) -> str | None:
    """Why a typed cast does not mean the same in a dialect, or None."""
    if isinstance(node, exp.TryCast):
        return "TRY_CAST may differ"
    if isinstance(node.this, exp.Literal | exp.Null):
        misread = dialect == "sqlite" and node.this.is_string and _of_type(node) in NUMBERS
        return "SQLite takes any text for a number" if misread else None
    to = _of_type(node)
    narrow = to == "int" and node.to.this not in _WIDTHS.get(dialect, set())
    exact = to == "decimal" and dialect == "sqlite"
    if to in _CASTS.get(family(node.this), set()) and not narrow and not exact:
        return None
    return "a CAST between these types may differ"


def _of_type(node: exp.Cast) -> str:
    probe = exp.null()
    probe.type = node.args["to"]
    return family(probe)
