"""The head of a question: what "which", "list" or "top 5" asks for."""

from orchestrator.plan.sketch import Sketch
from orchestrator.plan.words import COMPARED, RANKED


class Heading:
    """Reads the head into a sketch, and the group that it is when there are measures."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch

    def read(self) -> None:
        """The noun or field that is asked for."""
        self.fields()
        self._nouns()

    def _nouns(self) -> None:
        sketch, words = self._sketch, self._sketch.words
        said = [at for at in words.of("entity") if at not in sketch.grouped | set(sketch.measured)]
        ranked = [words.noun(at) for at in words.roles("most", "least")]
        said = [at for at in said if at not in ranked]
        first = min((m.at for m in sketch.measures if not sketch.ranks(m.at)), default=len(words))
        who = next((at for at in words.roles("list") if words.chunks[at].text == "who"), None)
        if who is not None and not any(at < who for at in words.of("entity", "field")):
            sketch.who = sketch.paths.most_pointed_at()
            sketch.head = -1
        elif said and said[0] < first and not sketch.distinct:
            theirs = any(chunk.text == "their" for chunk in words.chunks)
            ranks = theirs or not sketch.measures or self._compares_or_ranks()
            if sketch.listed(said[0]) or ranks:
                sketch.head = said[0] if not words.roles("how much") else None
        if sketch.head is not None and sketch.measures and self._rankable():
            sketch.groups.insert(0, sketch.whole(sketch.head_entity()))

    def _rankable(self) -> bool:
        """Whether measures can go by the head: "which customers spent the most"."""
        sketch = self._sketch
        return sketch.paths.to_one(sketch.measures[0].entity, sketch.head_entity()) is not None

    def _compares_or_ranks(self) -> bool:
        sketch = self._sketch
        return bool(sketch.words.roles(*RANKED, *COMPARED, "top", "bottom")) or any(
            sketch.ranks(measure.at) for measure in sketch.measures
        )

    def fields(self) -> None:
        """ "which countries …", "top 5 categories …", "which month …"."""
        sketch, words = self._sketch, self._sketch.words
        for at in [*words.roles("which", "top", "bottom"), *self._leading()]:
            after = words.next(at)
            if words.role(after) == "number" and after is not None:
                after = words.next(after)
            if after is None or after in words.used:
                continue
            of = words.role(after + 1) == "stop" and words.chunks[after + 1].text == "of"
            plain = words.kinds.get(after) == "field" and all(
                words.lexicon.spec(term).type == "string" for term in words.terms(after)
            )
            if words.role(after) == "grain" or (plain and not of):
                sketch.group(after)
                words.used.add(after)
                sketch.limit = sketch.limit or sketch.one(after)
                self._counted()
                sketch.distinct = not sketch.measures and words.role(at) == "which"

    def _leading(self) -> list[int]:
        """ "the 3 account managers with the fewest customers": where the question's first field
        is ranked by a number of others."""
        words = self._sketch.words
        first = next((at for at in range(len(words)) if words.role(at) == "term"), None)
        asked = words.roles("which", "top", "bottom")
        if first is None or asked or words.kinds.get(first) != "field":
            return []
        ranked = [at for at in words.roles("most", "least") if at > first and words.noun(at)]
        return [first - 1] if ranked else []

    def _counted(self) -> None:
        """ "which countries have more than 60 customers": the number of each group is compared."""
        sketch, words = self._sketch, self._sketch.words
        if sketch.measures or not sketch.waiting:
            return
        fields = {term.entity for terms, _ in sketch.waiting for term in terms}
        for at in words.roles("number"):
            noun = words.noun(at)
            compared = words.role(words.previous(at)) in COMPARED
            ways = (sketch.paths.to_one(words.entity(noun), one) for one in fields)
            if compared and noun is not None and any(way is not None for way in ways):
                sketch.count(noun)
