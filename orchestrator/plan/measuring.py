"""What is measured: "how many orders", "average amount", a metric of the model."""

from orchestrator.plan.lasting import Lasting
from orchestrator.plan.lexicon import NUMERIC, plural
from orchestrator.plan.request import Measure
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.words import RANKED

_FUNCTIONS = {"avg": "AVG", "median": "MEDIAN", "sum": "SUM", "min": "MIN", "max": "MAX"}
_EXTREMES = {"biggest": "MAX", "smallest": "MIN"}
_SPOKEN = {"AVG": "average", "MEDIAN": "median", "SUM": "total", "MIN": "lowest", "MAX": "highest"}


class Measuring:
    """Reads measures into a sketch."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch

    def read(self) -> None:
        """Every measure of the question, in the order in which they are said."""
        sketch = self._sketch
        Lasting(sketch).read()
        self._counts()
        self._aggregates()
        self._metrics()
        sketch.measures.sort(key=lambda measure: measure.at)

    def _counts(self) -> None:
        sketch, words = self._sketch, self._sketch.words
        for at in words.roles("count"):
            after = words.next(at, loose=True)
            noun = words.noun(at)
            before = words.previous(at)
            if noun is None and words.entity(after):
                noun = after  # "number of new customers"
            if noun is not None:
                self._check_owned(at, noun)
                sketch.count(noun)
            elif after is not None and words.kinds.get(after) == "metric":
                pass
            elif after is not None and words.kinds.get(after) == "field":
                self._fields(after)
            elif after is not None and words.plural_value(after):
                sketch.count_rows(sketch.nearest(words.terms(after), "").entity, after)
                words.used.discard(after)
            elif before is not None and words.entity(before):
                sketch.count(before)
            else:
                continue
            words.used.add(at)

    def _check_owned(self, at: int, noun: int) -> None:
        """ "how many of them have open tickets" counts those who have them, and not the tickets."""
        words = self._sketch.words
        if any(words.chunks[one].text in {"have", "has", "had"} for one in range(at + 1, noun)):
            text = words.chunks[noun].text
            raise Unclear(
                f"How many of what have {text}? Name them, as in “how many … have {text}”."
            )

    def _fields(self, at: int) -> None:
        """ "how many smoke", "how many churned" are rows, of which the field is a condition."""
        sketch, words = self._sketch, self._sketch.words
        truths = [t for t in words.terms(at) if words.lexicon.spec(t).type == "bool"]
        terms = tuple(truths) or words.dates(at)
        if terms:
            sketch.count_rows(sketch.nearest(terms, sketch.before).entity, at)
            words.used.discard(at)
        else:
            self._distinct(at)

    def _distinct(self, at: int) -> None:
        """ "how many countries" are different values; "how many beds" is a sum."""
        sketch, words = self._sketch, self._sketch.words
        term = sketch.nearest(words.terms(at), "")
        entity = sketch.model.entities[term.entity]
        different = any(chunk.text in {"different", "distinct"} for chunk in words.chunks)
        keys = {*entity.key, *(c for r in sketch.model.relationships for c in r.from_columns)}
        if entity.fields[term.name].type == "int64" and term.name not in keys and not different:
            expression = f"SUM({term.entity}.{term.name})"
            if not any(metric.expression == expression for metric in sketch.model.metrics):
                sketch.guess(f"“{words.chunks[at].text}” are the sum of {term}")
            sketch.add(f"total_{term.name}", expression, term, at)
        else:
            name = term.name if term.name.endswith("s") else plural(term.name)
            sketch.add(name, f"COUNT(DISTINCT {term.entity}.{term.name})", term, at)

    def _aggregates(self) -> None:
        sketch, words = self._sketch, self._sketch.words
        for at in words.roles(*_FUNCTIONS, *_EXTREMES):
            if at in words.used:
                continue
            role, after = words.role(at), words.next(at)
            headed = any(noun < at for noun in words.of("entity"))
            if role in _EXTREMES and (headed or sketch.order or not words.numeric(after)):
                continue
            function = _FUNCTIONS.get(role) or _EXTREMES[role]
            fields = words.numeric(after)
            if after is not None and fields and words.kinds[after] == "field":
                term = sketch.nearest(fields, "")
                name = f"{_SPOKEN[function]}_{term.name}"
                sketch.add(name, f"{function}({term.entity}.{term.name})", term, after)
                words.used.add(at)
            elif after is not None and self._harmless(function, after):
                words.used.add(at)

    def _harmless(self, function: str, at: int) -> bool:
        """ "total revenue" and "total orders" say nothing new; "average revenue" would."""
        sketch, words = self._sketch, self._sketch.words
        if words.kinds.get(at) == "metric":
            metric = sketch.model.metric(words.terms(at)[0].name)
            if metric and metric.expression.upper().startswith(function):
                return True
            raise Unclear(
                f"“{words.chunks[at].text}” is already an aggregate of the model; an "
                f"{_SPOKEN[function]} of it can't be read. Name a field, as in "
                f"“{_SPOKEN[function]} {self._example()}”."
            )
        if function == "SUM" and words.entity(at):
            sketch.count(at)
            return True
        return function == "SUM" and words.role(at) == "count"

    def _example(self) -> str:
        sketch = self._sketch
        numbers = (
            field.replace("_", " ")
            for entity in sketch.model.entities.values()
            for field, spec in entity.fields.items()
            if spec.family in NUMERIC and not field.endswith("_id")
        )
        return next(numbers, "amount")

    def _metrics(self) -> None:
        sketch, words = self._sketch, self._sketch.words
        for at in words.of("metric"):
            if at in words.used:
                continue
            after = words.next(at)
            rival = words.next(after) if words.role(after) in RANKED and after is not None else None
            words.used.add(at)
            if rival is not None and words.kinds.get(rival) == "metric":
                continue  # "sold the most units": the verb says no more than the units do
            measure = self._metric(words.terms(at)[0].name, at)
            if all(known.name != measure.name for known in sketch.measures):
                sketch.measures.append(measure)

    def _metric(self, name: str, at: int) -> Measure:
        """A metric of the model as a measure of the entity whose rows it counts."""
        sketch = self._sketch
        spec = sketch.model.metric(name)
        assert spec is not None
        sides = [e for e in sketch.model.entities if f"{e}." in spec.expression]
        fits = (
            e for e in sides if all(sketch.paths.to_one(e, other) is not None for other in sides)
        )
        entity = next(fits, "")
        if not entity:
            raise Unclear(
                f"The metric {name} names no entity that all of its fields can be read from."
            )
        where, _, field = (spec.time or "").partition(".")
        time = (where, field) if field else None
        return Measure(name, spec.expression, entity, at, time, spec.unit or "", metric=True)
