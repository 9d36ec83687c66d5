"""A question to the frame of its request: measures, groups, head, order and the nouns beside."""

from orchestrator.plan.grouping import Grouping
from orchestrator.plan.heading import Heading
from orchestrator.plan.lexicon import Term
from orchestrator.plan.measuring import Measuring
from orchestrator.plan.nouns import Nouns
from orchestrator.plan.ranking import Ranking
from orchestrator.plan.request import Request, UnclearError
from orchestrator.plan.sharing import Sharing
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.versus import Versus


class Reading:
    """Reads a question that stands by itself; `Details` fills in its filters."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._sharing = Sharing(sketch)
        self._versus = Versus(sketch)

    def request(self) -> Request:
        """The request without its filters."""
        if self._sketch.words.command:
            raise UnclearError(
                f"I answer questions, and change nothing: “{self._sketch.words.chunks[0].text}” is "
                "no question. Ask which rows you mean."
            )
        sketch, grouping, ranking = self._sketch, Grouping(self._sketch), Ranking(self._sketch)
        self._sharing.read()
        self._versus.read()
        grouping.read()
        Measuring(sketch).read()
        Heading(sketch).read()
        ranking.read()
        grouped = sketch.groups or sketch.waiting
        if not sketch.measures and grouped and sketch.head_entity() and not sketch.distinct:
            sketch.count(sketch.head)
        base = self._base()
        sketch.groups = grouping.settled(base)
        return Request(
            base=base,
            head=sketch.head_entity(),
            measures=sketch.measures,
            groups=sketch.groups,
            scopes=Nouns(sketch).scopes(base),
            order=ranking.order(),
            descending=sketch.descending,
            limit=sketch.limit,
            per_group=self._per_group(),
        )

    def settle(self, request: Request) -> None:
        """What rests on the filters: shares of a part, and the period to compare with."""
        self._versus.settle(request)
        self._sharing.settle(request)

    def _per_group(self) -> bool:
        """ "top 3 products in each category": the limit holds within each."""
        sketch = self._sketch
        each = [group.each for group in sketch.groups]
        beside = [g for g in sketch.groups if not g.grain and not g.whole]
        if sketch.limited and sketch.head_entity() and beside and not any(each):
            self._ask_of_each()
        return bool(sketch.limit and sketch.measures) and len(set(each)) == 2

    def _ask_of_each(self) -> None:
        """ "top 3 products by category": of all, or within each category?"""
        words, limit = self._sketch.words, self._sketch.limit
        for at in words.roles("by"):
            item = words.next(at, loose=True)
            if item is not None and words.kinds.get(item) in {"field", "entity"}:
                text = words.chunks[item].text
                said = f"{words.chunks[at].text} {text}"
                raise UnclearError(
                    f"The first {limit} of all, or within each {text}?",
                    f"in each {text}",
                    said=said,
                )

    def _base(self) -> str:
        sketch = self._sketch
        if sketch.measures:
            return sketch.measures[0].entity
        if sketch.head_entity():
            return sketch.head_entity()
        if sketch.words.roles("how much") and sketch.words.roles("search"):
            return next(n for n, e in sketch.model.entities.items() if e.text_source)
        if isinstance(sketch.order, Term):
            return sketch.order.entity
        nouns = [sketch.words.entity(at) for at in sketch.words.of("entity")]
        fields = [t for at in sketch.words.of("field") for t in sketch.words.terms(at)[:1]]
        if not nouns and fields and fields[0].name in sketch.model.entities[fields[0].entity].key:
            said = next(sketch.words.chunks[at].text for at in sketch.words.of("field"))
        else:
            said = ""
        if said and " " not in said and not sketch.words.roles("quote"):
            raise UnclearError(f"“{said}” of what? Name a measure, or what is to be listed.")
        fields += [terms[0] for terms, _ in sketch.waiting]
        values = [at for at in sketch.words.of("value") if sketch.words.plural_value(at)]
        fields += [sketch.nearest(sketch.words.terms(at), "") for at in values]
        return next(iter([*nouns, *(term.entity for term in fields)]), "")
