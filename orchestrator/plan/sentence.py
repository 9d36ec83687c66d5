"""A question becomes chunks: model words, periods, numbers, quotes, and the roles of plain English.

Nothing is weighed here; what no list and no model knows is left as an `unknown` chunk.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from orchestrator.plan import times
from orchestrator.plan.lexicon import Kind, Lexicon, Meaning, Term, stem

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

_ROLES = {
    "how much": "how much|what amount",
    "count": "how many|number of|count of|count|amount of|total number of|total count of",
    "top": "top|first",
    "bottom": "bottom",
    "most": "the most|most",
    "least": "the least|least|the fewest|fewest",
    "biggest": "biggest|highest|largest|greatest|best",
    "smallest": "smallest|lowest|worst",
    "latest": "latest|newest|most recent|last",
    "oldest": "oldest|earliest",
    "by": "by|per|for each|for every|in each|in every|each|every|grouped by|group by|split by"
    "|broken down by|by each|sorted by|ranked by|according to",
    ">": ">|more than|over|above|greater than|higher than|bigger than|larger than|exceeding"
    "|exceeds|exceed|exceeded|better than",
    ">=": ">=|at least|no less than|not less than|minimum of",
    "<": "<|less than|under|below|fewer than|lower than|smaller than|worse than",
    "<=": "<=|at most|up to|no more than|not more than|maximum of",
    "=": "=|exactly|equal to|equals",
    "between": "between",
    "no": "no|without|without any|never|lacking|with no|have no|has no|had no",
    "not": "not|except|except for|excluding|other than|non|outside|outside of|<>|!=|is not"
    "|isn t|but not|apart from",
    "avg": "average|mean|avg",
    "sum": "total|sum of|sum|overall",
    "min": "minimum|min",
    "max": "maximum|max",
    "which": "which|what",
    "list": "list|show|show me|give me|who|find|display|get|tell me|their|name the",
    "and": "and|,|but|as well as|;|plus|along with|&",
    "or": "or",
}
_STOP = frozenset(
    "a an the of in on at to for from with within is are was were be been being do does did done "
    "has have had having that who whom whose where which what when there their our we us i me my "
    "you your it its they them this these those all any please can could would should will "
    "belong belongs belonging out than then also only just so as new per via into placed made "
    "how many list show me eur euro euros € $ £ % percent usd dollar dollars ever yet still "
    "currently now much did different distinct various made come comes came go goes went "
    "use uses used using got get gets".split()
)
_ASIDE = "about"
_MENTION = frozenset(map(stem, ("mention", "mentions", "mentioned", "discuss", "discussed")))
_TALK = frozenset(
    map(
        stem,
        "complain ask talk speak spoke grumble worry worried angry unhappy upset happy annoyed "
        "frustrated concerned write wrote wrote praise rave moan excited pleased".split(),
    )
)
_ABOUT = frozenset({"about", "of", "with", "over", "at", "that", "regarding"})
_RESUME = frozenset("have has had with who that are is were was did never no not".split())
_END = frozenset("who which that whose with without by per but having sorted".split())


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
        elif match["word"]:
            yield Token(found.split("'")[0], "word")
        else:
            yield Token(found, "mark")


def _number(text: str) -> float:
    shape = re.match(r"([\d,.]+)\s?(\w*)", text)
    assert shape is not None
    return float(shape[1].replace(",", "")) * _SCALE.get(shape[2], 1)


class Tagger:
    """Reads sentences by the words of one model."""

    def __init__(self, lexicon: Lexicon, searchable: frozenset[str]) -> None:
        self._lexicon = lexicon
        self._searchable = searchable
        self._roles = {
            tuple(re.findall(r"[^\W_]+|[^\w\s]+", phrase)): role
            for role, phrases in _ROLES.items()
            for phrase in phrases.split("|")
        }
        spoken = {word for phrase in self._roles for word in phrase} | _STOP | times.WORDS
        self._known = lexicon.vocabulary | spoken | lexicon.units
        self._spellings = sorted(word for word in self._known if len(word) > 3)

    def read(self, text: str, today: date) -> Sentence:
        """Chunk the text; words that nothing knows are tried in their nearest known spelling."""
        found = list(tokens(text))
        chunks = self._chunks(found, today)
        fixes: dict[str, str] = {}
        for chunk in chunks:
            near = difflib.get_close_matches(chunk.text, self._spellings, 1, CLOSE)
            if chunk.role == "unknown" and len(chunk.text) > 3 and near:
                fixes[chunk.text] = near[0]
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
            chunk, length = self._search(found, words, at, today, chunks) or self._plain(
                found, words, at, today
            )
            chunks.append(chunk)
            at += length
        return chunks

    def _plain(
        self, found: Sequence[Token], words: list[str], at: int, today: date
    ) -> tuple[Chunk, int]:
        token = found[at]
        if token.sort == "quote":
            return Chunk("quote", token.text), 1
        period, term = self._period(words, at, today), self._lexicon.match(words, at)
        if period:
            return Chunk("period", period[0].text, period=period[0]), period[1]
        role, length = self._role(words, at)
        if term and (term[1] > length or (term[1] == length and term[0][0].rank < 2)):
            return Chunk("term", " ".join(words[at : at + term[1]]), meanings=term[0]), term[1]
        if role:
            return Chunk(role, " ".join(words[at : at + length])), length
        if token.sort == "number":
            return Chunk("number", token.text, number=token.value), 1
        grain = times.ADVERBS.get(token.text, token.text.removesuffix("s"))
        if grain in times.GRAINS:
            return Chunk("grain", token.text), 1
        known = token.text in _STOP or token.text in self._lexicon.units or token.sort == "mark"
        return Chunk("stop" if known else "unknown", token.text), 1

    def _period(self, words: list[str], at: int, today: date) -> tuple[times.Period, int] | None:
        """The period that starts here, unless its last words begin a longer name: "in Q3 goals"."""
        found = times.read(words, at, today)
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
        return "", 1 if words[at] in _STOP else 0

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
        if stem(word) in _TALK and after in _ABOUT and after:
            start, skip = at, 2
        elif (stem(word) in _MENTION or word in {_ASIDE, "regarding"}) and after:
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
            if word in _END or (sort == "mark" and word in {",", ";"}):
                return at
            if times.read(words, at, today):
                return at
            if at > first and self._turns(words, at):
                return at
        return len(words)

    def _turns(self, words: list[str], at: int) -> bool:
        """Whether the sentence leaves its topic here: "… in Germany", "… spent the most"."""
        if words[at - 1] in {"and", "or", "of"}:
            return False
        if words[at] == "and" and words[at + 1 : at + 2] and words[at + 1] in _RESUME:
            return True
        if self._role(words, at)[0] in {"most", "least", ">", ">=", "<", "<=", "between"}:
            return True
        ahead = at + 1 if words[at] in {"in", "from", "and"} and at + 1 < len(words) else at
        match = self._lexicon.match(words, ahead)
        if match is None:
            return False
        kinds = {meaning.term.kind for meaning in match[0]}
        return ("value" in kinds and ahead > at and words[at] != "and") or "metric" in kinds
