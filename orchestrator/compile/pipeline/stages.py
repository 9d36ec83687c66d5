"""A SELECT over one collection as the stages of a pipeline.

Unwind, let an index filter, read the fields as their declared types, filter, group, filter groups,
compute, order, cut, and name the results.
"""

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from adapters.query import AggregationQuery, OutputColumn
from orchestrator.compile.pipeline.aggregates import AGGREGATES, Accumulators, aggregate, no_rows
from orchestrator.compile.pipeline.collection import Collection
from orchestrator.compile.pipeline.prefilter import prefilter
from orchestrator.compile.pipeline.scalars import Rows
from orchestrator.compile.pipeline.times import written
from orchestrator.compile.pipeline.values import (
    Code,
    Kind,
    Unfaithful,
    Value,
    comparable,
    exact_kind,
)
from orchestrator.compile.predicate import conjuncts

Stages = list[dict[str, Any]]
DEEPEST = 90
_PARTS = {"expressions", "from", "from_", "where", "group", "having", "order", "limit", "offset"}


@dataclass(frozen=True, slots=True)
class Untranslatable:
    """A SELECT that MongoDB would not answer as DuckDB does; the reason names the construct."""

    reason: str


def pipeline(
    select: exp.Select, collection: Collection, columns: tuple[OutputColumn, ...]
) -> AggregationQuery | Untranslatable:
    """The pipeline that means what the SELECT means in DuckDB, or why there is none.

    `select` reads one table, named as it likes, and is qualified; `columns` are its results, whose
    words say how they are to be typed.
    """
    try:
        stages = _stages(select, collection, columns)
    except Unfaithful as why:
        return Untranslatable(str(why))
    if _depth(stages) > DEEPEST:
        return Untranslatable("The expressions are nested too deep for a pipeline")
    return AggregationQuery(relations=(collection.name,), columns=columns, pipeline=tuple(stages))


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


def _stages(
    select: exp.Select, collection: Collection, columns: tuple[OutputColumn, ...]
) -> Stages:
    _check(select)
    named = {one.alias_or_name: one.unalias() for one in select.selects}
    if list(named) != [column.name for column in columns]:
        raise Unfaithful("two results of one name")
    where = select.args.get("where")
    stages = _read(select, collection, list(conjuncts(where.this if where else None)))
    rows = Rows(collection)
    if where is not None:
        stages.append({"$match": {"$expr": rows.holds(where.this)}})
    having, group = select.args.get("having"), select.args.get("group")
    order = [_Key.of(one, named) for one in (select.args.get("order") or exp.Order()).expressions]
    after = [*named.values(), *(key.node for key in order)]
    if having is not None:
        after.append(_unaliased(having.this, named))
    if group is not None or having is not None or any(one.find(exp.AggFunc) for one in after):
        rows = _group(stages, after, group.expressions if group else [], rows)
    if having is not None:
        stages.append({"$match": {"$expr": rows.holds(after[-1])}})
    if select.args.get("distinct"):
        rows = _distinct(stages, list(named.values()), rows)
    outputs = [(column, rows.value(named[column.name])) for column in columns]
    return [*stages, *_results(outputs, order, rows, _cut(select))]


def _check(select: exp.Select) -> None:
    """Refuse every part of a SELECT that is not known here."""
    for name, part in select.args.items():
        if part and name not in _PARTS and name != "distinct":
            raise Unfaithful(f"{name.upper()} of a SELECT")
    distinct, group = select.args.get("distinct"), select.args.get("group")
    if distinct is not None and distinct.args.get("on"):
        raise Unfaithful("DISTINCT ON")
    if group is not None and any(
        part for name, part in group.args.items() if name != "expressions"
    ):
        raise Unfaithful("GROUP BY of several groupings")
    for node in select.find_all(exp.Window, exp.Query):
        if node is not select:
            raise Unfaithful("a window function or a subquery")


def _read(select: exp.Select, collection: Collection, parts: list[exp.Expr]) -> Stages:
    stages: Stages = []
    if collection.unwind is not None:
        stages.append({"$unwind": f"${collection.unwind}"})
    match = prefilter(parts, collection)
    if match is not None:
        stages.append({"$match": match})
    used = {column.name for column in select.find_all(exp.Column) if column.table}
    if unknown := sorted(used - collection.paths.keys()):
        raise Unfaithful(f"{unknown[0]}: the collection has no such field")
    readings = {field: collection.reading(field) for field in collection.paths if field in used}
    if readings:
        stages.append({"$project": {"_id": 0} | readings})
    return stages


