"""Semantic SQL to a Plan: entities become bindings, bindings become fetches, the rest is the join.

A query that one source can answer whole is one fetch. Otherwise each leaf is fetched with the
columns and conditions that it needs, a small fetch bounds a larger one by its keys, and DuckDB runs
the original query over what came.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp

from adapters.base import Capabilities
from adapters.errors import QueryError
from orchestrator.compile.native import (
    UNITS,
    accepts,
    native_query,
    pushable_words,
)
from orchestrator.compile.parse import FETCHED, parse
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, KeyFeed, Plan
from orchestrator.compile.predicate import Predicate, predicate, selectivity, words_of
from orchestrator.compile.resolve import SQL_TYPES, Edge, Leaf, Resolved, resolve
from orchestrator.compile.whole import whole
from orchestrator.semantic import Binding, SemanticModel

Rows = Callable[[str, str], int | None]
"""(source, relation) to the registry's estimate of its rows, or None when it is not known."""

_UNKNOWN_ROWS = 10_000
_MAX_FEEDING_ROWS = 20_000
_MIN_FED_ROWS = 200


@dataclass(slots=True)
class _Read:
    """One binding of one leaf, before it is a step."""

    leaf: Leaf
    source: str
    binding: Binding
    fields: tuple[str, ...]
    conditions: list[Predicate]
    estimate: float
    step: str = ""


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


def _split(
    written: str,
    resolved: Resolved,
    model: SemanticModel,
    capabilities: dict[str, Capabilities],
    rows: Rows,
    entities: tuple[str, ...],
    fields: tuple[str, ...],
) -> Plan:
    reads: list[_Read] = []
    of_leaf: dict[int, list[_Read]] = {}
    for leaf in resolved.leaves:
        of_leaf[id(leaf)] = _reads(leaf, resolved.edges, capabilities, rows)
        reads += of_leaf[id(leaf)]
    steps = _steps(reads, model, capabilities)
    steps = _feeds(steps, resolved.edges, of_leaf, capabilities)
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


def _reads(
    leaf: Leaf, edges: tuple[Edge, ...], capabilities: dict[str, Capabilities], rows: Rows
) -> list[_Read]:
    """The bindings that a leaf needs, its own rows first."""
    entity = leaf.entity
    first = entity.text_source if leaf.search else entity.home
    assert first is not None
    wanted: dict[str, list[str]] = {first: []}
    for field in leaf.fields:
        if field not in entity.fields or field in entity.bindings[first].fields:
            wanted[first].append(field)
        else:
            source = next(s for s, bound in entity.bindings.items() if field in bound.fields)
            wanted.setdefault(source, []).append(field)
    found: list[_Read] = []
    for source, names in wanted.items():
        binding = entity.bindings[source]
        words = pushable_words(entity, binding)
        conditions: list[Predicate] = []
        if not leaf.search:
            for part in leaf.conditions:
                named = {column.name for column in part.find_all(exp.Column)}
                condition = predicate(part, words) if source == first else None
                if condition is None or not named <= set(words) | set(entity.fields):
                    continue
                if accepts(capabilities[source], condition, words):
                    conditions.append(condition)
        keyed = names if len(wanted) == 1 else [entity.key, *names]
        fields = tuple(dict.fromkeys(keyed or [entity.key]))
        estimate = float(rows(source, binding.relation) or _UNKNOWN_ROWS)
        for condition in conditions:
            estimate *= selectivity(condition)
        if leaf.search:
            estimate = float(leaf.search.k)
        found.append(_Read(leaf, source, binding, fields, conditions, estimate))
    return found


def _steps(
    reads: list[_Read], model: SemanticModel, capabilities: dict[str, Capabilities]
) -> tuple[FetchStep, ...]:
    """One step a read; equal reads share one."""
    steps: dict[str, FetchStep] = {}
    for read in reads:
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


