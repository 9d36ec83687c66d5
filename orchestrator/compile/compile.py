"""Semantic SQL to a Plan: entities become bindings, bindings become fetches, the rest is the join.

A query that one source can answer whole is one fetch. Otherwise each leaf is fetched with the
columns and conditions that it needs, a small fetch bounds a larger one by its keys, and DuckDB runs
the original query over what came.
"""

import sqlglot
from sqlglot import exp

from adapters.base import Capabilities
from adapters.errors import QueryError
from orchestrator.compile.feed import feeds
from orchestrator.compile.native import UNITS, native_query
from orchestrator.compile.parse import FETCHED, parse
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, Plan
from orchestrator.compile.predicate import words_of
from orchestrator.compile.reads import Read, Rows, reads, stored_expression
from orchestrator.compile.resolve import Edge, Leaf, Resolved, resolve
from orchestrator.compile.whole import whole
from orchestrator.semantic import SemanticModel


def compile(  # noqa: A001 -- the room's own word
    sql: str,
    model: SemanticModel,
    capabilities: dict[str, Capabilities],
    rows: Rows = lambda _source, _relation: None,
) -> Plan:
    """The plan of one semantic SELECT. Raises QueryError that says what to write instead.

    `capabilities` are by source name. The same arguments give the same plan and digest.
    """
    tree = parse(sql)
    written = tree.sql("duckdb", pretty=False)
    resolved = resolve(tree, model)
    if not resolved.leaves:
        raise QueryError(f"Name at least one entity in FROM: {', '.join(model.entities)}.")
    _check_unwinds(resolved, capabilities)
    single = whole(resolved, capabilities)
    entities = tuple(dict.fromkeys(leaf.name for leaf in resolved.leaves))
    fields = tuple(
        dict.fromkeys(f"{leaf.name}.{f}" for leaf in resolved.leaves for f in leaf.fields)
    )
    if single is not None:
        source = resolved.leaves[0].entity.home
        step = FetchStep("s1", source, ", ".join(entities), single, "rows", ("the whole query",))
        join = JoinStep(f"SELECT * FROM {FETCHED}s1")
        return Plan(written, (step,), join, resolved.columns, entities, fields)
    return _split(written, resolved, model, capabilities, rows, entities, fields)


def _check_unwinds(resolved: Resolved, capabilities: dict[str, Capabilities]) -> None:
    for leaf in resolved.leaves:
        for source, binding in leaf.entity.bindings.items():
            if binding.unwind and not capabilities[source].unwinds:
                raise QueryError(
                    f"{leaf.name} is bound to the elements of an array in {source}, which can't be "
                    "read as rows there. Have the model's owner bind it to a relation of its own."
                )


def _split(
    written: str,
    resolved: Resolved,
    model: SemanticModel,
    capabilities: dict[str, Capabilities],
    rows: Rows,
    entities: tuple[str, ...],
    fields: tuple[str, ...],
) -> Plan:
    every: list[Read] = []
    of_leaf: dict[int, list[Read]] = {}
    for leaf in resolved.leaves:
        of_leaf[id(leaf)] = reads(leaf, capabilities, rows)
        every += of_leaf[id(leaf)]
    steps = _steps(every, model, capabilities)
    steps = feeds(steps, resolved.edges, of_leaf, capabilities)
    optional = {
        read.step for group in of_leaf.values() for read in group if read.source != group[0].source
    }
    checks: list[KeyCheck] = []
    for leaf in resolved.leaves:
        group = of_leaf[id(leaf)]
        checks += _binding_checks(group)
        leaf.table.replace(_relation(leaf, group))
    checks += _edge_checks(resolved.edges, of_leaf)
    join = JoinStep(resolved.tree.sql("duckdb"), tuple(dict.fromkeys(checks)))
    required = {group[0].step for group in of_leaf.values()}
    return Plan(
        written,
        steps,
        join,
        resolved.columns,
        entities,
        fields,
        frozenset(optional - required),
    )


