"""Semantic SQL to a Plan: parse, resolve, split into fragments, and read what is left.

A query that one source can answer whole is one fetch. Otherwise each part that one source can
answer is a fragment, each other leaf is fetched with the columns and conditions that it needs, a
small fetch bounds a larger one by its keys, and DuckDB runs what is left of the query over what
came.
"""

import sqlglot
from sqlglot import exp

from adapters.base import Capabilities
from adapters.errors import QueryError
from orchestrator.compile.estimate import Estimates, Statistics, Unknown
from orchestrator.compile.feed import feeds
from orchestrator.compile.fragment import Fragments
from orchestrator.compile.inputs import Input, Reader, of_fragment
from orchestrator.compile.native import UNITS
from orchestrator.compile.parse import FETCHED, parse
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, Plan
from orchestrator.compile.residual import Edge, residual
from orchestrator.compile.resolve import Leaf, Resolved, Resolver
from orchestrator.compile.rights import Rights, rights_of
from orchestrator.compile.shapes import Shapes
from orchestrator.compile.split import Split, leaves_left, split
from orchestrator.semantic import SemanticModel


class Compiler:
    """Compiles semantic SQL over one model whose sources can do what `capabilities` say (by name).

    What depends on the model alone is made once; models with equal entities may share `shapes`.
    """

    def __init__(
        self,
        model: SemanticModel,
        capabilities: dict[str, Capabilities],
        shapes: Shapes | None = None,
    ) -> None:
        self._model = model
        self._capabilities = capabilities
        self._resolver = Resolver(model, shapes or Shapes(model))

    def compile(
        self, sql: str, statistics: Statistics | None = None, rights: Rights | None = None
    ) -> Plan:
        """The plan of one semantic SELECT; the same arguments give the same plan and digest.

        Without `rights`, they are those of nobody in particular: what the policy lets everyone
        read. Raises QueryError that says what to write instead.
        """
        rights = rights_of(self._model) if rights is None else rights
        tree = parse(sql)
        written = tree.sql("duckdb", pretty=False)
        if tree.find(exp.Table) is None:
            known = ", ".join(self._model.entities)
            raise QueryError(f"Name at least one entity in FROM: {known}.")
        resolved = self._resolver.resolve(tree, rights)
        self._check_unwinds(resolved)
        estimates = Estimates(statistics or Unknown())
        fragments = Fragments(
            {id(leaf.table): leaf for leaf in resolved.leaves},
            self._capabilities,
            self._resolver.shapes,
            estimates,
        )
        done = split(resolved.tree, fragments)
        left = residual(done.tree, self._resolver.shapes.rejects_nulls)
        reader = Reader(
            self._capabilities,
            estimates,
            self._model.policies.max_rows,
            self._resolver.shapes.rejects_nulls,
        )
        inputs: dict[int, list[Input]] = {}
        for table in done.tree.find_all(exp.Table):
            if table.name in done.fragments:
                inputs[id(table)] = [of_fragment(done.fragments[table.name], fragments)]
        leaves = leaves_left(done.tree, fragments.leaves)
        for leaf in leaves:
            at = id(leaf.table)
            read = _narrowed(leaf, left.fields.get(at, set()))
            conditions = left.conditions.get(at, [])
            inputs[at] = reader.inputs(read, conditions, as_set=at in left.sets)
        steps = self._steps([one for t in _tables(done.tree, inputs) for one in inputs[id(t)]])
        steps = feeds(steps, left.edges, inputs)
        return _plan(written, resolved, done, steps, inputs, leaves, left.edges)

    def _check_unwinds(self, resolved: Resolved) -> None:
        for leaf in resolved.leaves:
            for source, binding in leaf.entity.bindings.items():
                if binding.unwind and not self._capabilities[source].unwinds:
                    raise QueryError(
                        f"{leaf.name} is bound to the elements of an array in {source}, which "
                        "can't be read as rows there. Have the model's owner bind it to a relation "
                        "of its own."
                    )

    def _steps(self, inputs: list[Input]) -> tuple[FetchStep, ...]:
        """One step an input; equal inputs share one."""
        steps: dict[str, FetchStep] = {}
        for one in inputs:
            same = f"{one.source}|{one.query!r}"
            if same not in steps:
                steps[same] = FetchStep(
                    f"s{len(steps) + 1}",
                    one.source,
                    one.entity,
                    one.query,
                    UNITS[self._capabilities[one.source].language],
                    one.pushed,
                    one.kept,
                    one.estimate,
                )
            one.step = steps[same].id
        return tuple(steps.values())


