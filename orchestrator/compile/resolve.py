"""A checked tree to a resolved one: every column qualified, every entity occurrence a `Leaf`.

A leaf is one place where the query reads an entity: which fields it uses there, and which of the
query's conditions can be tried at the source already. Such a condition is a *copy*: the join tests
the original again, so a source may answer too much, but never too little.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from adapters.errors import SqlNotAllowed, UnknownName
from orchestrator.semantic import Entity, SemanticModel, near

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
MAX_HITS = 1_000


@dataclass(frozen=True, slots=True)
class Search:
    """`search(entity, text, k)`: the k rows whose text is nearest in meaning."""

    text: str
    k: int


@dataclass(slots=True)
class Leaf:
    """One reading of an entity. `fields` are in the model's order; `conditions` hold copies."""

    table: exp.Table
    alias: str
    name: str
    entity: Entity
    scope: Scope
    search: Search | None = None
    fields: tuple[str, ...] = ()
    conditions: list[exp.Expr] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Edge:
    """An equality between columns of two leaves.

    `feeds_left` says that left rows whose key the right side lacks can't change the result, and so
    need not be read; `feeds_right` the same of right rows.
    """

    left: Leaf
    left_field: str
    right: Leaf
    right_field: str
    feeds_left: bool
    feeds_right: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """The qualified tree, its leaves in order of appearance, and the equalities between them."""

    tree: exp.Query
    leaves: tuple[Leaf, ...]
    edges: tuple[Edge, ...]
    columns: tuple[str, ...]


def resolve(tree: exp.Query, model: SemanticModel) -> Resolved:
    """Qualify against the model. Raises UnknownName and SqlNotAllowed."""
    searches = _name_tables(tree, model)
    schema: dict[str, object] = {name: typed(one) for name, one in model.entities.items()}
    for marker, (name, _) in searches.items():
        schema[marker] = {**typed(model.entities[name]), "score": "DOUBLE"}
    try:
        tree = qualify(tree, schema=schema, dialect="duckdb", quote_identifiers=True)
    except OptimizeError as error:
        raise UnknownName(
            f"{str(error).splitlines()[0].rstrip('.')}. {_hint(error, model)}".strip()
        ) from error
    leaves: dict[int, Leaf] = {}
    scopes = list(traverse_scope(tree))
    for scope in scopes:
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table) and id(source) not in leaves:
                leaves[id(source)] = _leaf(source, alias, scope, model, searches)
    ordered = tuple(leaves[id(t)] for t in tree.find_all(exp.Table, bfs=False) if id(t) in leaves)
    for scope in scopes:
        _collect_conditions(scope, leaves)
    edges = tuple(edge for scope in scopes for edge in _edges(scope, leaves))
    return Resolved(tree, ordered, edges, tuple(tree.named_selects))


def typed(entity: Entity) -> dict[str, str]:
    """The SQL type of each field, as sqlglot's schema wants it."""
    return {name: sql_type(spec.type) for name, spec in entity.fields.items()}


def sql_type(word: str) -> str:
    """The DuckDB type of a canonical word."""
    return SQL_TYPES.get(word) or word.upper()


def _name_tables(tree: exp.Query, model: SemanticModel) -> dict[str, tuple[str, Search]]:
    """Check table names; give each search() a table name of its own."""
    known = set(model.entities)
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    searches: dict[str, tuple[str, Search]] = {}
    for table in list(tree.find_all(exp.Table)):
        call = table.this
        if isinstance(call, exp.Search):
            marker = f"search_{len(searches) + 1}"
            name, search = _search(call, model)
            searches[marker] = (name, search)
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
            table.set("this", exp.to_identifier(marker))
        elif not isinstance(call, exp.Identifier):
            raise SqlNotAllowed("In FROM, name an entity or use search(entity, 'text', k).")
        elif table.name not in known and table.name not in ctes:
            hint = near(table.name, list(known))
            raise UnknownName(f"There is no entity “{table.name}”; {hint}")
    return searches


def _search(call: exp.Search, model: SemanticModel) -> tuple[str, Search]:
    column, text, k = call.this, call.expression, call.args.get("json_scope")
    name = column.name if isinstance(column, exp.Expr) else ""
    entity = model.entities.get(name)
    if entity is None or entity.text_source is None:
        able = [n for n, e in model.entities.items() if e.text_source] or ["none"]
        raise UnknownName(f"“{name}” can't be searched by meaning; these can: {', '.join(able)}.")
    if not isinstance(text, exp.Literal) or not text.is_string or not text.name.strip():
        raise SqlNotAllowed("The second argument of search() is the text to look for, in quotes.")
    if not isinstance(k, exp.Literal) or not k.is_int or not 0 < int(k.name) <= MAX_HITS:
        raise SqlNotAllowed(f"The third argument of search() is a number from 1 to {MAX_HITS}.")
    return name, Search(text.name, int(k.name))


def _hint(error: OptimizeError, model: SemanticModel) -> str:
    named = re.search(r"(?:column: |['\"])([\w.]+)", str(error))
    if named is None:
        return ""
    name = named[1].rstrip(".").rpartition(".")[2]
    fields = sorted({f for entity in model.entities.values() for f in entity.fields})
    return f"For {name}: {near(name, fields)}"


