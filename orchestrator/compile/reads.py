"""A leaf to the bindings that are read for it: fields, conditions, and a guess of the rows."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from adapters.base import Capabilities
from orchestrator.compile.native import accepts, pushable_words
from orchestrator.compile.predicate import Predicate, predicate, selectivity
from orchestrator.compile.resolve import Leaf, sql_type
from orchestrator.semantic import Binding

Rows = Callable[[str, str], int | None]
"""(source, relation) to the registry's estimate of its rows, or None when it is not known."""

_UNKNOWN_ROWS = 10_000


@dataclass(slots=True)
class Read:
    """One binding of one leaf, before it is a step."""

    leaf: Leaf
    source: str
    binding: Binding
    fields: tuple[str, ...]
    conditions: list[Predicate]
    estimate: float
    step: str = ""


def reads(leaf: Leaf, capabilities: dict[str, Capabilities], rows: Rows) -> list[Read]:
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
    found: list[Read] = []
    for source, names in wanted.items():
        binding = entity.bindings[source]
        words = pushable_words(entity, binding)
        conditions: list[Predicate] = []
        if source == first and not leaf.search:
            found_here = (predicate(part, words) for part in leaf.conditions)
            conditions = [
                condition
                for condition in found_here
                if condition is not None and accepts(capabilities[source], condition, words)
            ]
        keyed = names if len(wanted) == 1 else [*entity.key, *names]
        fields = tuple(dict.fromkeys(keyed or entity.key))
        estimate = float(rows(source, binding.relation) or _UNKNOWN_ROWS)
        for condition in conditions:
            estimate *= selectivity(condition)
        if leaf.search:
            estimate = float(leaf.search.k)
        found.append(Read(leaf, source, binding, fields, conditions, estimate))
    return found


def stored_expression(read: Read, field: str) -> str:
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
    return exp.cast(tree, sql_type(word)).sql("duckdb")
