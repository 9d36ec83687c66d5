"""Which rows a word of a question is about: the scopes of a request, by where the words stand."""

from collections.abc import Iterable

from orchestrator.plan.lexicon import Term
from orchestrator.plan.request import Request, Scope
from orchestrator.plan.sketch import Sketch


class Places:
    """Finds the scope of a word, and makes it when nothing spoke of such rows yet."""

    def __init__(self, sketch: Sketch, request: Request) -> None:
        self.sketch = sketch
        self.request = request

    def placed(self, at: int, terms: tuple[Term, ...]) -> tuple[Term, Scope]:
        """Which meaning is meant, and of which rows: by the noun or field it stands beside."""
        words = self.sketch.words
        for beside in (words.next(at), words.previous(at, loose=True)):
            if beside is not None and words.kinds.get(beside) == "field":
                fields = {(t.entity, t.name) for t in words.terms(beside)}
                fitting = tuple(t for t in terms if (t.entity, t.name) in fields)
                if fitting:
                    words.used.add(beside)
                    terms = fitting
        for scope in self.near(at):
            for term in terms:
                if term.entity == scope.entity:
                    return term, scope
        term = self.sketch.nearest(terms, self.request.base)
        return term, self.scope(term.entity, self._described(at, term.entity))

    def _described(self, at: int, entity: str) -> int:
        """ "without furniture orders": a value tells which orders, so it stands with its noun."""
        words, noun = self.sketch.words, self.sketch.words.noun(at)
        if noun is None or words.kinds.get(at) != "value":
            return at
        apart = any(words.role(one) == "and" for one in range(at, noun))
        named = not apart and any(scope.at == noun and scope.named for scope in self.request.scopes)
        if not named or entity == self.request.base:
            return at
        way = self.sketch.paths.any(words.entity(noun), entity)
        return at if way is None else noun

    def near(self, at: int) -> Iterable[Scope]:
        """The noun that follows, then those before from the nearest on, then those behind."""
        noun = self.sketch.words.noun(at)
        scopes = sorted(self.request.scopes, key=lambda scope: scope.at)
        yield from (scope for scope in scopes if scope.at == noun)
        yield from (scope for scope in reversed(scopes) if scope.at < at)
        yield from (scope for scope in scopes if scope.at > at)

    def scope(self, entity: str, at: int) -> Scope:
        """The nearest rows of an entity that the question speaks of."""
        for scope in self.near(at):
            if scope.entity == entity:
                return scope
        scope = Scope(entity, at)
        self.request.scopes.append(scope)
        return scope

    def is_event(self, entity: str) -> bool:
        """Whether rows of an entity belong to one of another, as an order does to a customer."""
        return any(one.from_entity == entity for one in self.sketch.model.relationships)
