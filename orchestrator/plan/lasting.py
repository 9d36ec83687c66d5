"""How long something takes: "average time to solve a ticket", "days to deliver"."""

from orchestrator.plan.lexicon import TEMPORAL, Term
from orchestrator.plan.request import Measure
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch

_FUNCTIONS = {"avg": "AVG", "median": "MEDIAN", "min": "MIN", "max": "MAX"}
_SPOKEN = {"AVG": "average", "MEDIAN": "median", "MIN": "shortest", "MAX": "longest"}


class Lasting:
    """Reads the time from a row's beginning, its entity's `time`, to another of its dates."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._words = sketch.words

    def read(self) -> None:
        """Every "time to …", in days."""
        words = self._words
        for at in words.roles("duration"):
            end = words.next(at, loose=True)
            if end is None:
                continue
            term = self._end(end)
            if term is None:
                continue
            before = words.previous(at)
            led = before is not None and words.role(before) in _FUNCTIONS
            function = _FUNCTIONS[words.role(before)] if led else "AVG"
            self._measure(term, function, end)
            words.used |= {at, end} | ({before} if led and before is not None else set())

    def _end(self, at: int) -> Term | None:
        """The date that ends it: "solve" may be a status too, but ends nothing as such."""
        words = self._words
        if words.role(at) != "term":
            return None
        terms = words.chunks[at].terms("field")
        dates = [term for term in terms if words.lexicon.spec(term).type in TEMPORAL]
        nouns = {words.entity(one) for one in words.of("entity")}
        return next((one for one in dates if one.entity in nouns), dates[0] if dates else None)

    def _measure(self, term: Term, function: str, at: int) -> None:
        sketch, entity = self._sketch, self._sketch.model.entities[term.entity]
        start = entity.time
        if start is None or start == term.name:
            raise Unclear(f"{term.entity} has no other date that this time could begin with.")
        if entity.fields[start].type != entity.fields[term.name].type:
            raise Unclear(f"{start} and {term.name} can't be set against each other.")
        span = f"DATE_DIFF('second', {term.entity}.{start}, {term.entity}.{term.name})"
        name = f"{_SPOKEN[function]}_days_to_{term.name.removesuffix('_at').removesuffix('_on')}"
        expression = f"{function}({span}) / 86400.0"
        sketch.measures.append(Measure(name, expression, term.entity, at, (term.entity, start)))
        sketch.assumptions.append(f"counted in days from {start} to {term.name}")
        self._words.kinds.pop(at, None)
