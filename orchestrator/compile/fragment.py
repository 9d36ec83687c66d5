"""A part of a query that one source can answer whole: a fragment, or why there is none."""

from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.optimizer.scope import build_scope, traverse_scope

from adapters.base import Capabilities
from adapters.errors import SqlNotAllowed
from adapters.query import NativeQuery, OutputColumn
from orchestrator.compile.dialects import write
from orchestrator.compile.estimate import Estimates
from orchestrator.compile.kinds import gives_aggregates
from orchestrator.compile.meaning import difference
from orchestrator.compile.native import collection_of, native_path, pushable_words, with_fed_keys
from orchestrator.compile.pipeline import Untranslatable, pipeline
from orchestrator.compile.plan import AGGREGATED, SORTED
from orchestrator.compile.predicate import conjuncts
from orchestrator.compile.resolve import Leaf
from orchestrator.compile.shapes import Shapes, canonical


@dataclass(frozen=True, slots=True)
class Fragment:
    """A native query that stands for a whole part of the tree.

    `shape` has (name, DuckDB type) of its columns. `bounds` says which columns can be bounded by
    keys: those that are a leaf's own field, outside of any aggregate.
    """

    source: str
    query: NativeQuery
    tree: exp.Query
    shape: tuple[tuple[str, str], ...]
    leaves: tuple[Leaf, ...]
    estimate: float
    pushed: tuple[str, ...]
    bounds: dict[str, tuple[Leaf, str]] = field(default_factory=dict)


class Fragments:
    """Makes fragments of typed trees; `leaves` are by the ids of their tables and may grow."""

    def __init__(
        self,
        leaves: dict[int, Leaf],
        capabilities: dict[str, Capabilities],
        shapes: Shapes,
        estimates: Estimates,
    ) -> None:
        self.leaves = leaves
        self.estimates = estimates
        self._capabilities = capabilities
        self._shapes = shapes
        self._made: dict[int, Fragment] = {}

    def source_of(self, leaf: Leaf) -> str | None:
        """The source that can answer SQL over a leaf, or None: it holds every field that is used,
        as it is meant, and can be trusted with its values."""
        home = leaf.entity.home
        able = self._capabilities[home]
        if leaf.search is not None or able.language not in {"sql", "aggregation"}:
            return None
        if able.language == "sql" and not able.typed:
            return None
        odd = self.estimates.odd(leaf.entity, home)
        words = pushable_words(leaf.entity, leaf.entity.bindings[home], odd)
        exact = all(
            name in words and words[name].partition("(")[0] in able.exact for name in leaf.fields
        )
        return home if exact else None

    def fits(self, condition: exp.Expr, leaves: list[Leaf], source: str) -> bool:
        """True when a typed condition over leaves of one source means the same there."""
        able = self._capabilities[source]
        if able.language == "sql":
            return difference(condition, able) is None
        if len(leaves) != 1:
            return False
        probe = exp.select(exp.alias_(exp.Literal.number(1), "one", quoted=True))
        probe = probe.from_(leaves[0].table.copy()).where(condition.copy())
        found = pipeline(
            probe,
            collection_of(leaves[0].entity, leaves[0].entity.bindings[source]),
            (OutputColumn(name="one", type="int64"),),
        )
        return not isinstance(found, Untranslatable)

    def make(self, query: exp.Query) -> Fragment | str:
        """The fragment of a query, or why one source can't answer it.

        A query that has become a fragment is remembered: it may not be changed from then on.
        """
        if id(query) not in self._made:
            made = self._make(query)
            if isinstance(made, str):
                return made
            self._made[id(query)] = made
        return self._made[id(query)]

    def _make(self, query: exp.Query) -> Fragment | str:
        found = self._leaves_of(query)
        if isinstance(found, str):
            return found
        sources = {self.source_of(leaf) for leaf in found}
        source = next(iter(sources))
        if len(sources) > 1:
            return "it needs several sources"
        if source is None:
            return f"{found[0].name} has to be read before it can be asked"
        try:
            shape = tuple(self._shapes.columns(query))
        except SqlNotAllowed:
            return "it has no meaning by itself"
        columns = _columns(shape)
        if isinstance(columns, str):
            return columns
        native = self._native(query, source, found, columns)
        if isinstance(native, str):
            return native
        return Fragment(
            source,
            native,
            query,
            shape,
            tuple(found),
            self._estimate(query, found, source),
            _pushed(query, found),
            _bounds(query, found) if isinstance(query, exp.Select) else {},
        )

    def bounded(self, fragment: Fragment, column: str) -> NativeQuery:
        """The fragment's query with one of its `bounds` bounded by KEYS."""
        leaf, name = fragment.bounds[column]
        able = self._capabilities[fragment.source]
        if able.dialect is None:
            path = leaf.entity.bindings[fragment.source].fields[name].path
            word = leaf.entity.fields[name].type
            return with_fed_keys(fragment.query, native_path(path), word)
        columns = fragment.query.columns
        return write(
            fragment.tree, self.leaves, fragment.source, columns, able.dialect, (leaf, name)
        )

    def _leaves_of(self, query: exp.Query) -> list[Leaf] | str:
        """The leaves of a query that stands by itself."""
        found: list[Leaf] = []
        for scope in traverse_scope(query):
            for one in scope.sources.values():
                if isinstance(one, exp.Table):
                    if id(one) not in self.leaves:
                        return "it needs more than one source"
                    found.append(self.leaves[id(one)])
        if _external(query):
            return "it depends on the row around it"
        return found or "it reads no entity"

    def _native(
        self, query: exp.Query, source: str, found: list[Leaf], columns: tuple[OutputColumn, ...]
    ) -> NativeQuery | str:
        able = self._capabilities[source]
        if able.dialect is not None:
            relations = {leaf.entity.bindings[source].relation.lower() for leaf in found}
            if any(cte.alias.lower() in relations for cte in query.find_all(exp.CTE)):
                return f"a WITH in it has the name of a relation in {source}"
            return difference(query, able) or write(
                query, self.leaves, source, columns, able.dialect
            )
        if not isinstance(query, exp.Select) or len(found) != 1 or query.args.get("with_"):
            return f"{source} can't join"
        if query.find(exp.Subquery, exp.Window):
            return f"{source} takes no subqueries and windows"
        made = pipeline(
            query, collection_of(found[0].entity, found[0].entity.bindings[source]), columns
        )
        return made.reason if isinstance(made, Untranslatable) else made

    def _estimate(self, query: exp.Query, found: list[Leaf], source: str) -> float:
        if not isinstance(query, exp.Select):
            return sum(self.estimates.rows(leaf, source) for leaf in found)
        own = {leaf.alias: (leaf, source) for leaf in found if _parent_select(leaf) is query}
        if not own:
            return max(self.estimates.rows(leaf, source) for leaf in found)
        where = query.args.get("where")
        conditions = [*conjuncts(where.this if where else None)]
        for join in query.args.get("joins") or []:
            conditions += conjuncts(join.args.get("on"))
        rows = self.estimates.join(own, conditions)
        group = query.args.get("group")
        if group is not None:
            rows = min(rows, self.estimates.groups(group.expressions, own))
        elif gives_aggregates(query):
            rows = 1.0
        limit = query.args.get("limit")
        size = limit.expression if limit is not None else None
        return min(rows, float(size.name)) if isinstance(size, exp.Literal) else rows


