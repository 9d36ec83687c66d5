"""What an answer goes by: "by country", "per month and segment", "monthly"."""

from dataclasses import replace

from orchestrator.plan import times
from orchestrator.plan.lexicon import Term
from orchestrator.plan.request import Group
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.words import AGGREGATED

_EACH = frozenset({"per", "each", "every", "for each", "for every", "in each", "in every"})


class Grouping:
    """Reads groups into a sketch, and settles them once its base is known."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch

    def read(self) -> None:
        """Every "by …" of the question; fields wait in the sketch for its base."""
        sketch, words = self._sketch, self._sketch.words
        for at in words.roles("by"):
            before, item = words.previous(at), words.next(at, loose=True)
            by_whom = (
                before is not None and words.kinds.get(before) == "field" and words.dates(before)
            )
            if by_whom and item is not None and words.kinds.get(item) in {"entity", "value"}:
                words.used.add(at)
                continue
            while item is not None and self._groupable(item):
                sketch.group(item, words.chunks[at].text in _EACH)
                words.used |= {at, item}
                after = words.next(item, loose=True)
                more = after is not None and words.role(after) == "and"
                item = words.next(after, loose=True) if more and after is not None else None
                item = words.next(item) if words.role(item) == "by" and item is not None else item
            if item is not None and (words.kinds.get(item) == "metric" or self._measuring(item)):
                words.used.add(at)
        for at in words.roles("grain"):
            if at not in words.used and words.chunks[at].text in times.ADVERBS:
                sketch.group(at)
                words.used.add(at)

    def _measuring(self, at: int) -> bool:
        sketch = self._sketch
        if sketch.words.numeric(at) and self._sorts(at):
            sketch.order = sketch.words.numeric(at)[0]
            sketch.words.used.add(at)
            return True
        return sketch.words.role(at) in {"count", *AGGREGATED}

    def _groupable(self, at: int) -> bool:
        words = self._sketch.words
        if words.role(at) == "grain":
            return True
        if words.entity(at):
            after, compound = words.next(at), words.chunks[at - 1].text in {"by", "per"}
            metric = compound and after is not None and words.kinds.get(after) == "metric"
            return words.role(after) != "count" and not metric
        return words.kinds.get(at) == "field" and not (words.numeric(at) and self._sorts(at))

    def _sorts(self, at: int) -> bool:
        said = self._sketch.words.chunks[at - 1].text
        return self._sketch.listed(at) or said in {"sorted by", "ranked by"}

    def settled(self, base: str) -> list[Group]:
        """The groups of the sketch, now that its base is known."""
        settled = [self._settled(group, base) for group in self._sketch.groups]
        return settled + [
            replace(self._field_group(terms, base), each=each)
            for terms, each in self._sketch.waiting
        ]

    def _field_group(self, terms: tuple[Term, ...], base: str) -> Group:
        term = self._sketch.nearest(terms, base)
        return Group(term.entity, term.name)

    def _settled(self, group: Group, base: str) -> Group:
        """A grain goes by the measures' time; a bare count goes by its entity's."""
        sketch, words = self._sketch, self._sketch.words
        said = [t for at in words.of("field") for t in words.dates(at) if t.entity == base]
        counts = all(measure.expression == "COUNT(*)" for measure in sketch.measures)
        if not group.grain or not counts or len(sketch.measures) > 1:
            return group
        entity, field = (base, said[-1].name) if said else sketch.time_of(base)
        return replace(group, entity=entity, field=field)
