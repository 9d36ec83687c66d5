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
