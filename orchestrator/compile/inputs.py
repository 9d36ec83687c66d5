"""The inputs of the join: each a table that one native query fills, from a leaf or a fragment."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod

import sqlglot
from sqlglot import exp

from adapters.base import Capabilities
from adapters.query import NativeQuery
from orchestrator.compile.dialects import write
from orchestrator.compile.estimate import Estimates
from orchestrator.compile.fragment import Fragment, Fragments
from orchestrator.compile.meaning import difference
from orchestrator.compile.native import (
    accepts,
    collection_of,
    documents,
    native_path,
    output_columns,
    points,
    pushable_words,
    with_fed_keys,
)
from orchestrator.compile.pipeline import Collection, prefilter
from orchestrator.compile.predicate import Predicate, predicate
from orchestrator.compile.resolve import Leaf
from orchestrator.compile.shapes import SCORE, canonical, sql_type
from orchestrator.semantic import Binding

_TOLD_APART = frozenset({"int64", "string", "bool", "date"})


@dataclass(slots=True)
class Input:
    """One table of the join, before it is a step.

    `values` gives each column as DuckDB SQL over the fetched table (a transform runs here) and
    `types` its canonical word; `bounded` makes the query that is bounded by the keys of a column,
    or None when that can't be. `needed` is the condition, over the fetched table, that a row of an
    entity's other binding has to meet so that the entity's row counts, and `meeting` guesses how
    many do.
    """

    source: str
    entity: str
    query: NativeQuery
    estimate: float
    values: dict[str, str]
    types: dict[str, str]
    bounded: Callable[[str], NativeQuery | None]
    pushed: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    step: str = ""
    needed: str | None = None
    meeting: float = 0.0


def of_fragment(fragment: Fragment, fragments: Fragments) -> Input:
    """The input that a fragment fills."""
    names = [name for name, _ in fragment.shape]
    words = {name: canonical(kind) or "" for name, kind in fragment.shape}

    def bounded(column: str) -> NativeQuery | None:
        return fragments.bounded(fragment, column) if column in fragment.bounds else None

    return Input(
        fragment.source,
        ", ".join(dict.fromkeys(leaf.name for leaf in fragment.leaves)),
        fragment.query,
        fragment.estimate,
        {name: exp.column(name, quoted=True).sql("duckdb", copy=False) for name in names},
        words,
        bounded,
        fragment.pushed,
    )


@dataclass(slots=True)
class Reader:
    """Makes the inputs of leaves."""

    capabilities: dict[str, Capabilities]
    estimates: Estimates
    max_rows: int
    rejects_nulls: Callable[[exp.Expr], bool]

    def inputs(self, leaf: Leaf, conditions: list[exp.Expr], *, as_set: bool) -> list[Input]:
        """The inputs that a leaf needs, one a binding, its own rows first. `as_set` says that equal
        rows count once."""
        entity = leaf.entity
        first = entity.text_source if leaf.search else entity.home
        assert first is not None
        wanted: dict[str, list[str]] = {first: []}
        for name in leaf.fields:
            if name not in entity.fields or name in entity.bindings[first].fields:
                wanted[first].append(name)
            else:
                source = next(s for s, bound in entity.bindings.items() if name in bound.fields)
                wanted.setdefault(source, []).append(name)
        found: list[Input] = []
        for source, names in wanted.items():
            keyed = names if len(wanted) == 1 else [*entity.key, *names]
            fields = tuple(dict.fromkeys(keyed or entity.key))
            tried = conditions if source == first and not leaf.search else []
            once = as_set and len(wanted) == 1
            one = self._input(leaf, source, fields, tried, as_set=once)
            if source != first:
                self._need(one, leaf, [*conditions])
            found.append(one)
        return found

    def _need(self, one: Input, leaf: Leaf, conditions: list[exp.Expr]) -> None:
        """Note the conditions that only a row of this binding can meet: they are false of no row,
        and so of an entity's row without one."""
        own = set(one.values) - set(leaf.entity.key)
        met = [
            condition
            for condition in conditions
            if {column.name for column in condition.find_all(exp.Column)} <= own
            and self.rejects_nulls(condition)
        ]
        if met:
            one.needed = exp.and_(*(_over(condition, one.values) for condition in met)).sql(
                "duckdb"
            )
            one.meeting = self.estimates.rows(leaf, one.source, met)

    def _input(
        self,
        leaf: Leaf,
        source: str,
        fields: tuple[str, ...],
        conditions: list[exp.Expr],
        *,
        as_set: bool,
    ) -> Input:
        able = self.capabilities[source]
        binding = leaf.entity.bindings[source]
        words = pushable_words(leaf.entity, binding, self.estimates.odd(leaf.entity, source))
        read = _Reading(leaf, source, fields, able, words)
        for condition in conditions:
            read.try_condition(condition)
        rows = self.estimates.rows(leaf, source, read.taken)
        if as_set and read.can_be_distinct():
            different = prod(self.estimates.distinct(leaf, source, name) for name in fields)
            read.distinct = different * 2 <= rows
            rows = min(rows, different)
        pushed = [_plain(one) for one in read.taken] + ["distinct rows"] * read.distinct
        searched = f"{leaf.search.k} nearest to “{leaf.search.text}”" if leaf.search else ""

        def bounded(column: str) -> NativeQuery | None:
            if leaf.search or column not in words or "in" not in able.comparisons:
                return None
            return read.query(self.max_rows, column)

        return Input(
            source,
            leaf.name,
            read.query(self.max_rows),
            rows,
            {name: stored_expression(leaf, binding, name) for name in fields},
            {name: _word(leaf, name) for name in fields},
            bounded,
            (searched,) if searched else tuple(pushed),
            tuple(read.kept),
        )


