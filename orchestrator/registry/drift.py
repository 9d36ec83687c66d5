"""What has changed between two catalogs of a source. Pure functions.

Columns of a sampled source are known from some of its rows, so that one which few rows have is not
seen each time: `settled` keeps what a sample can't tell to be gone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Literal, TypeVar

from adapters.schema import Catalog, Column, Relation

What = Literal[
    "relation added",
    "relation removed",
    "relation renamed",
    "column added",
    "column removed",
    "column renamed",
    "column retyped",
    "key changed",
]
GONE: frozenset[What] = frozenset(
    {"relation removed", "relation renamed", "column removed", "column renamed"}
)
SAMPLED_ROWS = 200
"""Every adapter that samples reads at least so many rows of a relation, or all."""
RARE = 0.05
_MOST_PAIRS = 10_000
_ALIKE, _CONTAINED, _SAME_PLACE, _SAME_COLUMNS = 0.6, 0.75, 0.5, 0.7
_Named = TypeVar("_Named", Relation, Column)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, noticed `at` (UTC). `column` is empty where the relation itself changed.

    `before` and `after` are types, keys, or for a renaming the new name (`after`), which is a
    guess: something went, and something much like it came.
    """

    source: str
    at: datetime
    what: What
    relation: str
    column: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        name = f"{self.relation}.{self.column}" if self.column else self.relation
        match self.what:
            case "relation added" | "column added":
                return f"{name} is new"
            case "relation removed" | "column removed":
                return f"{name} is gone"
            case "relation renamed" | "column renamed":
                return f"{name} is gone, probably renamed to {self.after}"
            case "column retyped":
                return f"{name} is {self.after} and was {self.before}"
            case "key changed":
                return f"the key of {name} is ({self.after}) and was ({self.before})"


def moment(at: datetime) -> str:
    """A moment for people: `15 June 2026, 10:02 UTC`."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def settled(before: Catalog, after: Catalog) -> Catalog:
    """`after`, with what its samples may only have missed: columns that few rows have, types that
    few rows are of, and all columns of a relation that is empty now."""
    if not after.sampled:
        return after
    known = {relation.name: relation for relation in before.relations}
    relations = tuple(
        _settled(known[relation.name], relation) if relation.name in known else relation
        for relation in after.relations
    )
    return replace(after, relations=relations)


def _settled(before: Relation, after: Relation) -> Relation:
    if not after.columns:
        return replace(after, columns=before.columns)
    if after.rows <= SAMPLED_ROWS:
        return after
    seen = {column.name: column for column in after.columns}
    for column in before.columns:
        now = seen.get(column.name)
        if now is None and column.share < RARE:
            seen[column.name] = column
        elif now is not None and column.type == "mixed":
            seen[column.name] = replace(now, type="mixed")
    return replace(after, columns=tuple(sorted(seen.values(), key=lambda column: column.name)))


def changes(before: Catalog, after: Catalog, at: datetime) -> tuple[Change, ...]:
    """Every difference of names, types and keys; estimates, shares and comments do not count."""
    return tuple(_changes(before, after, at))


def _changes(before: Catalog, after: Catalog, at: datetime) -> Iterator[Change]:
    gone, new, both = _sorted(before.relations, after.relations)
    for old, other in _pairs(gone, new, _likeness_of_relations):
        yield Change(after.source, at, "relation renamed", old.name, after=other.name)
        gone.remove(old)
        new.remove(other)
    for relation in gone:
        yield Change(after.source, at, "relation removed", relation.name)
    for relation in new:
        yield Change(after.source, at, "relation added", relation.name)
    for old, now in both:
        yield from _within(after.source, old, now, after.sampled, at)


def _within(
    source: str, before: Relation, after: Relation, sampled: bool, at: datetime
) -> Iterator[Change]:
    """The changes of one relation."""

    def change(what: What, column: str = "", before_: str = "", after_: str = "") -> Change:
        return Change(source, at, what, after.name, column, before_, after_)

    places = {column.name: place for place, column in enumerate(before.columns)}
    places_now = {column.name: place for place, column in enumerate(after.columns)}

    def likeness(old: Column, new: Column) -> float:
        if old.type != new.type:
            return 0
        if sampled:  # they come by name, so that a place says nothing
            same = old.distinct == new.distinct and abs(old.share - new.share) <= RARE
        else:
            same = places[old.name] == places_now[new.name]
        return _likeness(old.name, new.name) + (_SAME_PLACE if same else 0)

    gone, new, both = _sorted(before.columns, after.columns)
    for old, other in _pairs(gone, new, likeness):
        yield change("column renamed", old.name, old.type, other.name)
        gone.remove(old)
        new.remove(other)
    for column in gone:
        yield change("column removed", column.name, column.type)
    for column in new:
        yield change("column added", column.name, "", column.type)
    for old, now in both:
        if old.type != now.type:
            yield change("column retyped", now.name, old.type, now.type)
    if before.key != after.key:
        yield change("key changed", "", ", ".join(before.key), ", ".join(after.key))


def _sorted(
    before: Sequence[_Named], after: Sequence[_Named]
) -> tuple[list[_Named], list[_Named], list[tuple[_Named, _Named]]]:
    """By name: those gone, those new, and those in both, as (before, after)."""
    old, now = {one.name: one for one in before}, {one.name: one for one in after}
    return (
        [one for name, one in old.items() if name not in now],
        [one for name, one in now.items() if name not in old],
        [(one, now[name]) for name, one in old.items() if name in now],
    )


def _pairs(
    gone: Sequence[_Named], new: Sequence[_Named], likeness: Callable[[_Named, _Named], float]
) -> list[tuple[_Named, _Named]]:
    """Which of those gone is probably which of those new, the likest first; each once."""
    if len(gone) * len(new) > _MOST_PAIRS:
        return []
    scored = [(likeness(old, other), old, other) for old in gone for other in new]
    found: list[tuple[_Named, _Named]] = []
    for score, old, other in sorted(scored, key=lambda one: -one[0]):
        taken = any(old is a or other is b for a, b in found)
        if score >= _ALIKE and not taken:
            found.append((old, other))
    return found


def _likeness(old: str, new: str) -> float:
    """How alike two names are, 0–1."""
    ratio = SequenceMatcher(None, old.lower(), new.lower()).ratio()
    return max(ratio, _CONTAINED) if old.lower() in new.lower() or new in old else ratio


def _likeness_of_relations(old: Relation, new: Relation) -> float:
    """Relations are the same when most of their columns are; names only choose among several."""
    a, b = _shape(old.columns), _shape(new.columns)
    shared = len(a & b) / len(a | b) if a | b else 0
    return shared + 0.1 * _likeness(old.name, new.name) if shared >= _SAME_COLUMNS else 0


def _shape(columns: Iterable[Column]) -> set[tuple[str, str]]:
    return {(column.name, column.type) for column in columns}
