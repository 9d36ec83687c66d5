"""semantic_model.yaml to a checked SemanticModel. Every mistake is named with path:line and a hint.

The nouns are those of the open semantic interchange standard; what it lacks is that an entity may
have bindings in several sources, which share its key. The first binding is the entity's home.
"""

import difflib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from adapters.errors import SemanticModelError

Word = Literal[
    "int64", "float64", "decimal", "string", "bool", "date", "timestamptz", "timestamp", "json"
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AiContext(_Part):
    """What helps a planner: other words for the thing, and notes in prose."""

    synonyms: tuple[str, ...] = ()
    instructions: str = ""


class FieldSpec(_Part):
    """A business field. `values` are its low-cardinality values; `pii` names a class of privacy."""

    type: Word
    description: str = ""
    ai_context: AiContext = AiContext()
    values: tuple[str, ...] = ()
    pii: str | None = None


class BoundField(_Part):
    """Where a field lies in one source.

    `transform` is a DuckDB expression over `value`, the stored value read as `stored`.
    """

    path: str
    transform: str | None = None
    stored: Word | None = None


def _bound(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


class Binding(_Part):
    """An entity in one source. `text` is the field that can be searched by meaning."""

    relation: str = Field(alias="relation")
    fields: dict[Name, Annotated[BoundField, BeforeValidator(_bound)]]
    text: str | None = None


def _binding(value: object) -> object:
    if isinstance(value, dict) and "collection" in value:
        return {("relation" if key == "collection" else key): item for key, item in value.items()}
    return value


class Entity(_Part):
    """A business noun with a key and at least one binding; the first is its home.

    `time` is the field that a period ("last quarter") is about; `label` names a row for people.
    """

    description: str
    key: Name
    fields: dict[Name, FieldSpec]
    bindings: dict[Name, Annotated[Binding, BeforeValidator(_binding)]] = Field(min_length=1)
    ai_context: AiContext = AiContext()
    time: str | None = None
    label: str | None = None
    owners: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The source whose rows are the rows that exist."""
        return next(iter(self.bindings))

    @property
    def text_source(self) -> str | None:
        """The source that can search this entity by meaning."""
        return next((name for name, bound in self.bindings.items() if bound.text), None)


class Relationship(_Part):
    """Many `from` rows to one `to` row, over equal columns."""

    name: Name
    from_entity: Name = Field(alias="from")
    to_entity: Name = Field(alias="to")
    from_columns: tuple[Name, ...]
    to_columns: tuple[Name, ...]


class Metric(_Part):
    """An aggregate over entity fields, e.g. `SUM(order.amount)`; `time` is `entity.field`."""

    name: Name
    expression: str
    description: str = ""
    time: str | None = None
    unit: str | None = None
    ai_context: AiContext = AiContext()


class VerifiedQuery(_Part):
    """A question with the semantic SQL that a person has checked."""

    question: str
    sql: str


class SourceSpec(_Part):
    """A live source: its kind, address and where its credential comes from.

    `vault_role` names a role of Vault's database engine, `vault_secret` a KV v2 path.
    """

    kind: str
    vault_role: str | None = None
    vault_secret: str | None = None
    max_parallel: int = Field(default=4, ge=1)
    timeout_s: float = Field(default=30.0, gt=0)
    connect: dict[str, Any] = {}


class Policies(_Part):
    """What may leave: rows of one fetch, and the classes of privacy that may be read."""

    max_rows: int = Field(default=200_000, ge=1)
    allow_pii: tuple[str, ...] = ()


class SemanticModel(_Part):
    """The whole model; entities, fields, relationships and metrics are checked to fit together."""

    name: str
    time_zone: str = "UTC"
    sources: dict[Name, SourceSpec]
    entities: dict[Name, Entity]
    relationships: tuple[Relationship, ...] = ()
    metrics: tuple[Metric, ...] = ()
    policies: Policies = Policies()
    verified_queries: tuple[VerifiedQuery, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 of the model without its addresses."""
        text = self.model_dump_json(exclude={"sources": {"__all__": {"connect"}}}, by_alias=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def load(path: Path, environment: dict[str, str] | None = None) -> SemanticModel:
    """Read, fill in `${ENV}` and `${ENV:-default}` references, and check a model.

    Raises SemanticModelError that names every mistake, one a line, as `path:line: what`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SemanticModelError(
            f"{path}: can't be read ({error.strerror}). Give the file with --model PATH."
        ) from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SemanticModelError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    places = _lines(tree) if tree is not None else {}
    mistakes: list[tuple[tuple[str | int, ...], str]] = []
    filled = _fill(data, os.environ if environment is None else environment, (), mistakes)
    model = None
    if not mistakes:
        try:
            model = SemanticModel.model_validate(filled)
        except ValidationError as error:
            mistakes += [(_place(e["loc"]), _hint(e)) for e in error.errors()]
    if model is not None:
        mistakes += _check(model)
    if mistakes or model is None:
        lines = [f"{path}:{_line(places, place)}: {what}" for place, what in mistakes]
        raise SemanticModelError("\n".join(lines))
    return model


def json_schema() -> str:
    """The JSON Schema of semantic_model.yaml, for editors."""
    schema = SemanticModel.model_json_schema(by_alias=True)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _place(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return tuple(part for part in location if not str(part).startswith("function-"))


def _hint(error: Any) -> str:
    where = ".".join(str(part) for part in _place(error["loc"]))
    if error["type"] == "missing":
        return f"`{where}` is missing; it is required."
    if error["type"] == "extra_forbidden":
        return f"`{where}` is not a key that is known here; check its spelling."
    return f"`{where}`: {error['msg']}."


_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


def _fill(
    data: Any,
    environment: Any,
    place: tuple[str | int, ...],
    mistakes: list[tuple[tuple[str | int, ...], str]],
) -> Any:
    if isinstance(data, dict):
        return {k: _fill(v, environment, (*place, k), mistakes) for k, v in data.items()}
    if isinstance(data, list):
        return [_fill(v, environment, (*place, i), mistakes) for i, v in enumerate(data)]
    if not isinstance(data, str):
        return data

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1], match[2])
        if found is None:
            mistakes.append((place, f"the environment variable {match[1]} is not set."))
            return ""
        return found

    return _REFERENCE.sub(value, data)


def _lines(node: yaml.Node, place: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], int]:
    found = {place: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, key.value)
            found |= _lines(value, inner)
            found[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found |= _lines(value, (*place, index))
    return found


def _line(places: dict[tuple[str | int, ...], int], place: tuple[str | int, ...]) -> int:
    while place and place not in places:
        place = place[:-1]
    return places.get(place, 1)


def near(word: str, known: list[str]) -> str:
    """The hint for a name that is not known: the nearest one, or all of them."""
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(sorted(known))}."


def _check(model: SemanticModel) -> list[tuple[tuple[str | int, ...], str]]:
    """The mistakes that no schema sees: names that point nowhere."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for name, entity in model.entities.items():
        at = ("entities", name)
        for role in ("key", "time", "label"):
            value = getattr(entity, role)
            if value is not None and value not in entity.fields:
                hint = near(value, list(entity.fields))
                found.append(((*at, role), f"{role} `{value}` is not a field of {name}; {hint}"))
        for source, binding in entity.bindings.items():
            here = (*at, "bindings", source)
            if source not in model.sources:
                hint = near(source, list(model.sources))
                found.append((here, f"source `{source}` is not declared; {hint}"))
            if entity.key not in binding.fields:
                found.append((here, f"binding {source} of {name} lacks the key `{entity.key}`."))
            for field in binding.fields:
                if field not in entity.fields:
                    hint = near(field, list(entity.fields))
                    found.append(
                        ((*here, "fields", field), f"no field `{field}` in {name}; {hint}")
                    )
            if binding.text is not None and binding.text not in binding.fields:
                hint = near(binding.text, list(binding.fields))
                found.append(((*here, "text"), f"no field `{binding.text}` here; {hint}"))
        bound = {field for binding in entity.bindings.values() for field in binding.fields}
        found += [
            ((*at, "fields", field), f"field `{field}` of {name} lies in no binding.")
            for field in entity.fields
            if field not in bound
        ]
    for index, relationship in enumerate(model.relationships):
        found += _check_relationship(model, index, relationship)
    return found


def _check_relationship(
    model: SemanticModel, index: int, relationship: Relationship
) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    for side, entity_name, columns in (
        ("from", relationship.from_entity, relationship.from_columns),
        ("to", relationship.to_entity, relationship.to_columns),
    ):
        at = ("relationships", index, side)
        entity = model.entities.get(entity_name)
        if entity is None:
            hint = near(entity_name, list(model.entities))
            found.append((at, f"entity `{entity_name}` is not defined; {hint}"))
            continue
        for column in columns:
            if column not in entity.fields:
                hint = near(column, list(entity.fields))
                found.append((at, f"no field `{column}` in {entity_name}; {hint}"))
    if len(relationship.from_columns) != len(relationship.to_columns):
        found.append((("relationships", index), "from_columns and to_columns differ in number."))
    return found