def _unaliased(node: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr:
    """The expression with the results that it names by alias put in their places."""

    def put(one: exp.Expr) -> exp.Expr:
        if isinstance(one, exp.Column) and not one.table and one.name in named:
            return named[one.name].copy()
        return one

    return node.copy().transform(put)


@dataclass(frozen=True, slots=True)
class _Key:
    """One key of ORDER BY."""

    node: exp.Expr
    descending: bool
    nulls_first: bool

    @classmethod
    def of(cls, ordered: exp.Expr, named: dict[str, exp.Expr]) -> "_Key":
        if not isinstance(ordered, exp.Ordered) or ordered.args.get("with_fill"):
            raise Unfaithful("ORDER BY of another kind")
        if isinstance(ordered.this.unnest(), exp.Literal):
            raise Unfaithful("ORDER BY of a literal")
        node = _unaliased(ordered.this, named)
        return cls(node, bool(ordered.args.get("desc")), bool(ordered.args.get("nulls_first")))


def _group(stages: Stages, after: list[exp.Expr], keys: list[exp.Expr], rows: Rows) -> Rows:
    """Add the group's stages; the rows that come of it know the keys and the aggregates."""
    into = Accumulators()
    computed: dict[exp.Expr, Value] = {}
    names: dict[str, Code] = {}
    for key in keys:
        node = key.unnest()
        if isinstance(node, exp.Literal):
            raise Unfaithful("GROUP BY of a literal")
        value = _groupable(rows.value(node))
        names[f"k{len(names)}"] = _whole(value.code)
        computed[node] = Value(f"$_id.k{len(names) - 1}", value.kind, value.nullable)
    for expression in after:
        for node in _aggregates(expression):
            computed.setdefault(node, aggregate(node, rows, into))
    stages.append({"$group": {"_id": names or None} | into.codes})
    if not keys:
        stages.extend(no_rows(into.empty))
    return Rows(None, computed)


def _aggregates(node: exp.Expr) -> list[exp.Expr]:
    """The outermost aggregates of an expression."""
    if isinstance(node, AGGREGATES):
        return [node]
    return [one for child in node.iter_expressions() for one in _aggregates(child)]


def _groupable(value: Value) -> Value:
    if value.kind.name == "json":
        raise Unfaithful("groups by JSON")
    return value


def _distinct(stages: Stages, nodes: list[exp.Expr], rows: Rows) -> Rows:
    values = [_groupable(rows.value(node)) for node in nodes]
    keys = {f"k{n}": _whole(value.code) for n, value in enumerate(values)}
    stages.append({"$group": {"_id": keys}})
    return Rows(
        None,
        {
            node.unnest(): Value(f"$_id.k{n}", value.kind, value.nullable)
            for n, (node, value) in enumerate(zip(nodes, values, strict=True))
        },
    )


def _whole(code: Code) -> Code:
    """Code that may stand alone as a field: a number there would mean to keep the field."""
    plain = isinstance(code, dict) or (isinstance(code, str) and code.startswith("$"))
    return code if plain else {"$literal": code}


def _cut(select: exp.Select) -> Stages:
    stages: Stages = []
    for name, stage in (("offset", "$skip"), ("limit", "$limit")):
        part = select.args.get(name)
        if part is None:
            continue
        count = part.expression
        plain = isinstance(part, exp.Limit | exp.Offset) and not part.args.get("limit_options")
        if not plain or not isinstance(count, exp.Literal) or not count.is_int:
            raise Unfaithful(f"{name.upper()} that is no whole number")
        number = int(count.name)
        if number or name == "offset":
            stages.append({stage: number})
        else:
            stages.append({"$match": {"$expr": False}})
    return stages


def _results(
    outputs: list[tuple[OutputColumn, Value]], order: list[_Key], rows: Rows, cut: Stages
) -> Stages:
    project: dict[str, Code] = {"_id": 0}
    for column, value in outputs:
        if "." in column.name or column.name.startswith("$") or not column.name:
            raise Unfaithful(f"a result named “{column.name}”")
        _check_word(column, value.kind)
        project[column.name] = _whole(written(value).code)
    results = set(project)
    sort: dict[str, int] = {}
    for key in order:
        value = _groupable(rows.value(key.node))
        way = -1 if key.descending else 1
        if value.nullable and key.nulls_first == key.descending:
            name = _free(project)
            project[name] = {"$eq": [value.code, None]}
            sort[name] = -1 if key.nulls_first else 1
        code = comparable(value)
        # by their text, since 1 and true are equal in Python
        same = (name for name in project if name != "_id" and repr(project[name]) == repr(code))
        name = next(same, None) or _free(project)
        project[name] = _whole(code)
        sort.setdefault(name, way)
    hidden = {name: 0 for name in project if name not in results}
    stages: Stages = [{"$project": project}]
    if sort:
        stages.append({"$sort": sort})
    stages.extend(cut)
    if hidden:
        stages.append({"$project": hidden})
    return stages


def _free(project: dict[str, Code]) -> str:
    return next(name for n in range(len(project) + 1) if (name := f"order{n}") not in project)


def _check_word(column: OutputColumn, kind: Kind) -> None:
    """Refuse a result whose column could not hold it."""
    word = column.type.partition("(")[0]
    fits = {
        "int": word in {"int64", "decimal", "float64"},
        "exact": word == "float64" or (word == "int64" and kind.scale == 0),
        "float": word == "float64",
        "null": True,
    }.get(kind.name, word == kind.name)
    if kind.name == "exact" and word == "decimal":
        fits = exact_kind(column.type).scale >= kind.scale
    if not fits:
        raise Unfaithful(f"{column.name}: it is {kind}, and the result wants {column.type}")
