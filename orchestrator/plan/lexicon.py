"""The words of a semantic model: each phrase that a person may write, and what it may mean."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.retrieve.documents import metric_entities
from orchestrator.semantic import FieldSpec, SemanticModel

Kind = Literal["entity", "field", "value", "metric"]
NUMERIC = frozenset({"int64", "float64", "decimal"})
TEMPORAL = frozenset({"date", "timestamptz", "timestamp"})

_IRREGULAR = {
    "bought": "buy", "spent": "spend", "sold": "sell", "left": "leave", "paid": "pay",
    "written": "write", "wrote": "write", "sent": "send", "made": "make", "gave": "give",
    "given": "give", "took": "take", "taken": "take", "met": "meet", "won": "win",
    "lost": "lose", "held": "hold", "seen": "see", "saw": "see", "people": "person",
    "children": "child", "men": "man", "women": "woman",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning of a phrase. `name` is the field or metric, `value` a value of that field."""

    kind: Kind
    entity: str
    name: str = ""
    value: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "entity":
                return self.entity
            case "metric":
                return f"the metric {self.name}"
            case "field":
                return f"{self.entity}.{self.name}"
            case "value":
                return f"{self.entity}.{self.name} = {self.value}"

    @property
    def spoken(self) -> str:
        """The term as a person may write it, so that it has no other meaning."""
        return " ".join(words_of(f"{self.entity} {self.name} {self.value}"))


@dataclass(frozen=True, slots=True)
class Meaning:
    """A term and how close the words were to it: 0 as written, 1 in the plural, 2 by the stem, 3 by
    the last word of a longer name."""

    term: Term
    rank: int


def words_of(text: str) -> tuple[str, ...]:
    """The lower-case words of a phrase; underscores and hyphens part words."""
    return tuple(re.findall(r"[^\W_]+", text.lower()))


def plural(word: str) -> str:
    """The regular plural: ticket → tickets, country → countries, box → boxes."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def stem(word: str) -> str:
    """A light stem, so that renewal, renewals and renewing are one word."""
    word = _IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("ss") or len(word) < 4:
        return word
    for suffix in ("ances", "ance", "ations", "ation", "als", "al", "ing", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        return word[:-1]
    if word.endswith("ll") and len(word) > 4:
        return word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


class Lexicon:
    """Every phrase of a model with its meanings, as far as it speaks of `entities` alone."""

    def __init__(self, model: SemanticModel, entities: tuple[str, ...]) -> None:
        self._model = model
        self._entities = {name: model.entities[name] for name in entities}
        self._written: dict[tuple[str, ...], dict[Term, int]] = defaultdict(dict)
        self._stems: dict[tuple[str, ...], dict[Term, int]] = defaultdict(dict)
        for phrase, term in self._phrases():
            self._add(phrase, term)
        for phrase, term in self._qualified():
            self._written[phrase].setdefault(term, 0)
        for word, term in self._heads():
            self._stems.setdefault((stem(word),), {term: 3})
        self._longest = max(map(len, self._written), default=0)
        self.vocabulary = frozenset(word for phrase in self._written for word in phrase)
        self.units = frozenset(m.unit.lower() for m in model.metrics if m.unit)

    def match(self, words: Sequence[str], at: int) -> tuple[tuple[Meaning, ...], int] | None:
        """The longest phrase that starts at word `at`: its meanings, closest first, and length."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            phrase = tuple(words[at : at + length])
            ranks = dict(self._stems.get(tuple(map(stem, phrase)), {}))
            ranks |= self._written.get(phrase, {})
            if ranks:
                found = sorted((Meaning(term, rank) for term, rank in ranks.items()), key=_rank)
                return tuple(found), length
        return None

    def spec(self, term: Term) -> FieldSpec:
        """The field of a field or value term."""
        return self._model.entities[term.entity].fields[term.name]

    def key_type(self, entity: str) -> str:
        """The type of an entity's key; nothing when it has several fields."""
        spec = self._entities[entity]
        return spec.fields[spec.key[0]].type if len(spec.key) == 1 else ""

    def _add(self, phrase: tuple[str, ...], term: Term) -> None:
        self._written[phrase][term] = 0
        self._written[(*phrase[:-1], plural(phrase[-1]))].setdefault(term, 1)
        self._stems[tuple(map(stem, phrase))].setdefault(term, 2)

    def _phrases(self) -> Iterator[tuple[tuple[str, ...], Term]]:
        for name, entity in self._entities.items():
            values = {words_of(value) for spec in entity.fields.values() for value in spec.values}
            for phrase in map(words_of, (name, *entity.ai_context.synonyms)):
                if len(phrase) == 1 or phrase[:1] not in values:  # "call notes" are of kind "call"
                    yield phrase, Term("entity", name)
            for field, spec in entity.fields.items():
                for phrase in _field_phrases(field, spec):
                    yield phrase, Term("field", name, field)
                for value in spec.values:
                    yield words_of(value), Term("value", name, field, value)
        for metric in self._model.metrics:
            if not set(metric_entities(self._model, metric)) <= self._entities.keys():
                continue
            for text in (metric.name, *metric.ai_context.synonyms):
                yield words_of(text), Term("metric", "", metric.name)

    def _qualified(self) -> Iterator[tuple[tuple[str, ...], Term]]:
        """ "ticket status": an entity's word before its field's. Dates are left out, because
        "ticket opened" is a noun and its verb."""
        for name, entity in self._entities.items():
            nouns = [words_of(text) for text in (name, *entity.ai_context.synonyms)]
            for field, spec in entity.fields.items():
                if spec.type not in TEMPORAL:
                    for phrase in _field_phrases(field, spec):
                        for noun in nouns:
                            yield (*noun, *phrase), Term("field", name, field)

    def _heads(self) -> Iterator[tuple[str, Term]]:
        """The last word of a longer name, if nothing else ends in it: "plan" for support plan."""
        found: dict[str, set[Term]] = defaultdict(set)
        for phrase, term in self._phrases():
            if len(phrase) > 1 and len(phrase[-1]) > 3 and term.kind in {"entity", "field"}:
                found[phrase[-1]].add(term)
        for word, terms in found.items():
            if len(terms) == 1 and word not in {"date", "number", "name"}:
                yield word, next(iter(terms))


def _rank(meaning: Meaning) -> int:
    return meaning.rank


def _field_phrases(name: str, spec: FieldSpec) -> Iterable[tuple[str, ...]]:
    """A date is also named without "at" and "on" ("opened"), a truth without "is" ("paid")."""
    found: dict[tuple[str, ...], None] = {}
    for text in (name, *spec.ai_context.synonyms):
        phrase = words_of(text)
        found[phrase] = None
        if spec.type in TEMPORAL and len(phrase) > 1 and phrase[-1] in {"at", "on", "date"}:
            found[phrase[:-1]] = None
            found[(*phrase[:-1], "date")] = None
        if spec.type == "bool" and len(phrase) > 1 and phrase[0] in {"is", "has", "was"}:
            found[phrase[1:]] = None
    return found