@dataclass(slots=True)
class _Reading:
    """One binding of one leaf, with the conditions that its source takes."""

    leaf: Leaf
    source: str
    fields: tuple[str, ...]
    able: Capabilities
    words: dict[str, str]
    taken: list[exp.Expr] = field(default_factory=list)
    predicates: list[Predicate] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    distinct: bool = False

    def can_be_distinct(self) -> bool:
        """True when the source tells equal rows apart as DuckDB does."""
        told = {self.words.get(name, "").partition("(")[0] for name in self.fields}
        return self.able.dialect is not None and self.able.typed and told <= _TOLD_APART

    def try_condition(self, condition: exp.Expr) -> None:
        """Take a condition if it means the same at the source; else keep the reason."""
        names = {column.name for column in condition.find_all(exp.Column)}
        if not names <= self.words.keys():
            here = names <= self.leaf.entity.bindings[self.source].fields.keys()
            where = f"{self.source} stores it in another form" if here else "it lies elsewhere"
            self.kept.append((_plain(condition), where))
            return
        if self.able.dialect is not None:
            inexact = [n for n in names if self.words[n].partition("(")[0] not in self.able.exact]
            reason = (
                f"{self.source} compares {inexact[0]} in another way"
                if inexact
                else difference(condition, self.able)
            )
            if reason is not None:
                self.kept.append((_plain(condition), reason))
                return
        elif not self._takes(condition):
            self.kept.append((_plain(condition), f"{self.source} would test it in another way"))
            return
        self.taken.append(condition)

    def _takes(self, condition: exp.Expr) -> bool:
        if self.able.language == "aggregation":
            return prefilter([condition], self._collection()) is not None
        found = predicate(condition, self.words)
        if found is None or not accepts(self.able, found, self.words):
            return False
        self.predicates.append(found)
        return True

    def _collection(self) -> Collection:
        return collection_of(self.leaf.entity, self.leaf.entity.bindings[self.source])

    def query(self, max_rows: int, keys_of: str | None = None) -> NativeQuery:
        """The native query; bounded by KEYS in one field when that is named."""
        entity, binding = self.leaf.entity, self.leaf.entity.bindings[self.source]
        columns = output_columns(entity, binding, self.fields)
        if self.able.dialect is None:
            query: NativeQuery = (
                documents(binding, columns, prefilter(self.taken, self._collection()))
                if self.able.language == "aggregation"
                else points(binding, columns, self.predicates, self.leaf.search, max_rows)
            )
            if keys_of is None:
                return query
            path = native_path(binding.fields[keys_of].path)
            return with_fed_keys(query, path, self.words[keys_of])
        table = self.leaf.table.copy()
        alias = self.leaf.alias
        leaf = replace(self.leaf, table=table)
        tree = exp.select(
            *(exp.alias_(exp.column(f, table=alias, quoted=True), f, quoted=True)
              for f in self.fields)
        ).from_(table, copy=False)  # fmt: skip
        for condition in self.taken:
            tree.where(condition.copy(), copy=False)
        if self.distinct:
            tree.distinct(copy=False)
        fed = (leaf, keys_of) if keys_of else None
        return write(tree, {id(table): leaf}, self.source, columns, self.able.dialect, fed)


def _over(condition: exp.Expr, values: dict[str, str]) -> exp.Expr:
    """The condition over a fetched table."""
    return condition.transform(
        lambda node: (
            sqlglot.parse_one(values[node.name], read="duckdb")
            if isinstance(node, exp.Column)
            else node
        )
    )


def _plain(condition: exp.Expr) -> str:
    """A condition as people read it."""
    return condition.sql("duckdb").replace('"', "")


def _word(leaf: Leaf, name: str) -> str:
    return "float64" if name == SCORE and name not in leaf.entity.fields else (
        leaf.entity.fields[name].type
    )  # fmt: skip


def stored_expression(leaf: Leaf, binding: Binding, name: str) -> str:
    """The DuckDB expression that gives a field from a fetched column."""
    column = exp.column(name, quoted=True)
    bound = binding.fields.get(name)
    if bound is None or bound.transform is None:
        return column.sql("duckdb")
    return transformed(bound.transform, name, leaf.entity.fields[name].type)


def transformed(transform: str, column: str, word: str) -> str:
    """A binding's transform as DuckDB SQL over the fetched column, as a value of the type `word`.

    Raises sqlglot's ParseError when it is no expression.
    """
    stored = exp.column(column, quoted=True)
    tree = sqlglot.parse_one(transform, read="duckdb").transform(
        lambda node: (
            stored.copy() if isinstance(node, exp.Column) and node.name == "value" else node
        )
    )
    return exp.cast(tree, sql_type(word)).sql("duckdb", copy=False)
