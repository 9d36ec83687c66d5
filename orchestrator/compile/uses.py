"""Where a query uses a masked field for more than to show it.

Conditions, joins, groups, orders and functions would see the masked value alone, which is safe but
says something else than it seems to: so they are refused, unless the mask is `usable`.
"""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

Masked = dict[int, dict[str, str]]
"""By the id of a table that reads an entity: the whole name of each masked field."""
_PLACES: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Where, "a condition"),
    (exp.Join, "a join"),
    (exp.Group, "a group"),
    (exp.Having, "a condition"),
    (exp.Qualify, "a condition"),
    (exp.Order, "an order"),
    (exp.Window, "a window"),
    (exp.Distinct, "DISTINCT"),
)


def misused(scopes: list[Scope], masked: Masked) -> tuple[str, ...]:
    """What is wrong with the use of masked fields in a qualified query (its scopes, inner first),
    in words; none when they are shown alone."""
    uses = _Uses(scopes, masked)
    return tuple(dict.fromkeys(found for scope in scopes for found in uses.of(scope)))


class _Uses:
    def __init__(self, scopes: list[Scope], masked: Masked) -> None:
        self._scopes = {id(scope.expression): scope for scope in scopes}
        self._masked = masked
        self._given: dict[int, list[str | None]] = {}

    def of(self, scope: Scope) -> Iterator[str]:
        """What is wrong with one SELECT or set operation, without those inside of it."""
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            yield from self._of_set(scope, query)
        if not isinstance(query, exp.Select):
            return
        given = dict(zip(query.named_selects, self._columns(scope), strict=True))
        for column in _own_columns(query):
            name = self._field(column, scope) if column.table else given.get(column.name)
            if name is not None and not (column.table and _is_shown(column, query)):
                yield _refusal(name, _place(column, query))
        for name in filter(None, given.values()):
            if query.args.get("distinct"):
                yield _refusal(name, "DISTINCT")
            if not _is_relation(query):
                yield _refusal(name, "a subquery's value")

    def _of_set(self, scope: Scope, query: exp.SetOperation) -> Iterator[str]:
        given = dict(zip(query.named_selects, self._columns(scope), strict=True))
        ordered = query.args.get("order")
        by = {column.name for column in ordered.find_all(exp.Column)} if ordered else set[str]()
        for column, name in given.items():
            if name is not None and (query.args.get("distinct") or type(query) is not exp.Union):
                yield _refusal(name, "UNION, EXCEPT or INTERSECT")
            if name is not None and column in by:
                yield _refusal(name, "an order")

    def _columns(self, scope: Scope) -> list[str | None]:
        """The masked field that each column of a query gives, or None."""
        query = scope.expression
        assert isinstance(query, exp.Query)
        if id(query) not in self._given:
            if isinstance(query, exp.SetOperation):
                sides = [
                    self._columns(self._scopes[id(side.unnest())])
                    for side in (query.left, query.right)
                ]
                found = [one or other for one, other in zip(*sides, strict=True)]
            else:
                values = [projection.unalias() for projection in query.selects]
                found = [self._field(v, scope) if isinstance(v, exp.Column) else None
                         for v in values]  # fmt: skip
            self._given[id(query)] = found
        return self._given[id(query)]

    def _field(self, column: exp.Column, scope: Scope | None) -> str | None:
        """The masked field that a column stands for, by the FROM of its SELECT or of one around."""
        while scope is not None:
            if column.table in scope.selected_sources:
                node, source = scope.selected_sources[column.table]
                if not isinstance(source, Scope):
                    return self._masked.get(id(source), {}).get(column.name)
                query = source.expression
                assert isinstance(query, exp.Query)
                renamed = node.alias_column_names
                names = [*renamed, *query.named_selects[len(renamed) :]]
                return self._columns(source)[names.index(column.name)]
            scope = scope.parent
        return None


def _own_columns(query: exp.Select) -> Iterator[exp.Column]:
    """The columns of a SELECT outside of the queries in it."""
    walk = query.walk(prune=lambda node: node is not query and isinstance(node, exp.Query))
    return (node for node in walk if isinstance(node, exp.Column))


def _is_shown(column: exp.Column, query: exp.Select) -> bool:
    """Whether a column is a projection by itself."""
    projection = column.parent if isinstance(column.parent, exp.Alias) else column
    return projection.parent is query and projection.arg_key == "expressions"


def _is_relation(query: exp.Select) -> bool:
    """Whether a SELECT's rows are those of the answer or of a FROM, and no value to compare."""
    around = query.parent
    while isinstance(around, exp.Subquery | exp.SetOperation):
        around = around.parent
    return around is None or isinstance(around, exp.From | exp.Join | exp.CTE | exp.Exists)


def _place(column: exp.Column, query: exp.Select) -> str:
    node = column.parent
    while node is not None and node is not query:
        for kind, words in _PLACES:
            if isinstance(node, kind):
                return words
        node = node.parent
    return "an expression"


def _refusal(name: str, place: str) -> str:
    return (
        f"{name} is masked for you, so it can be shown and not used in {place}. Ask without that, "
        "or have the model's owner make the mask `usable`."
    )
