"""The deterministic planner: reads a question by the words of the semantic model.

It never guesses. What it cannot read it asks back, with what it did understand.
"""

from itertools import pairwise

from orchestrator.plan import Clarification, Draft
from orchestrator.plan.details import Details
from orchestrator.plan.lexicon import Lexicon
from orchestrator.plan.paths import Paths
from orchestrator.plan.query import Builder
from orchestrator.plan.reading import Reading
from orchestrator.plan.request import Measure, Request
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sentence import Sentence, Tagger
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.words import Words
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel

_EXAMPLES = 3


class GrammarPlanner:
    """A planner that needs no language model: one question, day and model give one query."""

    name = "grammar"

    def __init__(self, model: SemanticModel) -> None:
        self._model = model
        self._paths = Paths(model)
        self._lexicon = Lexicon(model)
        texts = (name for name, entity in model.entities.items() if entity.text_source)
        self._tagger = Tagger(self._lexicon, frozenset(texts))

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """Semantic SQL, or what was not understood. Every word counts, so `candidates`, which
        narrow a model for a prompt, are not needed."""
        sentence = self._tagger.read(question.text, question.today)
        if not any(chunk.role in {"term", "search"} for chunk in sentence.chunks):
            return self._help(sentence)
        words = Words(sentence, self._lexicon)
        sketch = Sketch(self._model, self._paths, words)
        try:
            request = Reading(sketch).request()
            Details(sketch, request).fill()
            left = words.left_over()
            if left or not request.base:
                return self._not_understood(left, words)
            zone = question.requester.time_zone
            builder = Builder(self._model, self._paths, request, zone)
            sql = builder.sql()
        except Unclear as unclear:
            return Clarification(str(unclear), self._understood(words), unclear.options)
        return Draft(
            sql,
            self.name,
            confidence=self._confidence(sentence, sketch),
            assumptions=self._assumptions(sentence, sketch, request, zone),
            warnings=builder.warnings,
            template=self._template(sentence, request),
        )

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """The same words would give the same query again, so the problem is asked back."""
        return Clarification(f"I read the question, but its query does not hold: {problem}")

    async def close(self) -> None:
        """There is no connection to give back."""

    # What is said beside the query

    def _confidence(self, sentence: Sentence, sketch: Sketch) -> float:
        doubts = len(sentence.corrections) * 0.15 + len(sketch.assumptions) * 0.05
        return round(max(0.5, 0.95 - doubts), 2)

    def _assumptions(
        self, sentence: Sentence, sketch: Sketch, request: Request, zone: str
    ) -> tuple[str, ...]:
        said = [f"read “{wrong}” as “{right}”" for wrong, right in sentence.corrections]
        measured = {measure.name for measure in request.measures}
        measured |= {scope.metric.name for scope in request.scopes if scope.metric}
        for at in sketch.words.of("metric"):
            text, term = sentence.chunks[at].text, sketch.words.terms(at)[0]
            metric = self._model.metric(term.name)
            if metric and metric.name in measured:
                same = text == metric.name.replace("_", " ")
                called = "" if same else f"{metric.name.replace('_', ' ')}: "
                said.append(f"“{text}” is {called}{metric.expression}")
        said += [f"“{c.text}” is {c.period} ({zone})" for c in sentence.chunks if c.period]
        said += sketch.assumptions
        if (
            request.order
            and not request.descending
            and any(one.expression == "COUNT(*)" for one in request.measures)
        ):
            said.append("those that have none are left out")
        return tuple(dict.fromkeys(said))

    def _template(self, sentence: Sentence, request: Request) -> str:
        if not request.measures:
            return ""
        first = request.measures[0]
        value = f"{{{first.name}}}" + (f" {first.unit}" if first.unit else "")
        if not request.groups and len(request.measures) == 1:
            periods = [chunk.text for chunk in sentence.chunks if chunk.period]
            when = f" {periods[0]}" if len(periods) == 1 else ""
            return f"{_counted(first, value)}{when}."
        if isinstance(request.order, Measure) and request.order.name == first.name:
            group = request.groups[0]
            named = "{" + (group.grain or group.field) + "}"
            return f"{named} {'leads' if request.descending else 'comes last'} with {value}."
        return ""

    # What is asked back

    def _understood(self, words: Words) -> tuple[str, ...]:
        found: list[str] = []
        for at, chunk in enumerate(words.chunks):
            if chunk.role == "term":
                found.append(f"“{chunk.text}” ({words.terms(at)[0]})")
            elif chunk.period:
                found.append(f"“{chunk.text}” ({chunk.period})")
        return tuple(dict.fromkeys(found))

    def _not_understood(self, left: list[str], words: Words) -> Clarification:
        understood = self._understood(words)
        unread = " and ".join(f"“{text}”" for text in dict.fromkeys(left)) or "what to look for"
        did = f" I did understand {', '.join(understood)}." if understood else ""
        return Clarification(
            f"I did not understand {unread}.{did} Ask with the words of the model, and put a "
            f"name in quotes, as in {self._quoted_example(words)}.",
            understood,
            self._examples(),
        )

    def _quoted_example(self, words: Words) -> str:
        """A name in quotes: the unknown word behind "of" or "for", when there is one."""
        names = (
            chunk.text.title()
            for before, chunk in pairwise(words.chunks)
            if chunk.role == "unknown" and before.text in {"of", "for", "from", "by", "at"}
        )
        return f"{self._paths.most_pointed_at()} “{next(names, 'Name')}”"

    def _help(self, sentence: Sentence) -> Clarification:
        entities = ", ".join(name.replace("_", " ") for name in self._model.entities)
        metrics = ", ".join(metric.name.replace("_", " ") for metric in self._model.metrics)
        examples = self._examples()
        unknown = [chunk.text for chunk in sentence.chunks if chunk.role == "unknown"]
        unread = " and ".join(f"“{text}”" for text in dict.fromkeys(unknown)) or "what is asked"
        return Clarification(
            f"I did not understand {unread}. I know {entities}"
            f"{f'; I can measure {metrics}' if metrics else ''}. "
            f"For example: {' · '.join(f'“{text}”' for text in examples)}",
            options=examples,
        )

    def _examples(self) -> tuple[str, ...]:
        verified = [query.question for query in self._model.verified_queries]
        made = [f"{m.name.replace('_', ' ')} by month" for m in self._model.metrics if m.time]
        made += [f"how many {name.replace('_', ' ')}s?" for name in self._model.entities]
        return tuple([*verified, *made][:_EXAMPLES])


def _counted(measure: Measure, value: str) -> str:
    if measure.unit:
        return f"{value} of {measure.words}"
    if measure.expression.startswith("COUNT"):
        return f"{value} {measure.words}"
    return f"The {measure.words} is {value}"
