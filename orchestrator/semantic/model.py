"""The semantic model's nouns: sources, entities with their bindings, relationships, metrics.

The nouns are those of the open semantic interchange standard; what it lacks is that an entity may
have bindings in several sources, which share its key. The first binding is the entity's home.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from orchestrator.semantic.access import AccessPolicy
from orchestrator.semantic.approval import ApprovalPolicy
from orchestrator.semantic.audience import AudiencePolicy
from orchestrator.semantic.currencies import Currencies

Word = Annotated[
    str,
    Field(
        pattern=r"^(int64|float64|string|bool|date|timestamptz|timestamp|json"
        r"|decimal(\([1-9]\d?,\d{1,2}\))?)$",
        description="A canonical type; `decimal(15,2)` gives digits and decimal places.",
    ),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_GROUP = re.compile(r"(?:@|(?=S[A-Z0-9]{6,}$))(\S+)")


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

    @property
    def family(self) -> str:
        """The type without its digits: `decimal` of `decimal(15,2)`."""
        return self.type.partition("(")[0]


class BoundField(_Part):
    """Where a field lies in one source.

    `transform` is a DuckDB expression over `value`, the stored value read as `stored`.
    """

    path: str
    transform: str | None = None
    stored: Word | None = None


def _bound(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _either_word(schema: dict[str, Any]) -> None:
    """A document store's relation may be called `collection`: see `_binding`."""
    schema["properties"]["collection"] = schema["properties"]["relation"]
    schema["required"].remove("relation")
    schema["anyOf"] = [{"required": ["relation"]}, {"required": ["collection"]}]


class Binding(_Part):
    """An entity in one source. `text` is the field that can be searched by meaning.

    With `unwind`, the path of an array, its elements are the rows: a field's path `lines[].sku`, or
    `lines[]` where elements are no documents, lies in the element, other paths in the document.
    """

    model_config = ConfigDict(json_schema_extra=_either_word)

    relation: str
    unwind: str | None = None
    fields: dict[
        Name,
        Annotated[BoundField, BeforeValidator(_bound, json_schema_input_type=str | BoundField)],
    ]
    text: str | None = None


def in_element(path: str, array: str | None) -> bool:
    """True when a path is `array[]`, or lies in it with no further array on the way."""
    head, _, rest = path.partition("[]")
    return head == array and (not rest or rest.startswith(".")) and "[]" not in rest


def _binding(value: object) -> object:
    if isinstance(value, dict) and "collection" in value:
        return {("relation" if key == "collection" else key): item for key, item in value.items()}
    return value


def _fields(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Entity(_Part):
    """A business noun with a key (one field or several) and bindings; the first is its home.

    `time` is the field that a period ("last quarter") is about; `label` names a row for people.
    `shown` are the fields of a list of rows; without it, those that tell what a row is.
    """

    description: str
    key: Annotated[
        tuple[Name, ...],
        BeforeValidator(_fields, json_schema_input_type=Name | tuple[Name, ...]),
        Field(min_length=1),
    ]
    fields: dict[Name, FieldSpec]
    bindings: dict[Name, Annotated[Binding, BeforeValidator(_binding)]] = Field(min_length=1)
    ai_context: AiContext = AiContext()
    time: str | None = None
    label: str | None = None
    shown: tuple[Name, ...] = ()
    owners: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The source whose rows are the rows that exist."""
        return next(iter(self.bindings))

    @property
    def text_source(self) -> str | None:
        """The source that can search this entity by meaning."""
        return next((name for name, bound in self.bindings.items() if bound.text), None)

    def stored_type(self, field: str, bound: BoundField) -> str:
        """The type that a field's stored value is read as, before its `transform`."""
        return bound.stored or self.fields[field].type


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

    `vault_role` names a role of Vault's database engine, `vault_secret` a KV v2 path. `sensitive`
    and `region` (where the data lies, such as `eu`) are for the rules of approval.
    """

    kind: str
    vault_role: str | None = None
    vault_secret: str | None = None
    max_parallel: int = Field(default=4, ge=1)
    timeout_s: float = Field(default=30.0, gt=0)
    connect: dict[str, Any] = {}
    sensitive: bool = False
    region: str | None = None


class Policies(_Part):
    """What may leave: rows and bytes of one fetch, the classes of privacy that may be read, who may
    read what of it, what needs approval, and what may be posted where."""

    max_rows: int = Field(default=200_000, ge=1)
    max_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    allow_pii: tuple[str, ...] = ()
    approval: ApprovalPolicy = ApprovalPolicy()
    audience: AudiencePolicy = AudiencePolicy()
    access: AccessPolicy | None = None

    @property
    def digest(self) -> str:
        """sha256 of all that decides what may be read."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class SemanticModel(_Part):
    """The whole model; entities, fields, relationships and metrics are checked to fit together."""

    name: str
    time_zone: str = "UTC"
    fiscal_year_starts: int | None = Field(
        default=None, ge=1, le=12, description="The month in which the fiscal year begins."
    )
    sources: dict[Name, SourceSpec]
    entities: dict[Name, Entity]
    relationships: tuple[Relationship, ...] = ()
    metrics: tuple[Metric, ...] = ()
    policies: Policies = Policies()
    currencies: Currencies | None = None
    verified_queries: tuple[VerifiedQuery, ...] = ()
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Take the file's folder from the validation's context."""
        self._folder = (context or {}).get("folder", Path())

    @property
    def folder(self) -> Path:
        """Where relative paths of sources begin: the folder of the model's file."""
        return self._folder

    @property
    def digest(self) -> str:
        """sha256 of the model without its addresses and its rates of currencies."""
        left_out: Any = {"sources": {"__all__": {"connect"}}, "currencies": True}
        text = self.model_dump_json(exclude=left_out, by_alias=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def owner_groups(self, entities: Iterable[str]) -> tuple[str, ...]:
        """The user groups among the owners of entities, by handle (without @) or id, each once."""
        owners = (one for name in entities for one in self.entities[name].owners)
        found = (_GROUP.fullmatch(one) for one in owners)
        return tuple(dict.fromkeys(one[1] for one in found if one is not None))

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def units_of(self, columns: tuple[str, ...]) -> dict[str, str]:
        """The unit of each of these columns that bears the name of a metric with one."""
        return {one.name: one.unit for one in self.metrics if one.unit and one.name in columns}
