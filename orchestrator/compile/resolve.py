"""A checked tree to a resolved one: every column qualified and typed, every place where the query
reads an entity a `Leaf`.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from adapters.errors import SqlNotAllowed, UnknownName
from orchestrator.compile.guard import Guard, Guarded
from orchestrator.compile.kinds import COMPARISONS, MOMENTS, NUMBERS, family
from orchestrator.compile.lineage import shown_fields
from orchestrator.compile.measures import expand_measures
from orchestrator.compile.rights import Rights
from orchestrator.compile.shapes import SCORE, SEARCHED, Shapes, typed
from orchestrator.compile.shared import mark_shared, qualify_shared
from orchestrator.semantic import Entity, SemanticModel, near

MAX_HITS = 1_000
_SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Search:
    """`search(entity, text, k)`: the k rows whose text is nearest in meaning."""

    text: str
    k: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One reading of an entity; `fields` are those that the query uses there, as the model orders
    them."""

    table: exp.Table
    alias: str
    name: str
    entity: Entity
    fields: tuple[str, ...]
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The qualified and typed tree, its leaves in order of appearance, the names of the columns
    that it gives, as they were written, the fields whose values these show, sorted, and what the
    rights of who asks have made of it."""

    tree: exp.Query
    leaves: tuple[Leaf, ...]
    columns: tuple[str, ...]
    shown: tuple[str, ...]
    guarded: Guarded


_COMPARED = (*COMPARISONS, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_TYPED = MOMENTS | NUMBERS | {"bool"}


class Resolver:
    """Resolves trees against one model."""

    def __init__(self, model: SemanticModel, shapes: Shapes) -> None:
        self._model = model
        self.shapes = shapes
        tables: dict[str, object] = {name: typed(one) for name, one in model.entities.items()}
        for name, entity in model.entities.items():
            if entity.text_source:
                tables[SEARCHED + name] = {**typed(entity), SCORE: "DOUBLE"}
        self._schema = MappingSchema(tables, dialect="duckdb")
        self._guard = Guard(model, self._schema)

    def resolve(self, tree: exp.Query, rights: Rights | None = None) -> Resolved:
        """Qualify, fold constants, keep within `rights` (None: no bounds) and type.

        Raises UnknownName, SqlNotAllowed and AccessDenied.
        """
        expand_measures(tree, self._model)
        searches = _name_tables(tree, self._model)
        written = _written_names(tree)
        mark_shared(tree)
        try:
            tree = qualify(tree, schema=self._schema, dialect="duckdb", quote_identifiers=True)
        except OptimizeError as error:
            raise UnknownName(
                f"{str(error).splitlines()[0].rstrip('.')}. {_hint(error, self._model)}".strip()
            ) from error
        qualify_shared(tree)
        _spell_out_all(tree)
        names = [name for name, _ in self.shapes.columns(tree)]
        self.shapes.fold(tree)
        tree = pushdown_projections(tree)
        guarded = Guarded(tree) if rights is None else self._guard.guard(tree, rights)
        tree = annotate_types(tree, schema=self._schema, dialect="duckdb")
        _type_texts(tree)
        _compare_days_with_days(tree)
        leaves = self._leaves(tree, searches)
        for node in tree.walk():
            node.meta.clear()  # where it stood in the text, which every copy would copy
        columns = _unique(written if len(written) == len(names) else names)
        shown = shown_fields(tree, {id(leaf.table): leaf.name for leaf in leaves})
        return Resolved(tree, leaves, columns, tuple(sorted(shown)), guarded)

    def _leaves(self, tree: exp.Query, searches: dict[str, Search]) -> tuple[Leaf, ...]:
        found: dict[int, Leaf] = {}
        for scope in traverse_scope(tree):
            for alias, table in scope.sources.items():
                if not isinstance(table, exp.Table) or id(table) in found:
                    continue
                search = searches.get(table.meta.get(_SEARCH, ""))
                name = table.name.removeprefix(SEARCHED) if search else table.name
                entity = self._model.entities[name]
                used = {column.name for column in scope.source_columns(alias)}
                known = [*entity.fields, *([SCORE] if search else [])]
                fields = tuple(field for field in known if field in used)
                found[id(table)] = Leaf(table, alias, name, entity, fields, search)
        tables = tree.find_all(exp.Table, bfs=False)
        return tuple(found[id(table)] for table in tables if id(table) in found)


def _written_names(tree: exp.Query) -> list[str]:
    """The names of a query's columns as a person wrote them: qualifying loses their capitals, and
    a name for what has none. Empty when a star hides them."""
    select = tree
    while not isinstance(select, exp.Select):
        select = select.this
    if any(projection.is_star for projection in select.selects):
        return []
    return [_written(projection) for projection in select.selects]


def _written(projection: exp.Expr) -> str:
    if projection.alias_or_name:
        return projection.alias_or_name
    return projection.sql("duckdb", normalize_functions="lower").replace('"', "")[:60]


def _unique(names: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        tries = (name, *(f"{name} {number}" for number in range(2, len(names) + 2)))
        found.append(next(one for one in tries if one not in found))
    return tuple(found)


def _name_tables(tree: exp.Query, model: SemanticModel) -> dict[str, Search]:
    """Check the names of tables; each search() becomes a table that is marked with its number."""
    known = set(model.entities)
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    searches: dict[str, Search] = {}
    for table in list(tree.find_all(exp.Table)):
        call = table.this
        if isinstance(call, exp.Search):
            name, search = _search(call, model)
            table.meta[_SEARCH] = str(len(searches))
            searches[table.meta[_SEARCH]] = search
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
            table.set("this", exp.to_identifier(SEARCHED + name))
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
    if name.isdigit():
        return ""
    fields = sorted({f for entity in model.entities.values() for f in entity.fields})
    return f"For {name}: {near(name, fields)}"


def _type_texts(tree: exp.Query) -> None:
    """`left_at >= '2026-01-31'` compares moments: a text in quotes takes the type beside it.

    Beside what is computed from decimals or floats it becomes a number: the type that sqlglot knows
    of a product has other digits than DuckDB's. Beside whole numbers it is rounded, as DuckDB does.
    """
    for node in list(tree.find_all(*_COMPARED)):
        sides = [one for one in node.iter_expressions() if not isinstance(one, exp.Query)]
        typed = next((one for one in sides if family(one) in _TYPED), None)
        texts = [one for one in sides if isinstance(one, exp.Literal) and one.is_string]
        if typed is None or not texts:
            continue
        whole = _whole(typed)
        computed = family(typed) in NUMBERS and not isinstance(typed, exp.Column)
        for text in texts:
            if (whole or computed) and _NUMBER.fullmatch(text.name):
                number = Decimal(text.name)
                _put_number(text, number.to_integral_value(ROUND_HALF_UP) if whole else number)
            else:
                _cast(text, typed)


def _put_number(text: exp.Literal, number: Decimal) -> None:
    text.replace(annotate_types(sqlglot.parse_one(f"{number:f}"), dialect="duckdb"))


def _whole(value: exp.Expr) -> bool:
    """Whether a value is computed of whole numbers alone."""
    numbers = [family(one) for one in value.find_all(exp.Column, exp.Literal)]
    return {family(value), *numbers} & NUMBERS == {"int"}


def _cast(text: exp.Literal, like: exp.Expr) -> None:
    assert like.type is not None
    cast = exp.Cast(this=exp.null(), to=like.type.copy())
    cast.type = cast.to
    text.replace(cast)
    cast.set("this", text)


def _compare_days_with_days(tree: exp.Query) -> None:
    """`day >= TIMESTAMP '2026-01-31 00:00:00'` has a day in it, which an index can be asked for."""
    for cast in list(tree.find_all(exp.Cast)):
        beside = cast.parent
        compared = isinstance(beside, exp.EQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Between)
        midnight = isinstance(cast.this, exp.Literal) and cast.this.name.endswith(" 00:00:00")
        if compared and midnight and family(cast) == "timestamp":
            others = [one for one in beside.iter_expressions() if one is not cast]
            if all(family(one) in {"date", "timestamp"} for one in others) and any(
                family(one) == "date" for one in others
            ):
                day = exp.cast(exp.Literal.string(cast.this.name[:10]), "date")
                day.type = day.args["to"]
                cast.replace(day)


def _spell_out_all(tree: exp.Query) -> None:
    """ALL spelt out: GROUP BY every projection that holds no aggregate, ORDER BY every one."""
    for order in list(tree.find_all(exp.Order)):
        first, query = order.expressions[0], order.parent
        if isinstance(first.this, exp.Var) and isinstance(query, exp.Query):
            keys = [exp.column(name, quoted=True) for name in query.named_selects]
            order.set("expressions", [exp.Ordered(**{**first.args, "this": key}) for key in keys])
    for group in list(tree.find_all(exp.Group)):
        select = group.parent
        if group.args.get("all") and isinstance(select, exp.Select):
            keys = [p.unalias().copy() for p in select.selects if not p.find(exp.AggFunc)]
            if any(key.find(exp.Column) for key in keys) or not keys:
                group.replace(exp.Group(expressions=keys))
            else:
                group.pop()  # DuckDB makes one group of it, as without GROUP BY
