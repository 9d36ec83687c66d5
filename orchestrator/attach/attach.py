"""A semantic model and the files of a thread to a model that has an entity for each file.

The names of columns are taken over as identifiers; their values stand in no model and no prompt.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa

from adapters.duckdb import TablesAdapter
from adapters.sheets import Sheet
from orchestrator.attach.linking import Link, links
from orchestrator.attach.naming import distinct, identifier
from orchestrator.plan import FileRef
from orchestrator.plan.lexicon import TEMPORAL, plural, words_of
from orchestrator.registry import Source
from orchestrator.semantic import (
    AiContext,
    Binding,
    BoundField,
    Entity,
    FieldSpec,
    Relationship,
    SemanticModel,
    SourceSpec,
)

ROW = "row_number"
_DESCRIPTION = "Rows of a file that somebody dropped in this thread"


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file that was read: what it is called, and its table."""

    ref: FileRef
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Attached:
    """A model with files. `owned` is the model as its owner wrote it; `links` are by entity."""

    owned: SemanticModel
    model: SemanticModel
    sources: dict[str, Source]
    tables: tuple[FileTable, ...]
    links: dict[str, tuple[Link, ...]]

    @property
    def entities(self) -> tuple[str, ...]:
        """The files' entities, and those that their rows belong to."""
        joined = (link.entity for several in self.links.values() for link in several)
        return tuple(dict.fromkeys((*self.sources, *joined)))

    def read(self, entities: Collection[str]) -> tuple[FileRef, ...]:
        """Those files that a plan over these entities reads."""
        return tuple(one.ref for one in self.tables if one.ref.entity in entities)

    def notes(self, entities: Collection[str]) -> Iterator[str]:
        """What was taken for granted of the files that a plan over these entities reads."""
        for one in self.tables:
            if one.ref.entity not in entities:
                continue
            yield from (f"{one.ref.title}: {note}" for note in one.sheet.notes)
            for link in self.links[one.ref.entity]:
                if link.entity in entities:
                    yield f"{one.ref.title}: {told(link)}"


def told(link: Link) -> str:
    """A link in words."""
    entity, field = (" ".join(words_of(name)) for name in (link.entity, link.field))
    field = field if field.startswith(entity) else f"{entity} {field}"
    how = f", read as {'a number' if link.type == 'int64' else 'text'}" if link.transform else ""
    return f"rows belong to {plural(entity)} by “{link.column}” ({field}{how})"


def attach(model: SemanticModel, tables: tuple[FileTable, ...]) -> Attached:
    """The model with an entity, a source and relationships for each table."""
    entities, specs = dict(model.entities), dict(model.sources)
    sources: dict[str, Source] = {}
    found: dict[str, tuple[Link, ...]] = {}
    relationships = list(model.relationships)
    for one in tables:
        name = one.ref.entity
        columns = _named(one.sheet.table)
        own = tuple(links(model, name, {c: word_of(k) for c, k in columns.items()}))
        found[name] = own
        spec = SourceSpec(kind=TablesAdapter.kind)
        relation = f"{name}_{one.ref.digest[:16]}"
        table = _numbered(one.sheet.table.rename_columns(list(columns)))
        sources[name] = Source(name, spec, TablesAdapter(name, {relation: table}))
        specs[name] = spec
        via = _via(own, table.column_names)
        entities[name] = _entity(name, relation, columns, own, via, alone=len(tables) == 1)
        relationships += [
            Relationship.model_validate(
                {
                    "name": f"{name}_{link.entity}"[:60],
                    "from": name,
                    "to": link.entity,
                    "from_columns": (column,),
                    "to_columns": (link.field,),
                }
            )
            for link, column in zip(own, via, strict=True)
        ]
    more = {"entities": entities, "sources": specs, "relationships": tuple(relationships)}
    return Attached(model, model.model_copy(update=more), sources, tables, found)


def _named(table: pa.Table) -> dict[str, pa.DataType]:
    """The columns' types by their safe names."""
    safe = (identifier(name, "column") for name in table.column_names)
    return dict(zip(distinct(safe, {ROW, "score"}), table.schema.types, strict=True))


def _numbered(table: pa.Table) -> pa.Table:
    return table.append_column(ROW, pa.array(range(1, table.num_rows + 1), pa.int64()))


def _via(own: tuple[Link, ...], taken: list[str]) -> list[str]:
    """The field by which each link joins: its column, or one made of it when the types differ."""
    made = [f"{link.column}_as_{link.type}" for link in own]
    free = distinct(made, taken)
    return [name if link.transform else link.column for link, name in zip(own, free, strict=True)]


def _entity(
    name: str,
    relation: str,
    columns: dict[str, pa.DataType],
    own: tuple[Link, ...],
    via: list[str],
    *,
    alone: bool,
) -> Entity:
    fields = {column: FieldSpec(type=word_of(kind)) for column, kind in columns.items()}
    fields[ROW] = FieldSpec(type="int64", description="Place of the row in the file")
    bound = {column: BoundField(path=column) for column in fields}
    for link, column in zip(own, via, strict=True):
        if link.transform:
            stored = word_of(columns[link.column])
            fields[column] = FieldSpec(type=link.type)
            bound[column] = BoundField(path=link.column, transform=link.transform, stored=stored)
    times = [column for column, spec in fields.items() if spec.type in TEMPORAL]
    texts = [column for column in columns if fields[column].type == "string"]
    said = " ".join(words_of(name))
    synonyms = [f"{said} {word}" for word in ("list", "file", "sheet", "table", "csv", "xlsx")]
    return Entity(
        description=_DESCRIPTION,
        key=(ROW,),
        fields=fields,
        bindings={name: Binding(relation=relation, fields=bound)},
        ai_context=AiContext(synonyms=(*synonyms, *(("row", "entry", "record") if alone else ()))),
        time=times[0] if len(times) == 1 else None,
        label=texts[0] if texts else None,
        shown=tuple(columns),
    )


def word_of(kind: pa.DataType) -> str:
    """The canonical word of a sheet's column."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    words = {pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}
    return words.get(kind, "date" if pa.types.is_date(kind) else "string")