def _leaf(
    table: exp.Table,
    alias: str,
    scope: Scope,
    model: SemanticModel,
    searches: dict[str, tuple[str, Search]],
) -> Leaf:
    name, search = searches.get(table.name, (table.name, None))
    entity = model.entities[name]
    used = {column.name for column in scope.source_columns(alias)}
    fields = tuple(f for f in [*entity.fields, *(["score"] if search else [])] if f in used)
    return Leaf(table, alias, name, entity, scope, search, fields)


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The parts of a condition that are joined by AND."""
    if condition is None:
        return
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from conjuncts(inner.left)
        yield from conjuncts(inner.right)
    else:
        yield inner


def _nullable(scope: Scope) -> set[str]:
    """The aliases of a SELECT that an outer join may extend with nulls."""
    select = scope.expression
    from_ = select.args.get("from_") or select.args.get("from")
    seen = [from_.this.alias_or_name] if from_ is not None else []
    nullable: set[str] = set()
    for join in select.args.get("joins") or []:
        side = (join.side or "").upper()
        if side in {"LEFT", "FULL"}:
            nullable.add(join.this.alias_or_name)
        if side in {"RIGHT", "FULL"}:
            nullable.update(seen)
        seen.append(join.this.alias_or_name)
    return nullable


_STRICT = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like)


def _placed_conditions(scope: Scope) -> Iterator[tuple[exp.Expr, set[str] | None, bool]]:
    """Each conjunct with the aliases that it may be tried on (None: all), and if it is from ON."""
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    where = select.args.get("where")
    for part in conjuncts(where.this if where else None):
        yield part, None, False
    for join in select.args.get("joins") or []:
        side = (join.side or "").upper()
        own = {join.this.alias_or_name}
        for part in conjuncts(join.args.get("on")):
            if side == "":
                yield part, None, True
            elif side == "LEFT":
                yield part, own, True


def _collect_conditions(scope: Scope, leaves: dict[int, Leaf]) -> None:
    nullable = _nullable(scope) if isinstance(scope.expression, exp.Select) else set[str]()
    for part, allowed, _ in _placed_conditions(scope):
        if part.find(exp.Query, exp.AggFunc, exp.Window):
            continue
        aliases = {column.table for column in part.find_all(exp.Column)}
        if len(aliases) != 1:
            continue
        alias = aliases.pop()
        source = scope.sources.get(alias)
        if not isinstance(source, exp.Table) or (allowed is not None and alias not in allowed):
            continue
        if allowed is None and alias in nullable and not isinstance(part, _STRICT):
            continue
        leaves[id(source)].conditions.append(part)


def _edges(scope: Scope, leaves: dict[int, Leaf]) -> Iterator[Edge]:
    """Equalities of this SELECT, between its own leaves or with the one around it."""
    nullable = _nullable(scope) if isinstance(scope.expression, exp.Select) else set[str]()
    for part, allowed, _ in _placed_conditions(scope):
        if not isinstance(part, exp.EQ):
            continue
        left, right = part.left.unnest(), part.right.unnest()
        if not (isinstance(left, exp.Column) and isinstance(right, exp.Column)):
            continue
        here, there = _leaf_of(left, scope, leaves), _leaf_of(right, scope, leaves)
        if here is None or there is None or here is there:
            continue
        inside = here.scope is scope, there.scope is scope
        if all(inside):
            inner = allowed is None
            feeds_left = (inner and here.alias not in nullable) or here.alias in (allowed or ())
            feeds_right = (inner and there.alias not in nullable) or there.alias in (allowed or ())
        else:
            required = _is_required(scope)
            feeds_left = inside[0] or required
            feeds_right = inside[1] or required
        yield Edge(here, left.name, there, right.name, feeds_left, feeds_right)
    yield from _membership(scope, leaves)


def _membership(scope: Scope, leaves: dict[int, Leaf]) -> Iterator[Edge]:
    """`x IN (SELECT y FROM …)` at the top of WHERE."""
    for part, allowed, from_join in _placed_conditions(scope):
        if from_join or allowed is not None or not isinstance(part, exp.In):
            continue
        query, column = part.args.get("query"), part.this.unnest()
        select = query.unnest() if query is not None else None
        if not isinstance(select, exp.Select) or not isinstance(column, exp.Column):
            continue
        inner = next((s for s in scope.subquery_scopes if s.expression is select), None)
        chosen = select.selects[0].unalias() if select.selects else None
        simple = not any(select.args.get(a) for a in ("limit", "offset", "group", "qualify"))
        if inner is None or not isinstance(chosen, exp.Column):
            continue
        here, there = _leaf_of(column, scope, leaves), _leaf_of(chosen, inner, leaves)
        if here is not None and there is not None and here.scope is scope:
            yield Edge(here, column.name, there, chosen.name, True, simple)


def _leaf_of(column: exp.Column, scope: Scope | None, leaves: dict[int, Leaf]) -> Leaf | None:
    while scope is not None:
        source = scope.sources.get(column.table)
        if source is not None:
            return leaves.get(id(source)) if isinstance(source, exp.Table) else None
        scope = scope.parent
    return None


def _is_required(scope: Scope) -> bool:
    """True when the rows around this subquery must have a match in it: a top-level EXISTS."""
    exists = scope.expression.parent
    if not isinstance(exists, exp.Exists) or scope.parent is None:
        return False
    outer = scope.parent.expression
    where = outer.args.get("where") if isinstance(outer, exp.Select) else None
    return any(part is exists for part in conjuncts(where.this if where else None))