def _steps(
    every: list[Read], model: SemanticModel, capabilities: dict[str, Capabilities]
) -> tuple[FetchStep, ...]:
    """One step a read; equal reads share one."""
    steps: dict[str, FetchStep] = {}
    for read in every:
        language = capabilities[read.source].language
        query = native_query(
            language,
            read.leaf.entity,
            read.binding,
            read.fields,
            read.conditions,
            read.leaf.search,
            model.policies.max_rows,
        )
        same = f"{read.source}|{query!r}"
        if same not in steps:
            pushed = tuple(words_of(condition) for condition in read.conditions)
            if read.leaf.search:
                pushed = (f"{read.leaf.search.k} nearest to “{read.leaf.search.text}”",)
            steps[same] = FetchStep(
                f"s{len(steps) + 1}",
                read.source,
                read.leaf.name,
                query,
                UNITS[language],
                pushed,
            )
        read.step = steps[same].id
    return tuple(steps.values())


def _select(read: Read) -> exp.Select:
    return exp.select(
        *(
            exp.alias_(
                sqlglot.parse_one(stored_expression(read, field), read="duckdb"),
                field,
                quoted=True,
            )
            for field in read.fields
        )
    ).from_(f"{FETCHED}{read.step}")


def _relation(leaf: Leaf, group: list[Read]) -> exp.Expr:
    """The subquery that stands for an entity in the join: its first read, the others left-joined.

    Another source may hold a key twice: one of its rows is taken, the first in order.
    """
    if len(group) == 1:
        return _select(group[0]).subquery(exp.to_identifier(leaf.alias, quoted=True))
    key = leaf.entity.key
    home = group[0]
    projections = [
        exp.column(field, "b0", quoted=True) for field in home.fields if field in leaf.fields
    ]
    query = exp.select().from_(_select(home).subquery("b0"))
    for index, read in enumerate(group[1:], start=1):
        alias = f"b{index}"
        order = ", ".join(f'"{field}"' for field in read.fields)
        keys = ", ".join(f'"{field}"' for field in key)
        one = f"SELECT DISTINCT ON ({keys}) * FROM ({_select(read).sql('duckdb')}) ORDER BY {order}"
        query = query.join(
            sqlglot.parse_one(one, read="duckdb", into=exp.Select).subquery(alias),
            on=exp.and_(
                *(
                    exp.column(field, "b0", quoted=True).eq(exp.column(field, alias, quoted=True))
                    for field in key
                )
            ),
            join_type="left",
        )
        projections += [
            exp.column(field, alias, quoted=True)
            for field in read.fields
            if field in leaf.fields and field not in key
        ]
    if not projections:
        projections = [exp.column(field, "b0", quoted=True) for field in key]
    return query.select(*projections).subquery(exp.to_identifier(leaf.alias, quoted=True))


def _side(read: Read, field: str) -> tuple[str, str, str]:
    return (read.step, stored_expression(read, field), read.source)


def _binding_checks(group: list[Read]) -> list[KeyCheck]:
    key = group[0].leaf.entity.key
    return [
        KeyCheck(_side(group[0], field), _side(read, field), right_unique=len(key) == 1)
        for read in group[1:]
        for field in key
    ]


def _edge_checks(edges: tuple[Edge, ...], of_leaf: dict[int, list[Read]]) -> list[KeyCheck]:
    checks: list[KeyCheck] = []
    for edge in edges:
        left = _reader(of_leaf[id(edge.left)], edge.left_field)
        right = _reader(of_leaf[id(edge.right)], edge.right_field)
        if left is None or right is None or left.source == right.source:
            continue
        if edge.left.scope is not edge.right.scope and edge.left.scope.parent is not None:
            left, right = right, left
            fields = (edge.right_field, edge.left_field)
        else:
            fields = (edge.left_field, edge.right_field)
        checks.append(KeyCheck(_side(left, fields[0]), _side(right, fields[1])))
    return checks


def _reader(group: list[Read], field: str) -> Read | None:
    return next((read for read in group if field in read.fields), None)
