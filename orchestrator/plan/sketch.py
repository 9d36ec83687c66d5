"""What has been read of a question so far, and the choices that every reader of it makes."""

from dataclasses import replace

from orchestrator.plan import times
from orchestrator.plan.lexicon import NUMERIC, Term, plural
from orchestrator.plan.paths import Paths
from orchestrator.plan.request import Comparison, Group, Measure
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.words import AGGREGATED, COMPARED, RANKED, Words
from orchestrator.semantic import SemanticModel


class Sketch:
    """The words of a question and what they came to mean; its readers write into it.

    `measured` holds where the counted nouns stand, `grouped` the nouns that are grouped by, `head`
    the noun that "which" or "list" asks for (-1 for "who", which is `who`). `waiting` are groups
    whose meaning waits for the base, with whether they were said as "in each"; `distinct` asks for
    the values of a field. `limited` tells a limit that was said as a number. `before` is the entity
    whose rows the question before was about. `guesses` counts what may well be meant otherwise.
    """

    def __init__(self, model: SemanticModel, paths: Paths, words: Words, before: str = "") -> None:
        self.model = model
        self.paths = paths
        self.words = words
        self.before = before
        self.measures: list[Measure] = []
        self.groups: list[Group] = []
        self.order: Measure | Term | None = None
        self.descending = True
        self.limit: int | None = None
        self.limited = False
        self.assumptions: list[str] = []
        self.guesses = 0
        self.measured: dict[int, str] = {}
        self.grouped: set[int] = set()
        self.head: int | None = None
        self.who = ""
        self.waiting: list[tuple[tuple[Term, ...], bool]] = []
        self.distinct = False

    def head_entity(self) -> str:
        """The entity that is the head, or nothing."""
        return self.who if self.head == -1 else self.words.entity(self.head)

    def group(self, at: int, each: bool = False) -> None:
        """Group by the grain, noun or field at `at`; `each` when it was said as "in each"."""
        words = self.words
        if words.role(at) == "grain":
            text = words.chunks[at].text
            grain = times.ADVERBS.get(text, text.removesuffix("s"))
            self.groups.append(Group(grain=grain, each=each))
        elif words.entity(at):
            self.grouped.add(at)
            self.groups.append(replace(self.whole(words.entity(at)), each=each))
        else:
            self.waiting.append((words.terms(at), each))

    def whole(self, name: str) -> Group:
        """The group of an entity's rows, by key and label."""
        entity = self.model.entities[name]
        return Group(name, entity.label or entity.key[0], whole=True)

    def listed(self, at: int) -> bool:
        """Whether "which", "list" or "top" stands before."""
        return any(one < at for one in self.words.roles("which", "list", "top", "bottom"))

    def one(self, at: int) -> int | None:
        """1 when a word is in the singular; the limit that "which customer" has."""
        chunk = self.words.chunks[at]
        if chunk.role == "grain":
            return None if chunk.text.endswith("s") else 1
        return 1 if chunk.meanings and chunk.meanings[0].rank == 0 else None

    def guess(self, assumption: str) -> None:
        """Assume what might well be meant otherwise."""
        self.assumptions.append(assumption)
        self.guesses += 1

    def count(self, at: int | None) -> None:
        """Measure the number of rows that the noun at `at` names, once."""
        if at is None or at in self.measured:
            return
        self.count_rows(self.words.entity(at) if at >= 0 else self.who, at)

    def count_rows(self, entity: str, at: int) -> None:
        """Measure the number of rows of an entity, as said by the word at `at`."""
        name = plural(entity)
        spec = self.model.entities[entity]
        time = (entity, spec.time) if spec.time else None
        self.measures.append(Measure(name, "COUNT(*)", entity, at, time))
        self.measured[at] = name
        self.words.used.add(at)

    def add(self, name: str, expression: str, term: Term, at: int) -> None:
        """Measure an expression over the term's entity."""
        spec = self.model.entities[term.entity]
        time = (term.entity, spec.time) if spec.time else None
        self.measures.append(Measure(name, expression, term.entity, at, time))
        self.words.used.add(at)

    def ranks(self, at: int) -> bool:
        """Whether a measure stands behind "by", "the most" or a comparison: it orders."""
        words = self.words
        before = words.previous(at)
        while before is not None and (
            words.kinds.get(before) == "value" or words.role(before) in {"count", *AGGREGATED}
        ):
            before = words.previous(before)
        return words.role(before) in RANKED | {"by"}

    def comparison(self, at: int) -> tuple[Comparison, int]:
        """The comparison whose last number is at `at`, and where it starts."""
        words = self.words
        number = words.chunks[at].number
        before = words.previous(at)
        if before is not None and words.role(before) == "and":
            low = words.previous(before)
            between = words.previous(low) if low is not None else None
            if low is not None and between is not None and words.role(between) == "between":
                return Comparison("between", (words.chunks[low].number, number)), between
        if before is not None and words.role(before) in COMPARED - {"between"}:
            return Comparison(words.role(before), (number,)), before
        return Comparison("=", (number,)), at

    def nearest(self, terms: tuple[Term, ...], base: str) -> Term:
        """The one meaning that lies nearest to the nouns of the question, or to `base`."""
        if len(terms) == 1:
            return terms[0]
        nouns = [self.words.entity(at) for at in self.words.of("entity")]
        if base:
            ranked = sorted(terms, key=lambda term: self.paths.distance(base, term.entity))
            first, second = (self.paths.distance(base, term.entity) for term in ranked[:2])
            if first < second:
                return ranked[0]
        for noun in nouns:
            for term in terms:
                if term.entity == noun:
                    return term
        chunks = (self.words.chunks[at] for at in self.words.kinds)
        meant = (c for c in chunks if set(terms) <= {meaning.term for meaning in c.meanings})
        said = next((chunk.text for chunk in meant), "")
        listed = " or ".join(map(str, terms))
        raise Unclear(f"“{said}” may be {listed}.", *(term.spoken for term in terms), said=said)

    def time_of(self, entity: str) -> tuple[str, str]:
        """The field that a period is about: the entity's, or that of the row it leads to."""
        spec = self.model.entities[entity]
        if spec.time:
            return entity, spec.time
        timed = [n for n, e in self.model.entities.items() if e.time]
        ways = {n: path for n in timed if (path := self.paths.to_one(entity, n)) is not None}
        if not ways:
            raise Unclear(f"{entity} has no time in the model.")
        near = min(ways, key=lambda n: len(ways[n]))
        return near, self.model.entities[near].time or ""

    def age_of(self, entity: str) -> str:
        """The numeric field that is called "age", or nothing."""
        fields = self.model.entities[entity].fields if entity else {}
        return next(
            (
                name
                for name, spec in fields.items()
                if spec.family in NUMERIC and "age" in {name, *spec.ai_context.synonyms}
            ),
            "",
        )

    def number_of(self, entity: str) -> str:
        """The field that a bare "over 60" is about: the only one with numbers, or the size."""
        spec = self.model.entities[entity]
        keys = {*spec.key, *(c for r in self.model.relationships for c in r.from_columns)}
        numbers = [n for n, f in spec.fields.items() if f.family in NUMERIC and n not in keys]
        return numbers[0] if len(numbers) == 1 else self.size_of(entity)

    def size_of(self, entity: str) -> str:
        """The field that makes a row big: what a SUM of the model adds up, or its only decimal."""
        for metric in self.model.metrics:
            start = f"SUM({entity}."
            if metric.expression.upper().startswith("SUM(") and metric.expression.startswith(start):
                return metric.expression.removeprefix(start).rstrip(")")
        specs = self.model.entities[entity].fields.items()
        amounts = [name for name, spec in specs if spec.family == "decimal"]
        if len(amounts) != 1:
            metrics = [metric.name.replace("_", " ") for metric in self.model.metrics]
            raise Unclear(
                f"{entity} has no one amount to go by. Say by what: a field, a metric "
                f"({', '.join(metrics)}) or a number of something."
            )
        return amounts[0]
