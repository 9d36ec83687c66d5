"""The semantic model's bindings against a live catalog: which of them its source no longer fits,
and which are read through a conversion.

A column of a sampled source that is not in the catalog may only be rare: it counts as gone when the
history says that it was there. A type counts as wrong when the history says that it was right.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from adapters.schema import Catalog, Column, Relation
from orchestrator.registry.drift import GONE, Change, moment
from orchestrator.semantic import Binding, Entity, SemanticModel

History = Callable[[str, str], tuple[Change, ...]]
"""What happened to a relation (its column is empty) or to one of its columns, the newest first."""

_FAMILIES = {
    **dict.fromkeys(("int64", "float64", "decimal"), "number"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "moment"),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """Fields of an entity that can't be read, since their source has changed under the binding.

    `column` is empty when the whole relation is gone. `message` is for people, and names the
    entity's `owners`.
    """

    source: str
    entity: str
    fields: tuple[str, ...]
    relation: str
    column: str
    message: str
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Converted:
    """A field whose column is of another type, or compares in another way: it is right, and slower
    than it could be. `message` is for people."""

    source: str
    entity: str
    field: str
    message: str


def broken_bindings(model: SemanticModel, catalog: Catalog, history: History) -> tuple[Broken, ...]:
    """Every binding in a catalog's source that is broken."""
    return tuple(
        broken
        for name, entity in model.entities.items()
        if (binding := entity.bindings.get(catalog.source)) is not None
        for broken in faults(name, entity, binding, catalog, history, binding.fields)
    )


def converted_bindings(model: SemanticModel, catalog: Catalog) -> tuple[Converted, ...]:
    """Every field in a catalog's source that is converted as it is read, and compared in the join.
    Samples don't tell of any, nor do fields with a `transform`."""
    if catalog.sampled:
        return ()
    found: list[Converted] = []
    for name, entity in model.entities.items():
        binding = entity.bindings.get(catalog.source)
        live = catalog.relation(binding.relation) if binding else None
        if binding is None or live is None:
            continue
        for field, bound in binding.fields.items():
            column, word = live.column(bound.path), entity.stored_type(field, bound)
            if column and bound.transform is None and column.differs_from(word):
                said = _conversion(column, word)
                found.append(Converted(catalog.source, name, field, said))
    return tuple(found)


def faults(
    name: str,
    entity: Entity,
    binding: Binding,
    catalog: Catalog,
    history: History,
    fields: Iterable[str],
) -> Iterator[Broken]:
    """What is broken of an entity's binding in a catalog's source, as far as `fields` need it."""
    live = catalog.relation(binding.relation)
    owned = f" {owners_of(name, entity)}".rstrip()

    def broken(fields: tuple[str, ...], column: str, said: str) -> Broken:
        place = (catalog.source, name, fields, binding.relation, column)
        return Broken(*place, f"{said}{owned}", entity.owners)

    if live is None:
        yield broken(tuple(fields), "", _no_relation(binding.relation, catalog, history))
        return
    readers: dict[str, list[str]] = {}
    for field in fields:
        if field in binding.fields:
            readers.setdefault(binding.fields[field].path, []).append(field)
    for path, reading in readers.items():
        bound = binding.fields[reading[0]]
        word = entity.stored_type(reading[0], bound)
        said = _column_fault(live, path, word, catalog, history)
        if said is not None:
            yield broken(tuple(reading), path, said)


def owners_of(name: str, entity: Entity) -> str:
    """`Owners of order: @data.`, or nothing when nobody is named."""
    return f"Owners of {name}: {', '.join(entity.owners)}." if entity.owners else ""


def _no_relation(relation: str, catalog: Catalog, history: History) -> str:
    since, hint = _what_became(history(relation, ""), relation, [r.name for r in catalog.relations])
    return (
        f"The semantic model binds {relation} in {catalog.source}, which has no such relation"
        f"{since}, or its Vault role may not read it.{hint} Correct the binding."
    )


def _column_fault(
    live: Relation, path: str, word: str, catalog: Catalog, history: History
) -> str | None:
    column, past = live.column(path), history(live.name, path)
    if column is None:
        if catalog.sampled and not (past and past[0].what in GONE):
            return None
        since, hint = _what_became(past, path, [one.name for one in live.columns])
        return (
            f"The semantic model binds {live.name}.{path} in {catalog.source}, which has no such "
            f"column{since}.{hint} Correct the binding."
        )
    retyped = [one for one in past if one.what == "column retyped"]
    if _fits(word, column.type) or not any(_fits(word, one.before) for one in retyped):
        return None
    since = _since(retyped[0])
    return (
        f"The semantic model reads {live.name}.{path} in {catalog.source} as {word}, but it is "
        f"{column.type}{since}. Correct the binding: say how it is `stored`, with a `transform`."
    )


def _conversion(column: Column, word: str) -> str:
    what = f"is {column.type} there, and read as {word}"
    if column.odd:
        what = "is compared in a way of its own there"
    return f"{column.name} {what}: it is compared in the join, which is right but reads more."


def _what_became(past: tuple[Change, ...], name: str, known: list[str]) -> tuple[str, str]:
    """Since when something is gone, and what it may be called now."""
    gone = next((one for one in past if one.what in GONE), None)
    if gone is not None and gone.after in known:
        return _since(gone), f" It was probably renamed to {gone.after}."
    close = difflib.get_close_matches(name, known, 1)
    hint = f" Did the model mean {close[0]}?" if close else ""
    return (_since(gone) if gone else ""), hint


def _since(change: Change) -> str:
    return f" since {moment(change.at)}"


def _fits(word: str, live: str) -> bool:
    """Whether values of a live type can be read as a word; of several types, some can."""
    return live == "mixed" or _family(word) == _family(live)


def _family(word: str) -> str:
    base = word.partition("(")[0]
    return _FAMILIES.get(base, base)
