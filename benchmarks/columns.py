"""A semantic model of as many columns as wanted: the demo company's, among those of others.

The others are companies of sixteen industries (industries.yaml). Their tables are plausible, some
of their columns bear the very names that the questions use, and they come before the demo's own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.rows_moved import MODEL
from orchestrator.semantic import Entity, Relationship, SemanticModel, SourceSpec, load

_WORDS = Path(__file__).with_name("industries.yaml")
_SYSTEMS = ("core", "office", "reporting")
_ENDINGS = {
    " at": "timestamptz",
    " on": "date",
    " date": "date",
    "amount": "decimal",
    "cost": "decimal",
    "price": "decimal",
    "balance": "decimal",
    "is ": "bool",
    "count": "int64",
    "score": "float64",
    "rate": "float64",
}


def model_of(columns: int) -> SemanticModel:
    """The demo's model with so many columns in all; with those of the demo alone when fewer."""
    demo = load(MODEL, {})
    entities: dict[str, Entity] = {}
    related: list[Relationship] = []
    left = columns - sum(len(entity.fields) for entity in demo.entities.values())
    for name, base, entity in _others():
        if left < len(entity.fields):
            break
        left -= len(entity.fields)
        entities[name] = entity
        if base in entities and base != name:
            related.append(_related(name, base))
    sources = {entity.home: SourceSpec(kind="postgres") for entity in entities.values()}
    return SemanticModel(
        name="Many companies",
        sources=sources | demo.sources,
        entities=entities | demo.entities,
        relationships=(*related, *demo.relationships),
        metrics=demo.metrics,
        verified_queries=demo.verified_queries,
    )


def _others() -> Iterator[tuple[str, str, Entity]]:
    """Entities with their names and the names of what they belong to, those of all industries in
    turns; when all are there, those of each unit abroad."""
    words: dict[str, Any] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    things = [
        (industry, thing, columns)
        for industry, held in words["industries"].items()
        for thing, columns in held.items()
    ]
    for unit in ("", *words["units"]):
        for at, (facet, more) in enumerate(words["facets"].items()):
            for industry, thing, columns in things:
                base = _name(unit, thing)
                source = _name(industry, unit, _SYSTEMS[at % len(_SYSTEMS)])
                label = " ".join(part for part in (unit, thing, facet) if part)
                yield _name(label), base, _entity(label, thing, source, [*columns, *more])


def _entity(label: str, thing: str, source: str, columns: list[str]) -> Entity:
    key = f"{_name(thing)}_id"
    fields: dict[str, Any] = {key: {"type": "int64", "description": f"Number of the {thing}"}}
    for written in columns:
        column, _, values = written.partition("=")
        fields[_name(column)] = {"type": _type(column)} | (
            {"values": values.split("/")} if values else {}
        )
    labels = (name for name, spec in fields.items() if spec["type"] == "string")
    times = (name for name, spec in fields.items() if spec["type"] in ("date", "timestamptz"))
    return Entity.model_validate(
        {
            "description": f"{label[:1].upper()}{label[1:]}, one a row",
            "key": key,
            "time": next(times, None),
            "label": next(labels, None),
            "fields": fields,
            "bindings": {
                source: {"relation": _name(label), "fields": {name: name for name in fields}}
            },
        }
    )


def _type(column: str) -> str:
    return next((type_ for part, type_ in _ENDINGS.items() if part in f"{column} "), "string")


def _related(name: str, base: str) -> Relationship:
    key = f"{base}_id"
    return Relationship.model_validate(
        {
            "name": f"of_{name}"[:63],
            "from": name,
            "to": base,
            "from_columns": (key,),
            "to_columns": (key,),
        }
    )


def _name(*parts: str) -> str:
    return "_".join(part for part in parts if part).replace(" ", "_").replace("-", "_")