def _feeds(
    steps: tuple[FetchStep, ...],
    edges: tuple[Edge, ...],
    of_leaf: dict[int, list[_Read]],
    capabilities: dict[str, Capabilities],
) -> tuple[FetchStep, ...]:
    """Let small fetches bound larger ones; smallest first, so that the order has no cycle."""
    users: dict[str, int] = {}
    for group in of_leaf.values():
        for read in group:
            users[read.step] = users.get(read.step, 0) + 1
    wishes: list[tuple[float, _Read, str, _Read, str]] = []
    for edge in edges:
        left, right = of_leaf[id(edge.left)][0], of_leaf[id(edge.right)][0]
        if edge.feeds_right:
            wishes.append((left.estimate, left, edge.left_field, right, edge.right_field))
        if edge.feeds_left:
            wishes.append((right.estimate, right, edge.right_field, left, edge.left_field))
    by_id = {step.id: step for step in steps}
    estimates = {read.step: read.estimate for group in of_leaf.values() for read in group}
    reached: dict[str, set[str]] = {step.id: {step.id} for step in steps}
    for _ in wishes:
        best = min(
            (w for w in wishes if _may_feed(w, by_id, estimates, reached, users, capabilities)),
            key=lambda wish: (estimates[wish[1].step], wish[1].step, wish[3].step),
            default=None,
        )
        if best is None:
            break
        _, giver, given, taker, taken = best
        feed = KeyFeed(
            giver.step,
            _stored_expression(giver, given),
            taken,
            taker.binding.fields[taken].path,
        )
        by_id[taker.step] = replace(by_id[taker.step], feed=feed)
        reached[taker.step] |= reached[giver.step]
        estimates[taker.step] = min(estimates[taker.step], estimates[giver.step] * 4)
    return tuple(by_id[step.id] for step in steps)


def _may_feed(
    wish: tuple[float, _Read, str, _Read, str],
    steps: dict[str, FetchStep],
    estimates: dict[str, float],
    reached: dict[str, set[str]],
    users: dict[str, int],
    capabilities: dict[str, Capabilities],
) -> bool:
    _, giver, given, taker, taken = wish
    return (
        steps[taker.step].feed is None
        and giver.step != taker.step
        and taker.step not in reached[giver.step]
        and users[taker.step] == 1
        and not taker.leaf.search
        and taken in pushable_words(taker.leaf.entity, taker.binding)
        and given in giver.binding.fields
        and taker.leaf.entity.fields[taken].type in {"int64", "string"}
        and giver.leaf.entity.fields[given].type == taker.leaf.entity.fields[taken].type
        and "in" in capabilities[taker.source].comparisons
        and estimates[giver.step] <= _MAX_FEEDING_ROWS
        and estimates[taker.step] >= _MIN_FED_ROWS
        and estimates[giver.step] * 2 <= estimates[taker.step]
    )


def _stored_expression(read: _Read, field: str) -> str:
    """The DuckDB expression that gives a field from a fetched column."""
    column = exp.column(field, quoted=True)
    bound = read.binding.fields.get(field)
    if bound is None or bound.transform is None:
        return column.sql("duckdb")
    tree = sqlglot.parse_one(bound.transform, read="duckdb")
    for node in list(tree.find_all(exp.Column)):
        if node.name == "value" and node is not tree:
            node.replace(column.copy())
    word = read.leaf.entity.fields[field].type
    return exp.cast(tree, SQL_TYPES[word]).sql("duckdb")


def _select(read: _Read) -> exp.Select:
    return exp.select(
        *(
            exp.alias_(
                sqlglot.parse_one(_stored_expression(read, field), read="duckdb"),
                field,
                quoted=True,
            )
            for field in read.fields
        )
    ).from_(f"{FETCHED}{read.step}")


def _relation(leaf: Leaf, group: list[_Read]) -> exp.Expr:
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
        one = (
            f'SELECT DISTINCT ON ("{key}") * FROM ({_select(read).sql("duckdb")}) ORDER BY {order}'
        )
        query = query.join(
            sqlglot.parse_one(one, read="duckdb", into=exp.Select).subquery(alias),
            on=exp.column(key, "b0", quoted=True).eq(exp.column(key, alias, quoted=True)),
            join_type="left",
        )
        projections += [
            exp.column(field, alias, quoted=True)
            for field in read.fields
            if field in leaf.fields and field != key
        ]
    if not projections:
        projections = [exp.column(key, "b0", quoted=True)]
    return query.select(*projections).subquery(exp.to_identifier(leaf.alias, quoted=True))


def _side(read: _Read, field: str) -> tuple[str, str, str]:
    return (read.step, _stored_expression(read, field), read.source)


def _binding_checks(group: list[_Read]) -> list[KeyCheck]:
    key = group[0].leaf.entity.key
    return [
        KeyCheck(_side(group[0], key), _side(read, key), right_unique=True) for read in group[1:]
    ]


def _edge_checks(edges: tuple[Edge, ...], of_leaf: dict[int, list[_Read]]) -> list[KeyCheck]:
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


def _reader(group: list[_Read], field: str) -> _Read | None:
    return next((read for read in group if field in read.fields), None)
