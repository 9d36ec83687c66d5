"""Which entity the rows of a file belong to, by the names and types of its columns.

It is a guess, told with each answer: the column that is named as an entity's key is, or as its
e-mail address, or as its label, in that order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.plan.lexicon import plural, words_of
from orchestrator.plan.paths import Paths
from orchestrator.semantic import SemanticModel

Phrase = tuple[str, ...]

_NUMBERS = ("id", "number", "no", "nr", "num", "key", "code", "ref", "reference")
_GENERIC = frozenset({*_NUMBERS, "name", "title", "text", "label", "subject"})
_EMAIL = frozenset(
    {("email",), ("e", "mail"), ("mail",), ("email", "address"), ("contact", "email")}
)
_DIGITS = r"TRY_CAST(REGEXP_EXTRACT(value, '^[A-Za-z]*[-_ #]?([0-9]+)$', 1) AS BIGINT)"
_CASTS = {
    ("string", "int64"): _DIGITS,
    ("int64", "string"): "CAST(value AS VARCHAR)",
}


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of a file belong to that row of `entity` whose `field` equals `column`, after the DuckDB
    expression `transform` when the types differ; `type` is the field's."""

    column: str
    entity: str
    field: str
    type: str
    transform: str | None


def links(model: SemanticModel, file: str, columns: dict[str, str]) -> list[Link]:
    """At most one link to each entity; `file` is the file's own name, `columns` are the canonical
    words of its columns."""
    about = set(words_of(file))
    main = Paths(model).most_pointed_at()
    found: list[Link] = []
    for name in model.entities:
        is_named = any(set(noun) <= about for noun in _nouns(model, name))
        for field, phrases in _fields(model, name, is_named, name == main):
            link = next(_fitting(model, name, field, phrases, columns), None)
            if link is not None:
                found.append(link)
                break
    return found


def _fields(
    model: SemanticModel, name: str, is_named: bool, is_main: bool
) -> Iterator[tuple[str, set[Phrase]]]:
    """The fields that a row can be known by, the surest first, each with the names that a column
    of it may have. Names that say little, such as “id”, count where the file is about the entity.
    """
    entity = model.entities[name]
    nouns = [words_of(text) for text in (name, *entity.ai_context.synonyms)]
    if len(entity.key) == 1:
        suffixed = {(*noun, suffix) for noun in nouns for suffix in _NUMBERS}
        some = {(word,) for word in _NUMBERS} if is_named else set[Phrase]()
        yield (
            entity.key[0],
            {*nouns, *suffixed, *some, *_said(model, name, entity.key[0], is_named)},
        )
    for field in entity.fields:
        if words_of(field) == ("email",):
            own = {(*noun, *mail) for noun in nouns for mail in _EMAIL}
            yield field, own | (_EMAIL if is_named or is_main else set[Phrase]())
    if entity.label and entity.label not in entity.key:
        own = {(*noun, *words_of(entity.label)) for noun in nouns}
        yield entity.label, {*nouns, *own, *_said(model, name, entity.label, is_named or is_main)}


def _said(model: SemanticModel, name: str, field: str, all_of_them: bool) -> Iterable[Phrase]:
    """The names of a field; without those that say little of what it belongs to."""
    spec = model.entities[name].fields[field]
    for phrase in map(words_of, (field, *spec.ai_context.synonyms)):
        if all_of_them or not set(phrase) <= _GENERIC:
            yield phrase


def _fitting(
    model: SemanticModel, name: str, field: str, phrases: set[Phrase], columns: dict[str, str]
) -> Iterator[Link]:
    kind = model.entities[name].fields[field].type
    for column, word in columns.items():
        fits = word == kind or (word, kind) in _CASTS
        label = field == model.entities[name].label and word != kind
        if words_of(column) in phrases and fits and not label:
            yield Link(column, name, field, kind, _CASTS.get((word, kind)))


def _nouns(model: SemanticModel, name: str) -> Iterator[Phrase]:
    for text in (name, *model.entities[name].ai_context.synonyms):
        phrase = words_of(text)
        yield phrase
        yield (*phrase[:-1], plural(phrase[-1]))
