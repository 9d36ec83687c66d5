"""A sentence with a cursor: what each word means where it stands, and what stands beside it."""

from collections.abc import Iterable

from orchestrator.plan.lexicon import NUMERIC, TEMPORAL, Kind, Lexicon, Term
from orchestrator.plan.sentence import Chunk, Sentence

COMPARED = frozenset({">", ">=", "<", "<=", "=", "between"})
MOST = frozenset({"most", "biggest", "latest"})
LEAST = frozenset({"least", "smallest", "oldest"})
RANKED = MOST | LEAST
AGGREGATED = frozenset({"avg", "median", "sum", "min", "max"})
_FILLER = frozenset(
    "a an the any all of our their its it they them different distinct various is are was were be "
    "been just also only ever yet have has had did do does much still currently now made to".split()
)
_DETERMINERS = frozenset("all every each the my our these those any".split())
_OTHERS = frozenset("they their theirs its his her".split())
_DOING = frozenset("did do have had has are were will".split())
_MUST = (
    COMPARED
    | RANKED
    | {"no", "not", "or", "avg", "min", "max", "count", "by", "grain"}
    | {"share", "rate", "versus", "earlier", "steps", "growth", "median", "duration"}
)


class Words:
    """The chunks of one question; every chunk that counts is ticked off in `used`."""

    def __init__(self, sentence: Sentence, lexicon: Lexicon) -> None:
        self.chunks = sentence.chunks
        self.lexicon = lexicon
        self.used: set[int] = set()
        self.kinds: dict[int, Kind] = {}
        for at, chunk in enumerate(self.chunks):
            if chunk.role == "term":
                self.kinds[at] = self._kind(at, chunk)

    def __len__(self) -> int:
        return len(self.chunks)

    @property
    def speak_of_the_model(self) -> bool:
        """Whether any word is one of the model's."""
        return bool(self.roles("term", "search"))

    @property
    def command(self) -> bool:
        """ "cancel all appointments": a verb that is told, not a word that describes."""
        if len(self) < 2 or self.kinds.get(0) not in {"value", "field"}:
            return False
        return self.chunks[1].text in _DETERMINERS

    @property
    def whose(self) -> str:
        """The first "their" or "they" that no noun, name or thing listed stands before. What "did
        they" order is not who they are."""
        for at, chunk in enumerate(self.chunks):
            if chunk.role in {"stop", "list", "unknown"} and chunk.text in _OTHERS:
                done = at > 0 and self.chunks[at - 1].text in _DOING
                parted = max(self.roles_before(at, "and"), default=0) if done else at
                return "" if any(map(self._names, range(parted))) else chunk.text
        return ""

    def roles_before(self, at: int, *roles: str) -> list[int]:
        """Where chunks of these roles stand before `at`."""
        return [one for one in self.roles(*roles) if one < at]

    def role(self, at: int | None) -> str:
        """The role of a chunk; empty beyond the ends."""
        return self.chunks[at].role if at is not None and 0 <= at < len(self.chunks) else ""

    def roles(self, *roles: str) -> list[int]:
        """Where chunks of these roles stand."""
        return [at for at, chunk in enumerate(self.chunks) if chunk.role in roles]

    def of(self, *kinds: Kind) -> list[int]:
        """Where terms of these kinds stand."""
        return [at for at, kind in self.kinds.items() if kind in kinds]

    def terms(self, at: int) -> tuple[Term, ...]:
        """The meanings of a term in the kind that it has here."""
        return self.chunks[at].terms(self.kinds[at])

    def entity(self, at: int | None) -> str:
        """The entity that a noun names, or nothing."""
        return self.terms(at)[0].entity if at is not None and self.kinds.get(at) == "entity" else ""

    def next(self, at: int, loose: bool = False) -> int | None:
        """The next chunk that is no filler (or, `loose`, no preposition either)."""
        return self._step(at, 1, loose)

    def previous(self, at: int, loose: bool = False) -> int | None:
        """The chunk before, likewise."""
        return self._step(at, -1, loose)

    def noun(self, at: int) -> int | None:
        """The noun of the phrase that follows `at`, behind its values: "open P1 tickets"."""
        following = self.next(at)
        while following is not None and (
            self.kinds.get(following) == "value"
            or self.role(following) in {"and", "or", "not"}
            or (self.kinds.get(following) == "field" and self.dates(following))
        ):
            following = self.next(following)
        return following if following is not None and self.entity(following) else None

    def numbered(self, at: int) -> bool:
        """ "customer 42": whether rows of the noun at `at` are known by a whole number."""
        return bool(self.entity(at)) and self.lexicon.key_type(self.entity(at)) == "int64"

    def plural_value(self, at: int | None) -> bool:
        """ "consultants", "no-shows": a value that stands for its rows, since it is counted."""
        if at is None or self.kinds.get(at) != "value" or self.noun(at) is not None:
            return False
        return self.chunks[at].rank("value") == 1

    def numeric(self, at: int | None) -> tuple[Term, ...]:
        """The numeric fields that a term may mean."""
        return self._fields(at, NUMERIC)

    def dates(self, at: int | None) -> tuple[Term, ...]:
        """The date fields that a term may mean."""
        return self._fields(at, TEMPORAL)

    def left_over(self) -> list[str]:
        """What was not understood: unknown words, and words that found no use."""
        return [
            chunk.text
            for at, chunk in enumerate(self.chunks)
            if at not in self.used
            and (chunk.role in _MUST | {"unknown", "number", "quote", "search", "period", "term"})
        ]

    def _names(self, at: int) -> bool:
        """Whether a chunk can be what a "their" behind it is about."""
        field = self.kinds.get(at) == "field" and not self.numeric(at) and not self.dates(at)
        named = field or bool(self.entity(at)) or self.plural_value(at)
        return named or self.role(at) == "quote" or self.chunks[at].text == "who"

    def _fields(self, at: int | None, types: Iterable[str]) -> tuple[Term, ...]:
        if at is None or self.role(at) != "term":
            return ()
        terms = self.chunks[at].terms("field")
        return tuple(term for term in terms if self.lexicon.spec(term).family in types)

    def unused(self, *roles: str) -> list[int]:
        """Where chunks of these roles stand that were not ticked off."""
        return [at for at in self.roles(*roles) if at not in self.used]

    def _step(self, at: int, by: int, loose: bool) -> int | None:
        at += by
        while 0 <= at < len(self.chunks):
            chunk = self.chunks[at]
            if chunk.role != "stop" or not (loose or chunk.text in _FILLER):
                return at
            at += by
        return None

    def _kind(self, at: int, chunk: Chunk) -> Kind:
        best = min(meaning.rank for meaning in chunk.meanings)
        kinds = {meaning.term.kind for meaning in chunk.meanings if meaning.rank == best}
        before = self.previous(at)
        while before is not None and self.kinds.get(before) == "value":
            before = self.previous(before)
        if chunk.rank("entity") < 9 and self.role(before) == "count":
            return "entity"
        if "field" in kinds and self.dates(at) and self.role(self.next(at, loose=True)) == "period":
            return "field"
        if "value" in kinds and self.dates(at) and self._verb(at):
            return "field"
        if {"metric", "field"} <= kinds and self._compared_field(at, chunk):
            return "field"
        if {"value", "field"} <= kinds and not self.dates(at):
            return "value" if self._before_its_noun(at, chunk) else "field"
        order: tuple[Kind, ...] = ("value", "metric", "entity", "field")
        return next(kind for kind in order if kind in kinds)

    def _verb(self, at: int) -> bool:
        """ "did customers open": a verb ends what "did" began; no noun follows it."""
        asked = any(chunk.text in {"did", "do", "does"} for chunk in self.chunks[:at])
        after = self.next(at)
        return asked and not (after is not None and self.chunks[after].terms("entity"))

    def _compared_field(self, at: int, chunk: Chunk) -> bool:
        """ "tickets with satisfaction below 3" is about the field, not the metric of that name."""
        if self.role(self.next(at, loose=True)) not in COMPARED | {"number"}:
            return False
        fields = {term.entity for term in chunk.terms("field")}
        return any(term.entity in fields for c in self.chunks for term in c.terms("entity"))

    def _before_its_noun(self, at: int, chunk: Chunk) -> bool:
        after = self.next(at)
        nouns = self.chunks[after].terms("entity") if after is not None else ()
        return bool({t.entity for t in nouns} & {t.entity for t in chunk.terms("value")})
