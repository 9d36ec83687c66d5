"""A SemanticModel to documents: one short text for every thing that a question may be about.

The texts hold names, descriptions and synonyms of the model, and names and comments of relations
that it does not bind; never a row of a source.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from adapters.schema import Catalog, Relation
from orchestrator.semantic import AiContext, Entity, Metric, SemanticModel

RELATION = "relation"
_MOST_COLUMNS = 40  # of a relation's columns, as many as the embedder reads


@dataclass(frozen=True, slots=True)
class Document:
    """What the index compares a question with. `kind` and `name` are those of its `Hit`.

    `source` is where the thing lies (of several the home), `names` what people call it. A relation
    that no entity binds is of the kind `relation`, `source.relation` by name, with no entities.
    `is_time` marks the field that a period is about, `is_label` the one that names a row.
    """

    kind: str
    name: str
    text: str
    entities: tuple[str, ...]
    source: str
    names: tuple[str, ...] = ()
    is_time: bool = False
    is_label: bool = False

    @property
    def shard(self) -> str:
        """The name of the shard that holds it: its source and kind."""
        return f"{self.source}.{self.kind}"

    @property
    def subject(self) -> str:
        """The entity that it belongs to, or the relation."""
        return self.entities[0] if self.entities else self.name


def documents(model: SemanticModel) -> list[Document]:
    """Entities, fields, values, metrics and verified queries, in the model's order."""
    found = [document for name in model.entities for document in _of_entity(model, name)]
    for metric in model.metrics:
        text = _text(_words(metric.name), metric.description, metric.ai_context)
        entities = metric_entities(model, metric)
        names = (_words(metric.name), *metric.ai_context.synonyms)
        found.append(Document("metric", metric.name, text, entities, _home(model, entities), names))
    for index, verified in enumerate(model.verified_queries):
        entities = sql_entities(model, verified.sql)
        home = _home(model, entities)
        found.append(Document("verified", str(index), verified.question, entities, home))
    return found


def unbound(model: SemanticModel, catalog: Catalog) -> list[Document]:
    """The relations of a source that no entity of the model binds."""
    bound = {
        entity.bindings[catalog.source].relation
        for entity in model.entities.values()
        if catalog.source in entity.bindings
    }
    return [_of_relation(catalog.source, r) for r in catalog.relations if r.name not in bound]


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


def _home(model: SemanticModel, entities: tuple[str, ...]) -> str:
    return model.entities[entities[0]].home if entities else ""


def _of_entity(model: SemanticModel, name: str) -> Iterator[Document]:
    entity: Entity = model.entities[name]
    words, about, home = _words(name), (name,), entity.home
    text = _text(words, entity.description, entity.ai_context)
    called = (words, *entity.ai_context.synonyms)
    yield Document("entity", name, text, about, home, called)
    for field, spec in entity.fields.items():
        label = f"{words} {_words(field)}"
        text = _text(label, spec.description, spec.ai_context)
        source = next((s for s, bound in entity.bindings.items() if field in bound.fields), home)
        called = (_words(field), *spec.ai_context.synonyms)
        roles = field == entity.time, field == entity.label
        yield Document("field", f"{name}.{field}", text, about, source, called, *roles)
        for value in spec.values:
            text = f"{value} ({label})"
            yield Document("value", f"{name}.{field}={value}", text, about, source, (value,))


def _of_relation(source: str, relation: Relation) -> Document:
    words = _words(relation.name.rpartition(".")[2])
    columns = ", ".join(_words(column.name) for column in relation.columns[:_MOST_COLUMNS])
    said = f"{words}: {relation.comment}" if relation.comment else words
    name = f"{source}.{relation.name}"
    return Document(RELATION, name, f"{said} ({columns})", (), source, (words,))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(label: str, description: str, context: AiContext) -> str:
    said = f"{label}: {description}" if description else label
    return f"{said} ({', '.join(context.synonyms)})" if context.synonyms else said