def _plan(
    written: str,
    resolved: Resolved,
    done: Split,
    steps: tuple[FetchStep, ...],
    inputs: dict[int, list[Input]],
    leaves: list[Leaf],
    edges: tuple[Edge, ...],
) -> Plan:
    """The plan, and with it the join: every table of the tree becomes a fetched one."""
    checks: list[KeyCheck] = []
    if not resolved.guarded.digest:  # how many keys meet would tell of rows that may not be seen
        checks += [check for leaf in leaves for check in _binding_checks(leaf, inputs)]
        checks += _edge_checks(edges, inputs)
    required = {group[0].step for group in inputs.values()}
    optional = {one.step for group in inputs.values() for one in group} - required
    of_leaf = {id(leaf.table): leaf for leaf in leaves}
    for table in _tables(done.tree, inputs):
        leaf = of_leaf.get(id(table))
        if leaf is not None:
            table.replace(_relation(leaf, inputs[id(table)]))
        else:
            table.set("this", exp.to_identifier(FETCHED + inputs[id(table)][0].step))
    fields = (f"{leaf.name}.{name}" for leaf in resolved.leaves for name in leaf.fields)
    entities = tuple(dict.fromkeys(leaf.name for leaf in resolved.leaves))
    return Plan(
        written,
        steps,
        JoinStep(done.tree.sql("duckdb", copy=False), tuple(dict.fromkeys(checks))),
        resolved.columns,
        entities,
        tuple(dict.fromkeys(fields)),
        frozenset(optional),
        reason=done.reason,
        shown=resolved.shown,
        warnings=resolved.guarded.notes,
        access=resolved.guarded.digest,
        bounding=tuple(name for name in entities if name not in resolved.guarded.named)
        if resolved.guarded.digest
        else (),
    )


def _tables(tree: exp.Query, inputs: dict[int, list[Input]]) -> list[exp.Table]:
    """The tables of the tree that are inputs, in order of appearance."""
    return [table for table in tree.find_all(exp.Table, bfs=False) if id(table) in inputs]


def _narrowed(leaf: Leaf, used: set[str]) -> Leaf:
    """The leaf with the fields that what is left of the query uses."""
    fields = tuple(name for name in leaf.fields if name in used)
    return Leaf(leaf.table, leaf.alias, leaf.name, leaf.entity, fields, leaf.search)


def _select(one: Input) -> exp.Select:
    return exp.select(
        *(
            exp.alias_(sqlglot.parse_one(value, read="duckdb"), name, quoted=True)
            for name, value in one.values.items()
        )
    ).from_(f"{FETCHED}{one.step}")


def _relation(leaf: Leaf, group: list[Input]) -> exp.Expr:
    """The subquery that stands for an entity in the join: its home, the others left-joined.

    Another source may hold a key twice: one of its rows is taken, the first in order.
    """
    name = exp.to_identifier(leaf.alias, quoted=True)
    if len(group) == 1:
        return _select(group[0]).subquery(name)
    key = leaf.entity.key
    home = group[0]
    kept = [field for field in home.values if field in leaf.fields] or list(key)
    projections: list[exp.Expr] = [exp.column(field, "b0", quoted=True) for field in kept]
    query = exp.select().from_(_select(home).subquery("b0"))
    keys = ", ".join(f'"{field}"' for field in key)
    for index, one in enumerate(group[1:], start=1):
        alias = f"b{index}"
        order = ", ".join(f'"{field}"' for field in one.values)
        fetched = _select(one).sql("duckdb", copy=False)
        first = f"SELECT DISTINCT ON ({keys}) * FROM ({fetched}) ORDER BY {order}"
        same = (
            exp.column(field, "b0", quoted=True).eq(exp.column(field, alias, quoted=True))
            for field in key
        )
        query = query.join(
            sqlglot.parse_one(first, read="duckdb", into=exp.Select).subquery(alias),
            on=exp.and_(*same),
            join_type="left",
        )
        projections += [
            exp.column(field, alias, quoted=True)
            for field in one.values
            if field in leaf.fields and field not in key
        ]
    return query.select(*projections).subquery(name)


def _side(one: Input, column: str) -> tuple[str, str, str]:
    return (one.step, one.values[column], one.source)


def _binding_checks(leaf: Leaf, inputs: dict[int, list[Input]]) -> list[KeyCheck]:
    key = leaf.entity.key
    group = inputs[id(leaf.table)]
    return [
        KeyCheck(_side(group[0], field), _side(one, field), right_unique=len(key) == 1)
        for one in group[1:]
        for field in key
    ]


def _edge_checks(edges: tuple[Edge, ...], inputs: dict[int, list[Input]]) -> list[KeyCheck]:
    checks: list[KeyCheck] = []
    for edge in edges:
        left = _holder(inputs[id(edge.left)], edge.left_field)
        right = _holder(inputs[id(edge.right)], edge.right_field)
        if left is None or right is None or left.source == right.source:
            continue
        sides = _side(left, edge.left_field), _side(right, edge.right_field)
        if edge.outer_first:
            sides = sides[1], sides[0]
        checks.append(KeyCheck(*sides))
    return checks


def _holder(group: list[Input], column: str) -> Input | None:
    return next((one for one in group if column in one.values), None)