def _parent_select(leaf: Leaf) -> exp.Expr | None:
    return leaf.table.find_ancestor(exp.Select)


def _external(query: exp.Query) -> bool:
    """True when a column belongs to a query around this one."""
    if isinstance(query, exp.SetOperation):
        sides = (query.left.unnest(), query.right.unnest())
        return any(not isinstance(side, exp.Query) or _external(side) for side in sides)
    scope = build_scope(query)
    return scope is None or bool(scope.external_columns)


def _columns(shape: tuple[tuple[str, str], ...]) -> tuple[OutputColumn, ...] | str:
    columns: list[OutputColumn] = []
    for name, kind in shape:
        word = canonical(kind)
        if word is None:
            return f"{name} is of the type {kind}, which no source gives"
        columns.append(OutputColumn(name=name, type=word))
    if len({column.name for column in columns}) < len(columns):
        return "two of its columns have one name"
    return tuple(columns)


def _pushed(query: exp.Query, found: list[Leaf]) -> tuple[str, ...]:
    """What a fragment does, in the words of a plan."""
    done: list[str] = []
    where = query.args.get("where")
    done += [
        part.sql("duckdb").replace('"', "") for part in conjuncts(where.this if where else None)
    ]
    if len(found) > 1:
        done.append("join of " + ", ".join(dict.fromkeys(leaf.name for leaf in found)))
    if query.find(exp.AggFunc):
        done.append(AGGREGATED)
    if query.args.get("order"):
        done.append(SORTED)
    if query.args.get("limit"):
        done.append(query.args["limit"].sql("duckdb").strip().lower())
    return tuple(done)


def _bounds(query: exp.Select, found: list[Leaf]) -> dict[str, tuple[Leaf, str]]:
    """The columns whose keys can bound the rows before all else is done with them."""
    if any(query.args.get(part) for part in ("limit", "offset", "qualify", "with_")):
        return {}
    if query.find(exp.Window, exp.GroupingSets, exp.Cube, exp.Rollup):
        return {}
    grouped = gives_aggregates(query)
    group = query.args.get("group")
    keys = {key.sql() for key in group.expressions} if group is not None else set[str]()
    own = {leaf.alias: leaf for leaf in found if _parent_select(leaf) is query}
    outer = any((join.side or "") for join in query.args.get("joins") or [])
    bounds: dict[str, tuple[Leaf, str]] = {}
    for projection in query.selects:
        value = projection.unalias()
        if outer or not isinstance(value, exp.Column) or value.table not in own:
            continue
        if (grouped or group is not None) and value.sql() not in keys:
            continue
        bounds[projection.alias_or_name] = (own[value.table], value.name)
    return bounds
