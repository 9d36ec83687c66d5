"""Random semantic SQL over the five entities: joins, subqueries, groups, windows, sets and CTEs.

Whatever is cut by LIMIT or numbered by a window is put in a total order first, so that every query
has one right result.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.property.aggregates import aggregate, window
from tests.property.data import DOMAINS, ENTITIES
from tests.property.expressions import KINDS, Column, Draw, Expressions

_JOINS = ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
_RELATED = {
    name: tuple(sorted({entity for (entity, _), domain in DOMAINS.items() if domain == name}))
    for name in sorted(set(DOMAINS.values()))
}


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with the columns that it gives; `ordered` when it ends in a total ORDER BY."""

    sql: str
    columns: tuple[Column, ...]
    ordered: bool = False


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A query."""
    return _Writer(draw).whole()


class _Writer:
    def __init__(self, draw: Draw) -> None:
        self._say = Expressions(draw)
        self._aliases = 0
        self._ctes: list[tuple[str, tuple[Column, ...]]] = []

    def whole(self) -> Query:
        written: list[str] = []
        while len(written) < 2 and self._say.chance(20):
            name = f"w{len(written) + 1}"
            inner = self._query(1)
            written.append(f"{name} AS ({inner.sql})")
            self._ctes.append((name, inner.columns))
        query = self._query(2)
        prefix = f"WITH {', '.join(written)} " if written else ""
        return Query(prefix + query.sql, query.columns, query.ordered)

    def _query(self, depth: int) -> Query:
        if depth > 0 and self._say.chance(10):
            query = self._set_operation(depth)
        else:
            query = self._select(depth)
        if not self._say.chance(25):
            return query
        order = self._total_order(query.columns)
        limit = f" LIMIT {self._say.pick((3, 1, 10, 0))}" if self._say.chance(60) else ""
        if limit and self._say.chance(30):
            limit += f" OFFSET {self._say.pick((1, 2, 5))}"
        return Query(f"{query.sql} ORDER BY {order}{limit}", query.columns, ordered=True)

    def _total_order(self, columns: Sequence[Column]) -> str:
        """Every column, each in a direction of its own."""
        ways = ("", " DESC", " NULLS FIRST", " DESC NULLS LAST", " ASC NULLS LAST")
        start = self._say.pick(range(len(columns)))
        turned = [*columns[start:], *columns[:start]]
        names = [column.sql for column in turned]
        if self._say.chance(20):
            names = [str(columns.index(column) + 1) for column in turned]
        return ", ".join(name + self._say.pick(ways) for name in names)

    def _set_operation(self, depth: int) -> Query:
        left = self._select(depth - 1)
        word = self._say.pick(("UNION", "UNION ALL", "INTERSECT", "EXCEPT"))
        right = self._select(depth - 1, [column.kind for column in left.columns])
        return Query(f"{left.sql} {word} {right.sql}", left.columns)

    def _select(self, depth: int, kinds: list[str] | None = None) -> Query:
        source, columns = self._from(depth)
        where = f" WHERE {self._filter(columns, depth)}" if self._say.chance(60) else ""
        if kinds is None and self._say.chance(40):
            return self._grouped(source, columns, where)
        return self._plain(source, columns, where, kinds)

    def _from(self, depth: int) -> tuple[str, list[Column]]:
        sql, first = self._relation(depth, [])
        columns = [*first]
        if self._say.chance(10):
            joined, merged = self._using(sql, columns)
            if merged:
                return joined, merged
        for _ in range(self._say.pick((0, 1, 1, 1, 2, 2, 3))):
            related = [column.domain for column in columns if column.domain]
            relation, new = self._relation(depth, related)
            if self._say.chance(5):
                sql += f" CROSS JOIN {relation}"
                return sql, [*columns, *new]
            sql += f" {self._say.pick(_JOINS)} {relation} ON {self._on(columns, new)}"
            columns += new
        if self._say.chance(10):
            relation, new = self._relation(0, [])
            sql += f", {relation}"
            columns += new
        return sql, columns

    def _relation(self, depth: int, related: Sequence[str]) -> tuple[str, list[Column]]:
        self._aliases += 1
        alias = f"t{self._aliases}"
        if self._ctes and self._say.chance(50):
            name, given = self._say.pick(self._ctes)
            return f"{name} AS {alias}", [_of(alias, column) for column in given]
        if depth > 0 and self._say.chance(10):
            inner = self._query(depth - 1)
            return f"({inner.sql}) AS {alias}", [_of(alias, column) for column in inner.columns]
        names = tuple(ENTITIES)
        if related and self._say.chance(90):
            names = _RELATED[self._say.pick(related)]
        name = self._say.pick(names)
        return f'"{name}" AS {alias}', [
            Column(f"{alias}.{field}", word.partition("(")[0], DOMAINS.get((name, field)))
            for field, word in ENTITIES[name].items()
        ]

    def _using(self, sql: str, left: Sequence[Column]) -> tuple[str, list[Column]]:
        """A join by a name that both sides have, with the columns of both and the one that they
        share; no columns when they share none."""
        relation, right = self._relation(0, [column.domain for column in left if column.domain])
        names = {_name_of(column) for column in right}
        shared = [column for column in left if column.domain and _name_of(column) in names]
        if not shared:
            return sql, []
        one = self._say.pick(shared)
        name = _name_of(one)
        joined = f"{sql} {self._say.pick(_JOINS)} {relation} USING ({name})"
        return joined, [Column(name, one.kind, one.domain), *left, *right]

    def _on(self, left: Sequence[Column], right: Sequence[Column]) -> str:
        condition = self._key_pair(left, right) or "TRUE"
        if condition != "TRUE" and self._say.chance(25):
            condition += f" AND {self._say.condition(self._say.pick((left, right)), 1)}"
        return condition

    def _key_pair(self, left: Sequence[Column], right: Sequence[Column]) -> str | None:
        """An equality of two columns, of one domain when there is one, else of one kind."""
        named = [(a, b) for a in left for b in right if a.domain and a.domain == b.domain]
        alike = [(a, b) for a in left for b in right if a.kind == b.kind]
        pairs = alike if not named or self._say.chance(5) else named
        if not pairs:
            return None
        one, other = self._say.pick(pairs)
        return f"{one.sql} = {other.sql}"

    def _filter(self, columns: Sequence[Column], depth: int) -> str:
        parts = [self._say.condition(columns)]
        while len(parts) < 3 and self._say.chance(30):
            parts.append(self._say.condition(columns))
        if depth > 0 and self._say.chance(30):
            parts.insert(self._say.pick(range(len(parts) + 1)), self._subquery(columns, depth))
        return f" {self._say.pick(('AND', 'AND', 'OR'))} ".join(parts)

    def _subquery(self, outer: Sequence[Column], depth: int = 0) -> str:
        """A condition that asks another relation: EXISTS, IN, or a comparison with an aggregate."""
        related = [column.domain for column in outer if column.domain]
        relation, inner = self._relation(0, related)
        pair = self._key_pair(inner, outer)
        conditions = [pair] if pair and self._say.chance(60) else []
        if self._say.chance(50):
            conditions.append(self._say.condition(inner, 1))
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        not_ = self._say.pick(("", "NOT "))
        form = self._say.pick(("exists", "in", "scalar"))
        if form == "exists":
            return f"{not_}EXISTS ({self._any_row(relation, inner, conditions, outer, depth)})"
        kinds = [c.kind for c in outer if any(c.kind == other.kind for other in inner)]
        if form == "in" and kinds:
            kind = self._say.pick(kinds)
            ours = self._say.pick([c.sql for c in outer if c.kind == kind])
            theirs = self._say.pick([c.sql for c in inner if c.kind == kind])
            return f"{ours} {not_}IN (SELECT {theirs} FROM {relation}{where})"
        kind, found = aggregate(self._say, inner)
        ours = self._say.value(kind, outer, 1)
        operator = self._say.pick(("=", "<", ">=", "<>"))
        return f"{ours} {operator} (SELECT {found} FROM {relation}{where})"

    def _scalar(self, outer: Sequence[Column]) -> tuple[str, str]:
        """A subquery that gives one value, of what belongs to a row or of all, with its kind."""
        relation, inner = self._relation(0, [column.domain for column in outer if column.domain])
        kind, found = aggregate(self._say, inner)
        pair = self._key_pair(inner, outer)
        where = f" WHERE {pair}" if pair and self._say.chance(75) else ""
        return kind, f"(SELECT {found} FROM {relation}{where})"

    def _any_row(
        self,
        relation: str,
        inner: Sequence[Column],
        conditions: Sequence[str],
        outer: Sequence[Column],
        depth: int,
    ) -> str:
        """The query of an EXISTS: often plain rows; else with an EXISTS of its own that may name
        what is around both, a join on what is around, or an aggregate."""
        form = self._say.pick(("rows", "rows", "rows", "nested", "joined", "added", "having"))
        chosen, having, parts = "1", "", [*conditions]
        if form == "nested" and depth > 0:
            parts.append(self._subquery([*inner, *outer], depth - 1))
        if form == "joined":
            other, new = self._relation(0, [column.domain for column in outer if column.domain])
            word = self._say.pick(("JOIN", "LEFT JOIN"))
            relation += f" {word} {other} ON {self._key_pair(new, [*outer, *inner]) or 'TRUE'}"
        if form in ("added", "having"):
            kind, found = aggregate(self._say, inner)
            chosen = found if form == "added" else "1"
            having = f" HAVING {found} < {self._say.literal(kind)}" if form == "having" else ""
        where = f" WHERE {' AND '.join(parts)}" if parts else ""
        return f"SELECT {chosen} FROM {relation}{where}{having}"

    def _grouped(self, source: str, columns: Sequence[Column], where: str) -> Query:
        keys: list[tuple[Column, str]] = []
        for index in range(self._say.pick((1, 1, 2, 0, 3))):
            chosen = self._say.pick(columns)
            plain = not self._say.chance(25)
            sql = chosen.sql if plain else self._say.form(chosen.kind, columns, 1)
            keys.append(
                (Column(f"g{index + 1}", chosen.kind, chosen.domain if plain else None), sql)
            )
        given = [column for column, _ in keys]
        parts = [f"{sql} AS {column.sql}" for column, sql in keys]
        for index in range(self._say.pick((1, 2, 3))):
            kind, sql = aggregate(self._say, columns)
            given.append(Column(f"a{index + 1}", kind))
            parts.append(f"{sql} AS a{index + 1}")
        group = self._group_by([sql for _, sql in keys])
        if not keys and self._say.chance(20):
            given.insert(0, Column("g1", "string"))
            parts.insert(0, "'all' AS g1")
            group = " GROUP BY g1"
        having = ""
        if self._say.chance(25):
            kind, sql = aggregate(self._say, columns)
            having = f" HAVING {sql} {self._say.pick(('>', '<>', '<='))} {self._say.literal(kind)}"
        sql = f"SELECT {', '.join(parts)} FROM {source}{where}{group}{having}"
        return Query(sql, tuple(given))

    def _group_by(self, keys: Sequence[str]) -> str:
        if not keys:
            return ""
        listed = ", ".join(keys)
        if self._say.chance(15):
            sets = f"GROUPING SETS (({listed}), ({keys[0]}), ())"
            form = self._say.pick((f"ROLLUP ({listed})", f"CUBE ({listed})", sets))
            return f" GROUP BY {form}"
        positions = ", ".join(str(index + 1) for index in range(len(keys)))
        return f" GROUP BY {positions if self._say.chance(30) else listed}"

    def _plain(
        self, source: str, columns: Sequence[Column], where: str, kinds: list[str] | None
    ) -> Query:
        given: list[Column] = []
        parts: list[str] = []
        for index in range(len(kinds) if kinds else self._say.pick((1, 2, 3, 4))):
            name = f"c{index + 1}"
            if kinds is None and not self._say.chance(30):
                chosen = self._say.pick(columns)
                given.append(Column(name, chosen.kind, chosen.domain))
                parts.append(f"{chosen.sql} AS {name}")
            else:
                kind = kinds[index] if kinds else self._say.pick(KINDS)
                value = self._say.value(kind, columns)
                if kinds is None and self._say.chance(15):
                    kind, value = self._scalar(columns)
                given.append(Column(name, kind))
                parts.append(f"{value} AS {name}")
        qualify = ""
        if kinds is None and self._say.chance(20):
            kind, sql = window(self._say, columns)
            given.append(Column("w", kind))
            parts.append(f"{sql} AS w")
            if kind == "int64" and self._say.chance(25):
                qualify = f" QUALIFY {sql} <= 2"
        distinct = "DISTINCT " if self._say.chance(10) else ""
        sql = f"SELECT {distinct}{', '.join(parts)} FROM {source}{where}{qualify}"
        return Query(sql, tuple(given))


def _of(alias: str, column: Column) -> Column:
    return Column(f"{alias}.{column.sql}", column.kind, column.domain)


def _name_of(column: Column) -> str:
    return column.sql.rpartition(".")[2]
