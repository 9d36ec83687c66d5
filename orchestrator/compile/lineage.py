"""Which fields an answer shows: those that the values of its columns are made of.

A condition, an order and a group show nothing by themselves, and neither does a count. Whatever
else is made of a field may show a value of it: an extreme is one, and so is the sum of one row.
"""

from collections.abc import Iterable, Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

Names = frozenset[str]
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Grouping, exp.Exists)


def shown_fields(tree: exp.Query, entities: dict[int, str]) -> Names:
    """The fields (`entity.field`) whose values the columns of a qualified query show. `entities`
    are those that its tables read, by the id of the table."""
    scopes = traverse_scope(tree)
    return Names().union(*_Lineage(scopes, entities).columns(scopes[-1]))


class _Lineage:
    def __init__(self, scopes: Iterable[Scope], entities: dict[int, str]) -> None:
        self._scopes = {id(scope.expression): scope for scope in scopes}
        self._entities = entities
        self._known: dict[int, list[Names]] = {}

    def columns(self, scope: Scope) -> list[Names]:
        """What each column of a SELECT or a set operation shows."""
        query = scope.expression
        assert isinstance(query, exp.Query)
        if id(query) not in self._known:
            if isinstance(query, exp.SetOperation):
                sides = [self._columns(side) for side in (query.left, query.right)]
                found = [Names().union(*same) for same in zip(*sides, strict=True)]
            else:
                found = [self._value(projection, scope) for projection in query.selects]
            self._known[id(query)] = found
        return self._known[id(query)]

    def _columns(self, query: exp.Query) -> list[Names]:
        return self.columns(self._scopes[id(query.unnest())])

    def _value(self, node: exp.Expr, scope: Scope) -> Names:
        if isinstance(node, exp.Column):
            return self._column(node, scope)
        if isinstance(node, exp.Query):
            return Names().union(*self._columns(node))
        return Names().union(*(self._value(part, scope) for part in _parts(node)))

    def _column(self, column: exp.Column, scope: Scope) -> Names:
        """What a column shows that comes by the FROM of its SELECT, or of one around it."""
        around: Scope | None = scope
        while around is not None:
            if column.table in around.selected_sources:
                node, source = around.selected_sources[column.table]
                return self._of_source(column.name, node, source)
            around = around.parent
        raise AssertionError(f"{column.sql()} is of no table")

    def _of_source(self, name: str, node: exp.Expr, source: exp.Expr | Scope) -> Names:
        if not isinstance(source, Scope):
            return Names({f"{self._entities[id(source)]}.{name}"})
        query = source.expression
        assert isinstance(query, exp.Query)
        renamed = node.alias_column_names
        names = [*renamed, *query.named_selects[len(renamed) :]]
        return self.columns(source)[names.index(name)]


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of an expression that its value is made of."""
    if isinstance(node, exp.Window | exp.Filter):
        yield node.this
    elif not isinstance(node, _COUNTS):
        yield from node.iter_expressions()
