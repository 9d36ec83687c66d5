"""The filters of a request, read from the words that its frame left over; and its columns."""

from orchestrator.plan.comparing import Comparing
from orchestrator.plan.dating import Dating
from orchestrator.plan.frame import Aliases
from orchestrator.plan.lexicon import plural
from orchestrator.plan.places import Places
from orchestrator.plan.request import Condition, Request
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.texts import Texts
from orchestrator.plan.turning import Turning
from orchestrator.plan.valuing import Valuing


class Details:
    """Fills a request in."""

    def __init__(self, sketch: Sketch, request: Request) -> None:
        self._places = Places(sketch, request)
        self._sketch = sketch
        self._words = sketch.words
        self._request = request

    def fill(self) -> None:
        """Read all that is left; what still is left afterwards was not understood."""
        texts, comparing = Texts(self._places), Comparing(self._places)
        texts.searches()
        Valuing(self._places).read()
        comparing.read()
        Dating(self._places).read()
        texts.names()
        self._fields()
        comparing.settle()
        self._check()
        listed = not self._request.measures and not self._request.groups
        if listed and self._request.base:
            self._request.columns = self._columns()

    def _fields(self) -> None:
        words = self._words
        for at in words.of("field"):
            if at in words.used:
                continue
            kinds = {words.lexicon.spec(term).type for term in words.terms(at)}
            before = words.previous(at, loose=True)
            denied = words.role(before) in {"no", "not"} and before not in words.used
            if "bool" in kinds or denied:
                term, scope = self._places.placed(at, words.terms(at))
                truth = words.lexicon.spec(term).type == "bool"
                op = ("false" if denied else "true") if truth else "null"
                scope.conditions.append(Condition(term.name, op, at=at))
                words.used |= {before, at} if denied and before is not None else {at}
            elif not self._request.measures and not self._request.groups:
                term, _ = self._places.placed(at, words.terms(at))
                if self._sketch.paths.to_one(self._request.base, term.entity) is not None:
                    self._request.columns.append((term.entity, term.name))
                    words.used.add(at)

    def _columns(self) -> list[tuple[str, str]]:
        """The label first; of an event its number and time too; then every field that was said."""
        base, paths = self._request.base, self._sketch.paths
        spec = self._sketch.model.entities[base]
        event = self._places.is_event(base)
        own = [spec.label, *(spec.key if event else ()), spec.time if event else None]
        own = list(spec.shown) or [field for field in own if field] or list(spec.key)
        found = dict.fromkeys((base, field) for field in own)
        order = self._request.order
        extra = [*self._request.columns, *([order] if isinstance(order, tuple) else [])]
        found |= dict.fromkeys(c for c in extra if paths.to_one(base, c[0]) is not None)
        return list(found)

    def _check(self) -> None:
        request = self._request
        self._check_head()
        self._check_asked()
        Turning(self._sketch, self._request).check()
        if self._words.unused("or"):
            raise Unclear(
                "I read “or” between values of one field alone, as in “Germany or France”. Ask for "
                "each apart."
            )
        conditional = any(
            scope.conditions for scope in request.scopes if scope.at in self._sketch.measured
        )
        for scope in request.scopes:
            bare = scope.named and not (scope.conditions or scope.having or scope.negated)
            listed = "and" in {self._words.role(scope.at - 1), self._words.role(scope.at + 1)}
            if bare and listed and request.measures and not scope.search:
                noun = self._words.chunks[scope.at].text
                raise Unclear(f"Say what of {noun} is meant.", f"number of {noun}", said=noun)
        if conditional and len(request.measures) > 1:
            raise Unclear("A filtered count and another measure are two questions; ask each apart.")

    def _check_asked(self) -> None:
        """ "what did Acme order" asks for what it ordered, and not for Acme."""
        request, words = self._request, self._words
        if request.measures or request.groups or not words.roles("how much"):
            return
        for scope in request.scopes:
            if scope.named and self._sketch.paths.to_one(request.base, scope.entity) is None:
                rows = plural(scope.entity).replace("_", " ")
                raise Unclear(f"Say what is to be listed, as in “list {rows} of …”, or measured.")

    def _check_head(self) -> None:
        """ "products by revenue": the rows that are asked for must be what the measures go by."""
        sketch, measures = self._sketch, self._request.measures
        head = sketch.head_entity()
        if not measures or not head or sketch.head in sketch.measured:
            return
        if any(group.entity == head for group in self._request.groups):
            return
        if sketch.paths.to_one(measures[0].entity, head) is None:
            raise Aliases(sketch.model, sketch.paths).no_way(measures[0].entity, head)
