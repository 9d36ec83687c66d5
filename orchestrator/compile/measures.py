"""`MEASURE(revenue)`: a metric of the model in its own words becomes the expression behind it."""

import sqlglot
from sqlglot import exp

from adapters.errors import SqlNotAllowed, UnknownName
from orchestrator.semantic import Metric, SemanticModel, near

MEASURE = "MEASURE"


def expand_measures(tree: exp.Query, model: SemanticModel) -> None:
    """Replace each MEASURE() in place. Raises UnknownName for a metric that is not there, and
    SqlNotAllowed where the SELECT does not read the metric's entities exactly once."""
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.upper() == MEASURE:
            metric = _metric(call, model)
            if isinstance(call.parent, exp.Filter | exp.Window):
                raise SqlNotAllowed(
                    f"MEASURE({metric.name}) takes no FILTER and no OVER. Write the aggregate "
                    f"itself: {metric.expression}."
                )
            select = call.find_ancestor(exp.Select)
            assert select is not None
            call.replace(exp.paren(_expression(metric, _aliases(select))))


def _metric(call: exp.Anonymous, model: SemanticModel) -> Metric:
    argument = call.expressions[0] if len(call.expressions) == 1 else None
    if not isinstance(argument, exp.Column) or argument.table:
        raise SqlNotAllowed("Write MEASURE(metric), with the name of one metric of the model.")
    metric = model.metric(argument.name)
    if metric is None:
        hint = near(argument.name, [one.name for one in model.metrics])
        raise UnknownName(f"There is no metric “{argument.name}”; {hint}")
    return metric


def _aliases(select: exp.Select) -> dict[str, list[str]]:
    """The aliases of each table that a SELECT reads itself, by the table's name."""
    found: dict[str, list[str]] = {}
    from_ = select.args.get("from_")
    joins = select.args.get("joins") or []
    for item in [*([from_.this] if from_ is not None else []), *(join.this for join in joins)]:
        if isinstance(item, exp.Table):
            found.setdefault(item.name, []).append(item.alias_or_name)
    return found


def _expression(metric: Metric, aliases: dict[str, list[str]]) -> exp.Expr:
    tree = sqlglot.parse_one(metric.expression, read="duckdb")
    for column in tree.find_all(exp.Column):
        read = aliases.get(column.table, [])
        if len(read) != 1:
            times = "does not read it" if not read else "reads it more than once"
            raise SqlNotAllowed(
                f"MEASURE({metric.name}) is computed from {column.table}, and this SELECT {times}: "
                f"name {column.table} once in its FROM."
            )
        column.set("table", exp.to_identifier(read[0], quoted=True))
    return tree
