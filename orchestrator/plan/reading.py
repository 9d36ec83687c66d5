"""A question to the frame of its request: measures, groups, head, order and the nouns beside."""

from orchestrator.plan.grouping import Grouping
from orchestrator.plan.heading import Heading
from orchestrator.plan.lexicon import Term
from orchestrator.plan.measuring import Measuring
from orchestrator.plan.ranking import Ranking
from orchestrator.plan.request import Request, Scope
from orchestrator.plan.sketch import Sketch


class Reading:
    """Reads a question that stands by itself; `Details` fills in its filters."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch

    def request(self) -> Request:
        """The request without its filters."""
        sketch, grouping, ranking = self._sketch, Grouping(self._sketch), Ranking(self._sketch)
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
            scopes=self._scopes(base),
            order=ranking.order(),
            descending=sketch.descending,
            limit=sketch.limit,
        )

    def _base(self) -> str:
        sketch = self._sketch
        if sketch.measures:
            return sketch.measures[0].entity
        if sketch.head_entity():
            return sketch.head_entity()
        if isinstance(sketch.order, Term):
            return sketch.order.entity
        nouns = [sketch.words.entity(at) for at in sketch.words.of("entity")]
        fields = [t for at in sketch.words.of("field") for t in sketch.words.terms(at)[:1]]
        fields += [terms[0] for terms in sketch.waiting]
        return next(iter([*nouns, *(term.entity for term in fields)]), "")

    def _scopes(self, base: str) -> list[Scope]:
        sketch = self._sketch
        scopes: list[Scope] = []
        head = sketch.head_entity()
        for at in sketch.words.of("entity"):
            entity = sketch.words.entity(at)
            own = at == sketch.head or at in sketch.measured or at in sketch.grouped
            scope = Scope(entity, at, named=not own)
            if not own:
                self._modified(scope)
                counted = bool(scope.negated or scope.having)
                inside = (
                    sketch.head is not None and sketch.head < at and bool(head) and sketch.measures
                )
                first = min((m.at for m in sketch.measures), default=-1)
                scope.apart = entity == base and bool(inside) and (counted or at < first)
            sketch.words.used.add(at)
            scopes.append(scope)
        return scopes

    def _modified(self, scope: Scope) -> None:
        """ "no open tickets", "more than 3 open tickets", "2 tickets"."""
        words = self._sketch.words
        before = words.previous(scope.at)
        while before is not None and (
            words.kinds.get(before) == "value" or words.role(before) in {"and", "or"}
        ):
            before = words.previous(before)
        if before is None:
            return
        valued = before + 1 < scope.at and words.kinds.get(scope.at - 1) == "value"
        if words.role(before) == "no" or (words.role(before) == "not" and not valued):
            scope.negated = True
            words.used.add(before)
        elif words.role(before) == "number" and before not in words.used:
            comparison, start = self._sketch.comparison(before)
            scope.having = comparison
            words.used |= set(range(start, before + 1))
