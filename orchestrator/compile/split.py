"""A resolved tree to fragments and what is left for the join.

Top down: a query that one source can answer whole is a fragment. Else its tables are regrouped, and
the queries inside it are tried. Leaves that are in no fragment are read one by one.
"""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from adapters.query import AggregationQuery
from orchestrator.compile.fragment import Fragment, Fragments
from orchestrator.compile.kinds import distinct_on, gives_aggregates
from orchestrator.compile.parse import FRAGMENT
from orchestrator.compile.predicate import conjuncts
from orchestrator.compile.regroup import regroup, tables_of
from orchestrator.compile.resolve import Leaf
from orchestrator.compile.shapes import canonical, sql_type


@dataclass(frozen=True, slots=True)
class Split:
    """The tree that is left, in which `fragments` are tables by their names; and why the whole
    query did not go to one source (None when it did)."""

    tree: exp.Query
    fragments: dict[str, Fragment]
    reason: str | None


def split(tree: exp.Query, fragments: Fragments) -> Split:
    """Take the fragments out of a typed tree."""
    _copy_conditions_down(tree)
    found: dict[str, Fragment] = {}
    holder = exp.Subquery(this=tree)
    reason = _split(tree, fragments, found)
    return Split(holder.this, found, reason)


def _split(query: exp.Query, fragments: Fragments, found: dict[str, Fragment]) -> str | None:
    """Split a query in place; why one source can't answer it, None when one can."""
    if isinstance(query, exp.Select) and only_asks_whether(query, exp.In):
        query.distinct(copy=False)
    made = fragments.make(query)
    if isinstance(made, Fragment) and not _is_plain_reading(query, made):
        name = f"{FRAGMENT}{len(found) + 1}"
        found[name] = made
        query.replace(_stand_in(name, made))
        return None
    if isinstance(query, exp.Select):
        regroup(query, fragments)
    for child in _children(query):
        _split(child, fragments, found)
    return made if isinstance(made, str) else None


def only_asks_whether(query: exp.Expr, *places: type[exp.Expr]) -> bool:
    """True for the query of an EXISTS or IN (or of one of `places`) whose equal rows count once."""
    if not isinstance(query, exp.Select) or query.find(exp.AggFunc, exp.Window):
        return False
    busy = any(query.args.get(part) for part in ("limit", "offset", "group", "with_"))
    if busy or distinct_on(query):
        return False
    whole = query.parent if isinstance(query.parent, exp.Subquery) else query
    if isinstance(whole.parent, exp.In) and whole.arg_key != "query":
        return False  # a value that is looked for
    return isinstance(whole.parent, places or (exp.Exists, exp.In))


def _is_plain_reading(query: exp.Query, made: Fragment) -> bool:
    """True for documents read as they are: a leaf brings them faster than a pipeline that computes
    each field."""
    return (
        isinstance(made.query, AggregationQuery)
        and not any(query.args.get(part) for part in ("group", "distinct", "limit", "having"))
        and not query.find(exp.AggFunc)
    )


def _children(query: exp.Query) -> list[exp.Query]:
    """The queries directly inside of one."""
    kinds = (exp.Select, exp.SetOperation)
    walk = query.walk(prune=lambda one: one is not query and isinstance(one, kinds))
    return [node for node in walk if node is not query and isinstance(node, kinds)]


def _stand_in(name: str, made: Fragment) -> exp.Select:
    """The SELECT that reads a fragment's table, with the types that DuckDB would have given."""
    chosen: list[exp.Expr] = []
    for column, kind in made.shape:
        value: exp.Expr = exp.column(column, table=name, quoted=True)
        word = canonical(kind)
        if word is not None and exp.DataType.build(sql_type(word), dialect="duckdb") != (
            exp.DataType.build(kind, dialect="duckdb")
        ):
            value = exp.cast(value, exp.DataType.build(kind, dialect="duckdb"))
        chosen.append(exp.alias_(value, column, quoted=True))
    table = exp.to_table(name)
    table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return exp.select(*chosen).from_(table)


def _copy_conditions_down(tree: exp.Query) -> None:
    """Copy a condition on a derived table into it, where it can drop rows early: the original
    stays where it is."""
    for scope in reversed(list(traverse_scope(tree))):
        select = scope.expression
        if not isinstance(select, exp.Select):
            continue
        where = select.args.get("where")
        if any((join.side or join.kind or "") not in {"", "CROSS", "INNER"}
               for join in select.args.get("joins") or []):  # fmt: skip
            continue
        for part in conjuncts(where.this if where else None):
            aliases = tables_of(part)
            if len(aliases) == 1 and not part.find(exp.Query, exp.AggFunc, exp.Window):
                inner = scope.sources.get(next(iter(aliases)))
                if isinstance(inner, Scope) and inner.is_derived_table:
                    _copy_into(part, inner.expression)


def _copy_into(part: exp.Expr, inner: exp.Expr) -> None:
    if not isinstance(inner, exp.Select) or any(
        inner.args.get(one) for one in ("limit", "offset", "qualify", "distinct", "having")
    ):
        return
    if inner.find(exp.Window, exp.GroupingSets, exp.Cube, exp.Rollup):
        return
    values = {projection.alias_or_name: projection.unalias() for projection in inner.selects}
    group = inner.args.get("group")
    keys = {key.sql() for key in group.expressions} if group is not None else None
    aggregated = gives_aggregates(inner)
    copy = part.copy()
    for column in list(copy.find_all(exp.Column)):
        value = values.get(column.name)
        if not isinstance(value, exp.Column) or (aggregated and keys is None):
            return
        if keys is not None and value.sql() not in keys:
            return
        new = value.copy()
        if column is copy:
            return
        column.replace(new)
    inner.where(copy, copy=False)


def leaves_left(tree: exp.Query, leaves: dict[int, Leaf]) -> list[Leaf]:
    """The leaves that no fragment has taken, in order of appearance."""
    return [leaves[id(t)] for t in tree.find_all(exp.Table, bfs=False) if id(t) in leaves]
