"""The nouns of a question as scopes: whose rows it speaks of, and what it says of their number."""

from orchestrator.plan.request import Scope
from orchestrator.plan.sketch import Sketch


class Nouns:
    """Reads nouns into scopes."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch

    def scopes(self, base: str) -> list[Scope]:
        """A scope for each noun; those that are measured, grouped or asked for are not `named`."""
        sketch = self._sketch
        scopes: list[Scope] = []
        head = sketch.head_entity()
        for at in sketch.words.of("entity"):
            entity = sketch.words.entity(at)
            own = at == sketch.head or at in sketch.measured or at in sketch.grouped
            scope = Scope(entity, at, named=not own)
            if not own:
                self._modified(scope, scopes)
                counted = bool(scope.negated or scope.having)
                inside = (
                    sketch.head is not None and sketch.head < at and bool(head) and sketch.measures
                )
                first = min((m.at for m in sketch.measures), default=-1)
                scope.apart = entity == base and bool(inside) and (counted or at < first)
            sketch.words.used.add(at)
            scopes.append(scope)
        return scopes

    def _modified(self, scope: Scope, others: list[Scope]) -> None:
        """ "no open tickets", "more than 3 open tickets", "2 tickets"."""
        words = self._sketch.words
        before = self._before(scope.at)
        if before is None or self._listed(before, scope, others):
            return
        valued = before + 1 < scope.at and words.kinds.get(scope.at - 1) == "value"
        if words.role(before) == "no" or (words.role(before) == "not" and not valued):
            scope.negated = True
            words.used.add(before)
        elif words.role(before) == "number" and before not in words.used:
            self._numbered(scope, before)

    def _numbered(self, scope: Scope, at: int) -> None:
        """ "2 tickets", "0 tickets"; but not those of "customer 42"."""
        comparison, start = self._sketch.comparison(at)
        if start == at and self._sketch.words.numbered(at - 1):
            return
        scope.negated = comparison.op in {"=", "<="} and comparison.numbers == (0,)
        scope.having = None if scope.negated else comparison
        self._sketch.words.used |= set(range(start, at + 1))

    def _before(self, at: int) -> int | None:
        """What stands before a noun and its values."""
        words, before = self._sketch.words, self._sketch.words.previous(at)
        while before is not None and (
            words.kinds.get(before) == "value" or words.role(before) in {"and", "or"}
        ):
            before = words.previous(before)
        return before

    def _listed(self, before: int, scope: Scope, others: list[Scope]) -> bool:
        """ "without orders or tickets": what is denied of one noun is denied of those beside it."""
        words = self._sketch.words
        joins = {at for at in words.roles("and", "or") if before < at < scope.at}
        if not joins or any(words.chunks[at].text == "but" for at in joins):
            return False
        if not any(other.at == before and other.negated for other in others):
            return False
        scope.negated = True
        words.used |= joins
        return True
