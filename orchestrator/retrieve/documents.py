"""A SemanticModel to documents: one short text for every thing that a question may be about.

The texts hold names, descriptions and synonyms of the model, never a row of a source.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from orchestrator.semantic import AiContext, Entity, Metric, SemanticModel


@dataclass(frozen=True, slots=True)
class Document:
    """What the index compares a question with. `kind` and `name` are those of its `Hit`."""

    kind: str
    name: str
    text: str
    entities: tuple[str, ...]


def documents(model: SemanticModel) -> list[Document]:
    """Entities, fields, values, metrics and verified queries, in the model's order."""
    found = [document for name in model.entities for document in _of_entity(model, name)]
    for metric in model.metrics:
        text = _text(_words(metric.name), metric.description, metric.ai_context)
        found.append(Document("metric", metric.name, text, metric_entities(model, metric)))
    for index, verified in enumerate(model.verified_queries):
        entities = sql_entities(model, verified.sql)
        found.append(Document("verified", str(index), verified.question, entities))
    return found


def metric_entities(model: SemanticModel, metric: Metric) -> tuple[str, ...]:
    """The entities that a metric's expression and time are about."""
    written = f"{metric.expression} {metric.time or ''}"
    return _known(model, re.findall(r'"?(\w+)"?\.', written))


def sql_entities(model: SemanticModel, sql: str) -> tuple[str, ...]:
    """The entities that semantic SQL reads, in the order of their first mention."""
    return _known(model, re.findall(r'(?i)(?:\bfrom|\bjoin|\bsearch\s*\()\s*"?(\w+)', sql))


def sql_tables(sql: str) -> frozenset[str]:
    """The tables that SQL reads, of this model or another; nothing of what can't be parsed."""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return frozenset()
    made = {one.alias for one in tree.find_all(exp.CTE)}
    return frozenset(one.name for one in tree.find_all(exp.Table) if one.name) - made


def _known(model: SemanticModel, names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name in model.entities))


def _of_entity(model: SemanticModel, name: str) -> Iterator[Document]:
    entity: Entity = model.entities[name]
    words = _words(name)
    yield Document("entity", name, _text(words, entity.description, entity.ai_context), (name,))
    for field, spec in entity.fields.items():
        label = f"{words} {_words(field)}"
        text = _text(label, spec.description, spec.ai_context)
        yield Document("field", f"{name}.{field}", text, (name,))
        for value in spec.values:
            yield Document("value", f"{name}.{field}={value}", f"{value} ({label})", (name,))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(label: str, description: str, context: AiContext) -> str:
    said = f"{label}: {description}" if description else label
    return f"{said} ({', '.join(context.synonyms)})" if context.synonyms else said
