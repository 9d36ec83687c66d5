"""The order of an answer: "the most", "top 5", "lowest health score", "latest"."""

from orchestrator.plan.lexicon import Term, plural
from orchestrator.plan.request import Measure
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.words import COMPARED, LEAST, RANKED

DEFAULT_LIMIT = 10


class Ranking:
    """Reads the order and the limit into a sketch."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch

    def read(self) -> None:
        """What ranks the rows, and how many are kept."""
        sketch, words = self._sketch, self._sketch.words
        for at in words.roles("top", "bottom", *RANKED):
            if at in words.used:
                continue
            role, after = words.role(at), words.next(at)
            sketch.descending = role not in LEAST | {"bottom"}
            self._limited(at)
            if self._by_age(at):
                words.used.add(at)
            elif role in {"latest", "oldest"}:
                noun = words.noun(at) or (words.noun(after) if after is not None else None)
                entity = words.entity(noun if noun is not None else sketch.head) or sketch.before
                if entity and sketch.model.entities[entity].time:
                    sketch.order = Term("field", entity, sketch.model.entities[entity].time or "")
                    words.used.add(at)
            elif after is not None and words.numeric(after) and after not in words.used:
                sketch.order = sketch.nearest(words.numeric(after), sketch.head_entity())
                words.used |= {at, after}
            elif role in {"most", "least"} and (noun := words.noun(at)) is not None:
                self._count_ranked(noun)
                words.used.add(at)
            elif sketch.measures or sketch.order:
                words.used.add(at)
            else:
                self._by_verb_or_size(at)
        self._led()
        if sketch.measures and any(sketch.ranks(m.at) for m in sketch.measures) and sketch.groups:
            sketch.order = sketch.order or next(m for m in sketch.measures if sketch.ranks(m.at))
        ranked = words.roles("top", "bottom", *RANKED)
        if ranked and (sketch.groups or sketch.waiting or sketch.order):
            self._default_limit()

    def _by_age(self, at: int) -> bool:
        """ "the oldest patients" are those of most age, where the model knows an age."""
        sketch, words = self._sketch, self._sketch.words
        text, noun = words.chunks[at].text, words.noun(at)
        number = words.next(at)
        if noun is None and words.role(number) == "number" and number is not None:
            noun = words.noun(number)
        entity = words.entity(noun if noun is not None else sketch.head) or sketch.before
        age = sketch.age_of(entity) if text in {"oldest", "youngest"} else ""
        if age:
            sketch.order, sketch.descending = Term("field", entity, age), text == "oldest"
        return bool(age)

    def _count_ranked(self, noun: int) -> None:
        sketch = self._sketch
        if noun == sketch.head:
            raise Unclear(f"The most {sketch.words.chunks[noun].text} by what? Name a measure.")
        sketch.count(noun)
        if sketch.head is not None and not sketch.groups and not sketch.waiting:
            sketch.groups.insert(0, sketch.whole(sketch.head_entity()))

    def _by_verb_or_size(self, at: int) -> None:
        """ "ordered the most" counts orders; "the biggest orders" are those of most amount."""
        sketch = self._sketch
        words, before, after = sketch.words, sketch.words.previous(at), sketch.words.next(at)
        noun = words.noun(after if after is not None and words.role(after) == "number" else at)
        field = before is not None and words.kinds.get(before) == "field"
        dates = words.dates(before) if field else ()
        verbs = [t for t in dates if sketch.model.entities[t.entity].time == t.name]
        if verbs and before is not None and sketch.head is not None:
            entity = verbs[0].entity
            sketch.add(plural(entity), "COUNT(*)", verbs[0], before)
            sketch.groups.insert(0, sketch.whole(sketch.head_entity()))
        elif sized := words.entity(noun) or sketch.before:
            size = sketch.size_of(sized)
            sketch.order = Term("field", sized, size)
            sketch.assumptions.append(f"“{words.chunks[at].text}” is by {sized}.{size}")
        elif field_after := self._plain_field(after):
            raise Unclear(f"The {words.chunks[at].text} {field_after} by what? Name a measure.")
        else:
            return
        words.used.add(at)

    def _plain_field(self, at: int | None) -> str:
        """ "best account manager": a field of words, which nothing measures."""
        words = self._sketch.words
        known = at is not None and words.kinds.get(at) == "field" and not words.dates(at)
        return words.chunks[at].text if known and at is not None else ""

    def _limited(self, at: int) -> None:
        """ "top 5", "5 biggest", "the latest 5"."""
        words = self._sketch.words
        for place in (words.next(at), words.previous(at)):
            compared = place is not None and words.role(words.previous(place)) in COMPARED
            if place is not None and words.role(place) == "number" and not compared:
                self._sketch.limit = int(words.chunks[place].number)
                self._sketch.limited = True
                words.used.add(place)

    def _led(self) -> None:
        """ "which 3 departments have the longest …", "the 3 countries with the fewest …"."""
        sketch, words = self._sketch, self._sketch.words
        ranked = words.roles("top", "bottom", *RANKED)
        for at in words.roles("number"):
            after, before = words.next(at), words.previous(at)
            headed = after is not None and (
                after == sketch.head or words.kinds.get(after) == "field"
            )
            compared = words.role(before) in COMPARED | {"and"}
            if at in words.used or sketch.limit or compared or not headed:
                continue
            if any(at < one for one in ranked):
                sketch.limit, sketch.limited = int(words.chunks[at].number), True
                words.used.add(at)

    def _default_limit(self) -> None:
        sketch = self._sketch
        head = sketch.head if sketch.head is not None and sketch.head >= 0 else None
        if sketch.limit is None and head is not None:
            sketch.limit = sketch.one(head)
        if sketch.limit is None:
            sketch.limit = DEFAULT_LIMIT
            sketch.assumptions.append(f"the first {DEFAULT_LIMIT} are shown")

    def order(self) -> Measure | tuple[str, str] | None:
        """What the rows are ordered by; None is the usual order of such an answer."""
        sketch = self._sketch
        if isinstance(sketch.order, Term):
            if sketch.measures:
                raise Unclear(
                    f"Order by {sketch.order} or by {sketch.measures[0].words}, not by both."
                )
            return sketch.order.entity, sketch.order.name
        ranked = sketch.words.roles("top", "bottom", *RANKED)
        if sketch.order is None and ranked and sketch.measures and sketch.groups:
            return sketch.measures[0]
        return sketch.order
