"""A question becomes chunks: model words, periods, numbers, quotes, and the roles of plain English.

Nothing is weighed here; what no list and no model knows is left as an `unknown` chunk.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from orchestrator.plan import periods, times
from orchestrator.plan.lexicon import Kind, Lexicon, Meaning, Term, stem
from orchestrator.plan.roles import (
    ABOUT,
    ASIDE,
    COMPARISONS,
    EARLIER,
    END,
    MENTION,
    RESUME,
    ROLES,
    STOP,
    TALK,
)

CLOSE = 0.87

_TOKEN = re.compile(
    r"[“\"](?P<quote>[^”\"]+)[”\"]"
    r"|(?P<day>\d{4}-\d{2}-\d{2})"
    r"|(?P<number>\d[\d,]*(?:\.\d+)?(?:\s?(?:k|m|million|thousand)\b)?)(?![^\W_])"
    r"|(?P<word>[^\W_]+(?:['’][a-z]+)?)"
    r"|(?P<mark>>=|<=|<>|!=|[<>=,;€$£%])",
    re.IGNORECASE,
)
_SCALE = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case as it will be compared, and its sort: word, number, quote or mark."""

    text: str
    sort: str
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of the question with one role.

    Roles: term, period, number, quote, search, grain, stop, unknown, or a key of the role table.
    """

    role: str
    text: str
    meanings: tuple[Meaning, ...] = ()
    period: times.Period | None = None
    number: float = 0.0

    def terms(self, kind: Kind) -> tuple[Term, ...]:
        """The closest meanings of that kind."""
        ranks = [meaning.rank for meaning in self.meanings if meaning.term.kind == kind]
        return tuple(
            meaning.term
            for meaning in self.meanings
            if meaning.term.kind == kind and meaning.rank == min(ranks)
        )

    def rank(self, kind: Kind) -> int:
        """How close the closest meaning of that kind is; 9 when there is none."""
        return min((m.rank for m in self.meanings if m.term.kind == kind), default=9)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The chunks of a question, and the spellings that were corrected, as (written, read)."""

    chunks: tuple[Chunk, ...]
    corrections: tuple[tuple[str, str], ...] = ()


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text; "don't" is "not", "Acme's" is "acme"."""
    for match in _TOKEN.finditer(text):
        found = match[0].lower().replace("’", "'")
        if match["quote"]:
            yield Token(match["quote"], "quote")
        elif match["number"]:
            yield Token(found.replace(",", ""), "number", _number(found))
        elif match["word"] and found.endswith("n't"):
            yield Token("not", "word")
        elif match["word"] or match["day"]:
            yield Token(found.split("'")[0], "word")
        else:
            yield Token(found, "mark")


def _number(text: str) -> float:
    shape = re.match(r"([\d,.]+)\s?(\w*)", text)
    assert shape is not None
    return float(shape[1].replace(",", "")) * _SCALE.get(shape[2], 1)


class Tagger:
    """Reads sentences by the words of one model."""

    def __init__(
        self, lexicon: Lexicon, searchable: frozenset[str], fiscal_starts: int | None = None
    ) -> None:
        self._lexicon = lexicon
        self._fiscal_starts = fiscal_starts
        self._searchable = searchable
        self._roles = {
            tuple(re.findall(r"[^\W_]+|[^\w\s]+", phrase)): role
            for role, phrases in ROLES.items()
            for phrase in phrases.split("|")
        }
        spoken = {word for phrase in self._roles for word in phrase} | STOP | times.WORDS
        self._known = lexicon.vocabulary | spoken | lexicon.units
        self._spellings = sorted(word for word in self._known if len(word) > 3)

    def read(self, text: str, today: date) -> Sentence:
        """Chunk the text; words that nothing knows are tried in their nearest known spelling."""
        found = list(tokens(text))
        chunks = self._chunks(found, today)
        fixes: dict[str, str] = {}
        for chunk in chunks:
            if chunk.role == "unknown" and len(chunk.text) > 3 and chunk.text not in self._known:
                near = difflib.get_close_matches(chunk.text, self._spellings, 1, CLOSE)
                fixes |= {chunk.text: near[0]} if near else {}
        if fixes:
            found = [
                Token(fixes.get(token.text, token.text), token.sort, token.value) for token in found
            ]
            chunks = self._chunks(found, today)
        return Sentence(tuple(chunks), tuple(fixes.items()))

    def _chunks(self, found: Sequence[Token], today: date) -> list[Chunk]:
        words = [token.text if token.sort != "quote" else "“”" for token in found]
        chunks: list[Chunk] = []
        at = 0
        while at < len(found):
            chunk, length = (
                self._search(found, words, at, today, chunks)
                or self._earlier(words, at, chunks)
                or self._plain(found, words, at, today, chunks)
            )
            chunks.append(chunk)
            at += length
        return chunks

    def _earlier(self, words: list[str], at: int, before: list[Chunk]) -> tuple[Chunk, int] | None:
        """ "the month before" behind "vs": a period told by another one."""
        match = EARLIER.match(" ".join(words[at:]))
        if match is None or not before or before[-1].role != "versus":
            return None
        return Chunk("earlier", match[0]), len(match[0].split())

    def _plain(
        self,
        found: Sequence[Token],
        words: list[str],
        at: int,
        today: date,
        before: list[Chunk],
    ) -> tuple[Chunk, int]:
        token = found[at]
        if token.sort == "quote":
            return Chunk("quote", token.text), 1
        period = self._period(words, at, today)
        if period:
            return Chunk("period", period[0].text, period=period[0]), period[1]
        term = None if self._idle(words, at) else self._lexicon.match(words, at)
        if term and term[1] > 1 and self._role(words, at + term[1] - 1)[1] > 1:
            term = self._lexicon.match(words[: at + term[1] - 1], at)  # "ordered | at least"
        role, length = self._role(words, at)
        if role == "share" and at and found[at - 1].sort == "number":
            return Chunk("unknown", token.text), 1
        if term and (term[1] > length or (term[1] == length and term[0][0].rank < 2)):
            return Chunk("term", " ".join(words[at : at + term[1]]), meanings=term[0]), term[1]
        if role:
            return Chunk(role, " ".join(words[at : at + length])), length
        if token.sort == "number":
            return Chunk("number", token.text, number=token.value), 1
        led = bool(before) and before[-1].role in COMPARISONS
        if token.text in times.NUMBERS and (token.text != "one" or led):
            return Chunk("number", token.text, number=float(times.NUMBERS[token.text])), 1
        grain = times.ADVERBS.get(token.text, token.text.removesuffix("s"))
        if grain in times.GRAINS:
            return Chunk("grain", token.text), 1
        known = token.text in STOP or token.text in self._lexicon.units or token.sort == "mark"
        return Chunk("stop" if known else "unknown", token.text), 1

    def _idle(self, words: list[str], at: int) -> bool:
        """ "customers placed 3 orders": a plain verb that is also a value, but not beside its noun
        or behind "is"."""
        match = self._lexicon.match(words, at)
        if words[at] not in STOP or match is None or match[1] > 1:
            return False
        values = {meaning.term.entity for meaning in match[0] if meaning.term.kind == "value"}
        after = self._lexicon.match(words, at + 1)
        beside = {one.term.entity for one in after[0]} if after else set[str]()
        asked = at > 0 and words[at - 1] in {"is", "are", "was", "were", "status", "or", "and"}
        return bool(values) and not asked and not values & beside

    def _period(self, words: list[str], at: int, today: date) -> tuple[times.Period, int] | None:
        """The period that starts here, unless its last words begin a longer name: "in Q3 goals"."""
        found = periods.read(words, at, today, self._fiscal_starts)
        inside = range(found[1]) if found else ()
        terms = ((skip, self._lexicon.match(words, at + skip)) for skip in inside)
        if found and any(term and skip + term[1] > found[1] for skip, term in terms):
            return None
        return found

    def _role(self, words: list[str], at: int) -> tuple[str, int]:
        for length in (4, 3, 2, 1):
            role = self._roles.get(tuple(words[at : at + length]))
            if role:
                return role, min(length, len(words) - at)
        return "", 1 if words[at] in STOP else 0

    def _search(
        self,
        found: Sequence[Token],
        words: list[str],
        at: int,
        today: date,
        before: list[Chunk],
    ) -> tuple[Chunk, int] | None:
        """ "complained about invoices", "mention invoices", "notes about invoices"."""
        if not self._searchable or found[at].sort != "word":
            return None
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        if stem(word) in TALK and after in ABOUT and after and not self._a_noun(words, at):
            start, skip = at, 2
        elif after and (
            stem(word) in MENTION or word in ASIDE or self._on_topic(words, at, today, before)
        ):
            start, skip = at + 1, 1
        else:
            return None
        if start > at and self._of_noun(words, at, before):
            return Chunk("stop", word), 1
        end = self._search_end(found, words, at + skip, today)
        if end <= at + skip:
            return None
        quoted = [token.text for token in found[at:end] if token.sort == "quote"]
        text = quoted[0] if quoted else " ".join(words[start:end])
        return Chunk("search", text), end - at

    def _a_noun(self, words: list[str], at: int) -> bool:
        """ "complaints about …" where the model has complaints."""
        match = self._lexicon.match(words, at)
        return bool(match) and any(one.term.kind == "entity" for one in match[0])

    def _on_topic(self, words: list[str], at: int, today: date, before: list[Chunk]) -> bool:
        """ "feedback on parking", where neither a day nor a word of the model follows."""
        nouns = {term.entity for term in before[-1].terms("entity")} if before else set[str]()
        if words[at] != "on" or not nouns & self._searchable:
            return False
        period = periods.read(words, at, today, self._fiscal_starts)
        return period is None and self._lexicon.match(words, at + 1) is None

    def _of_noun(self, words: list[str], at: int, before: list[Chunk]) -> bool:
        """ "tickets about billing" is a value of tickets when billing is one."""
        nouns = {term.entity for term in before[-1].terms("entity")} if before else set[str]()
        match = self._lexicon.match(words, at + 1)
        return bool(match) and any(
            meaning.term.kind == "value" and meaning.term.entity in nouns for meaning in match[0]
        )

    def _search_end(self, found: Sequence[Token], words: list[str], first: int, today: date) -> int:
        for at in range(first, len(words)):
            word, sort = words[at], found[at].sort
            if word in END or (sort == "mark" and word in {",", ";"}):
                return at
            if periods.read(words, at, today, self._fiscal_starts):
                return at
            if at > first and self._turns(words, at):
                return at
        return len(words)

    def _turns(self, words: list[str], at: int) -> bool:
        """Whether the sentence leaves its topic here: "… in Germany", "… spent the most"."""
        if words[at - 1] in {"and", "or", "of"}:
            return False
        if words[at] == "and" and words[at + 1 : at + 2] and words[at + 1] in RESUME:
            return True
        if self._role(words, at)[0] in {"most", "least", ">", ">=", "<", "<=", "between"}:
            return True
        ahead = at + 1 if words[at] in {"in", "from", "and"} and at + 1 < len(words) else at
        match = self._lexicon.match(words, ahead)
        if match is None:
            return False
        kinds = {meaning.term.kind for meaning in match[0]}
        return ("value" in kinds and ahead > at and words[at] != "and") or "metric" in kinds
