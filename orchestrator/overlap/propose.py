"""A transform for keys that nearly match, as YAML for the model, with what it would match."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import yaml

from orchestrator.compile.inputs import transformed
from orchestrator.compile.shapes import sql_type
from orchestrator.overlap.measure import Keyed, measure
from orchestrator.overlap.pairs import Side
from orchestrator.overlap.search import Column, search

_CLEARLY = 0.001
"""The part of keys by which changing the right side must be better than changing the left."""


class _Text(str):
    """A text that YAML puts in double quotes, since SQL is full of single ones."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """YAML that knows _Text."""


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@dataclass(frozen=True, slots=True)
class Bound:
    """One field of a side: its path, its type as stored, and the type that the model gives it."""

    field: str
    path: str
    stored: str
    word: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One field's new transform. `type` is the field's type where that has to change too."""

    field: str
    path: str
    stored: str
    transform: str
    type: str | None = None

    @property
    def yaml(self) -> str:
        """The line for `fields` of the binding."""
        bound = {"path": self.path, "stored": self.stored, "transform": _Text(self.transform)}
        written = yaml.dump(
            bound,
            Dumper=_Dumper,
            default_flow_style=True,
            sort_keys=False,
            allow_unicode=True,
            width=10_000,
        )
        return f"{self.field}: {written.strip()}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Transforms for the binding of `side`: of the left side's `keys`, `before` match and `after`
    would. `merged` are keys of `side` that become equal to another of it."""

    side: Side
    fixes: tuple[Fix, ...]
    keys: int
    before: int
    after: int
    merged: int


@dataclass(frozen=True, slots=True)
class Party:
    """A side with its staged keys, its fields, and whether each key should stand once."""

    side: Side
    keyed: Keyed
    bounds: tuple[Bound, ...]
    unique: bool


def propose(
    connection: duckdb.DuckDBPyConnection, left: Party, right: Party, before: int
) -> Proposal | None:
    """The change of one side that matches more of the left side's keys than `before`, or None.

    The left side is changed unless changing the right one is clearly better, since other
    relationships may rest on the right one.
    """
    found = [
        proposal
        for dirty, clean in ((left, right), (right, left))
        if (proposal := _for_side(connection, dirty, clean, left, before)) is not None
    ]
    if len(found) == 2 and found[1].after > found[0].after + _CLEARLY * found[0].keys:
        return found[1]
    return found[0] if found else None


def _for_side(
    connection: duckdb.DuckDBPyConnection, dirty: Party, clean: Party, left: Party, before: int
) -> Proposal | None:
    words = [bound.word for bound in clean.bounds]
    kinds = tuple(sql_type(word) for word in words)
    clean_keyed = replace(clean.keyed, kinds=kinds)
    values = list(dirty.keyed.values)
    fixes: list[Fix] = []
    for index, (bound, word) in enumerate(zip(dirty.bounds, words, strict=True)):
        now = _alone(replace(dirty.keyed, kinds=kinds), index)
        wanted = _alone(clean_keyed, index)
        matched = measure(connection, now, wanted).left
        if matched.matched == matched.keys:
            continue
        unique = dirty.unique and len(words) == 1
        column = Column(_stored(now), bound.stored, _values(wanted), word, unique)
        transform = search(connection, column)
        if transform is None:
            continue
        better = replace(now, values=(transformed(transform, now.columns[0], word),))
        if measure(connection, better, wanted).left.matched > matched.matched:
            values[index] = better.values[0]
            retyped = word if sql_type(word) != sql_type(bound.word) else None
            fixes.append(Fix(bound.field, bound.path, bound.stored, transform, retyped))
    if not fixes:
        return None
    changed = replace(dirty.keyed, values=tuple(values), kinds=kinds)
    counts = measure(connection, changed, clean_keyed)
    of_left = counts.left if dirty is left else counts.right
    if of_left.matched <= before:
        return None
    return Proposal(
        dirty.side, tuple(fixes), of_left.keys, before, of_left.matched, counts.left.merged
    )


def _alone(keyed: Keyed, index: int) -> Keyed:
    """One column of a key, its distinct values."""
    column = keyed.columns[index]
    distinct = f"(SELECT DISTINCT {column}, 1 AS n FROM {keyed.table})"
    return Keyed(distinct, (column,), (keyed.values[index],), (keyed.kinds[index],))


def _stored(one: Keyed) -> str:
    (column,) = one.columns
    return f"SELECT {column} AS value FROM {one.table} WHERE {column} IS NOT NULL"


def _values(one: Keyed) -> str:
    value = f"TRY_CAST(TRY({one.values[0]}) AS {one.kinds[0]})"
    return f"SELECT DISTINCT {value} AS value FROM {one.table} WHERE {value} IS NOT NULL"


def as_yaml(fixes: Sequence[Fix]) -> str:
    """The lines for `fields` of the binding, with what has to change in the entity as comments."""
    lines: list[str] = []
    for fix in fixes:
        if fix.type is not None:
            lines.append(f"# and in the entity's fields: {fix.field}: {{type: {fix.type}, …}}")
        lines.append(fix.yaml)
    return "\n".join(lines)
