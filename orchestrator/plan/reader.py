"""A question to its request and its SQL: by itself, or as a follow-up to those before it."""

from dataclasses import dataclass, field
from datetime import date

from orchestrator.plan import cues, possible
from orchestrator.plan.amending import Amending
from orchestrator.plan.cues import Cues
from orchestrator.plan.details import Details
from orchestrator.plan.lexicon import Lexicon
from orchestrator.plan.paths import Paths
from orchestrator.plan.phrases import phrases
from orchestrator.plan.query import Builder
from orchestrator.plan.reading import Reading
from orchestrator.plan.request import Request, UnclearError
from orchestrator.plan.sentence import Sentence, Tagger
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.words import Words
from orchestrator.retrieve.mentions import Mentions, mentioned
from orchestrator.semantic import SemanticModel


@dataclass(slots=True)
class Read:
    """A question as it was read. Without `sql` it was not: `left` are the words that were not
    understood, `unclear` says what may mean two things. `kept` and `left_out` are parts of the
    question before; `anew` is its limit, when other rows than those shown may come within it.
    `narrowed` says which sources it was to be about.
    """

    sentence: Sentence
    sketch: Sketch
    request: Request | None = None
    sql: str = ""
    warnings: tuple[str, ...] = ()
    left: list[str] = field(default_factory=list[str])
    unclear: UnclearError | None = None
    kept: tuple[str, ...] = ()
    anew: int | None = None
    narrowed: str = ""
    left_out: tuple[str, ...] = ()
    stands_alone: bool = True


class Reader:
    """Reads questions by the words of one model; days are those of `zone`."""

    def __init__(self, model: SemanticModel) -> None:
        self.model = model
        self.paths = Paths(model)
        self._vocabularies: dict[tuple[str, ...], tuple[Lexicon, Tagger]] = {}

    def read(self, text: str, today: date, zone: str, before: Request | None = None) -> Read:
        """A question after the request `before` it in its thread, if there was one.

        It is read by itself when it names what it asks for and nothing in it points back.
        """
        asked = mentioned(text, self.model)
        alone = self._alone(asked, today, zone)
        said = cues.read(asked.text, alone.sketch.words.whose)
        alone.stands_alone = _stands_alone(alone, said)
        if before is None and said.whose:
            alone.sql, alone.unclear = "", UnclearError(f"“{said.whose}”: of whom? Name them.")
        if before is None or (alone.stands_alone and alone.sql):
            return alone
        amended = self._amended(asked, said, today, zone, before)
        return alone if alone.stands_alone and not amended.sql else amended

    def thread(self, texts: tuple[str, ...], today: date, zone: str) -> Request | None:
        """What the questions of a thread came to, oldest first; None when it can't be told."""
        request = None
        for at, text in enumerate(texts):
            read = self.read(text, today, zone, request)
            known = request is not None or at == 0 or read.stands_alone
            request = read.request if read.sql and known else None
        return request

    def _alone(self, asked: Mentions, today: date, zone: str) -> Read:
        read = self._started(asked, asked.text, today)
        if not read.sketch.words.speak_of_the_model:
            return read
        try:
            reading = Reading(read.sketch)
            read.request = reading.request()
            Details(read.sketch, read.request).fill()
            reading.settle(read.request)
            self._finish(read, zone)
        except UnclearError as unclear:
            read.unclear = unclear
            read.left = [c.text for c in read.sentence.chunks if c.role == "unknown"]
        return read

    def _amended(
        self, asked: Mentions, said: Cues, today: date, zone: str, before: Request
    ) -> Read:
        read = self._started(asked, said.rest, today, before.base)
        read.stands_alone = False
        amending = Amending(read.sketch, before, said)
        try:
            read.request = amending.request()
            self._finish(read, zone)
        except UnclearError as unclear:
            read.unclear = unclear
        else:
            now = phrases(read.request)
            read.kept = tuple(one for one in phrases(before) if one in now)
            read.left_out = tuple(amending.left_out)
            same = read.request.limit == before.limit and len(read.kept) > 1
            read.anew = before.limit if same and len(now) > len(read.kept) else None
            if read.sql == self._sql(before, zone):
                read.sql = ""  # it changed nothing, so it was not understood
        return read

    def _started(self, asked: Mentions, text: str, today: date, before: str = "") -> Read:
        lexicon, tagger = self._vocabulary(asked.entities)
        sentence = tagger.read(text, today)
        sketch = Sketch(self.model, self.paths, Words(sentence, lexicon), before)
        return Read(sentence, sketch, narrowed=asked.words)

    def _vocabulary(self, entities: tuple[str, ...]) -> tuple[Lexicon, Tagger]:
        """The words of those entities alone."""
        if entities not in self._vocabularies:
            lexicon = Lexicon(self.model, entities)
            texts = frozenset(name for name in entities if self.model.entities[name].text_source)
            self._vocabularies[entities] = (
                lexicon,
                Tagger(lexicon, texts, self.model.fiscal_year_starts),
            )
        return self._vocabularies[entities]

    def _finish(self, read: Read, zone: str) -> None:
        """Write the query, if every word was understood."""
        read.left = read.sketch.words.left_over()
        if read.left or read.request is None or not read.request.base:
            return
        possible.check(read.request, self.paths)
        builder = Builder(self.model, self.paths, read.request, zone)
        read.sql = builder.sql()
        read.warnings = builder.warnings

    def _sql(self, request: Request, zone: str) -> str:
        return Builder(self.model, self.paths, request, zone).sql()


def _stands_alone(alone: Read, said: Cues) -> bool:
    """Whether a question names what it asks for, and nothing in it points back."""
    words, sketch = alone.sketch.words, alone.sketch
    measured = bool(sketch.measures)
    nouns = [at for at in words.of("entity") if at not in sketch.grouped]
    named = measured or bool(nouns or sketch.who or words.roles("search", "quote"))
    if not measured and [c.role for c in words.chunks if c.role != "stop"] == ["which", "term"]:
        return False  # "which customers?" asks for those of the question before
    return named and not said.refers and (measured or not said.leans)
