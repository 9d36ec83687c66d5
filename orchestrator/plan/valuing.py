"""Values of fields as filters: "open P1 tickets", "in Germany or France", "not cancelled"."""

from orchestrator.plan.lexicon import Term
from orchestrator.plan.places import Places
from orchestrator.plan.request import Condition, Scope
from orchestrator.plan.request import UnclearError as Unclear


class Valuing:
    """Reads values into the scopes of a request."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sketch = places.sketch
        self._words = places.sketch.words
        self._request = places.request
        self._scopes: dict[int, Scope] = {}
        self._denied: set[int] = set()

    def read(self) -> None:
        """A condition for each field that a value was said of."""
        found: dict[tuple[int, str, bool], list[tuple[int, str]]] = {}
        previous: tuple[int, Term] | None = None
        kept: tuple[int, str, bool] | None = None
        for at in self._words.of("value"):
            negated = self._negated(at)
            term, scope = self._places.placed(at, self._words.terms(at))
            self._words.used.add(at)
            if not negated and (id(scope) in self._denied or self._turned(previous, at)):
                raise Unclear(f"Is “{term.value}” denied too? Ask for each apart.")
            scope, negated = self._denying(scope, at) if negated else (scope, False)
            self._scopes[id(scope)] = scope
            key = (id(scope), term.name, negated)
            found.setdefault(key, []).append((at, term.value))
            if previous and key == kept:
                self._join(previous[0], at)
            if previous and self._either(previous[0], at) and previous[1].name != term.name:
                raise Unclear(
                    f"“{previous[1].value} or {term.value}” joins two fields; ask for each apart."
                )
            previous, kept = (at, term), key
        for (scoped, field, negated), said in found.items():
            op = "<>" if negated else "="
            values = tuple(dict.fromkeys(value for _, value in said))
            self._scopes[scoped].conditions.append(Condition(field, op, values, at=said[0][0]))

    def _denying(self, scope: Scope, at: int) -> tuple[Scope, bool]:
        """The rows that a denied value is of, and whether it is the value alone that is denied:
        "ordered furniture but not paper" has no such other row."""
        if id(scope) in self._denied:
            return scope, False
        if not self._leads_to_many(scope):
            return scope, True
        if id(scope) in self._scopes and not scope.negated:
            scope = Scope(scope.entity, at)
            self._request.scopes.append(scope)
        scope.named = scope.negated = True
        self._denied.add(id(scope))
        return scope, False

    def _leads_to_many(self, scope: Scope) -> bool:
        """ "patients without a check-up": they have none, rather than some other one."""
        base, said = self._request.base, scope.named or scope.at in self._sketch.measured
        way = self._sketch.paths.to_one(base, scope.entity) if base else []
        return way is None and not said and not scope.conditions

    def _turned(self, previous: tuple[int, Term] | None, at: int) -> bool:
        """ "did not order furniture but paper": a value that no noun of its own follows."""
        words = self._words
        if previous is None or words.noun(at) is not None:
            return False
        turned = any(words.chunks[one].text == "but" for one in range(previous[0], at))
        return turned and any(one.negated and one.at < at for one in self._request.scopes)

    def _either(self, first: int, second: int) -> bool:
        return any(first < at < second for at in self._words.unused("or"))

    def _join(self, first: int, second: int) -> None:
        """Tick the "or" between two values of one field, when nothing else is told between."""
        words = self._words
        between = range(first + 1, second)
        if all(
            words.role(at) in {"stop", "or", "and", "not", "no"}
            or words.entity(at)
            or self._same_field(at, second)
            for at in between
        ):
            words.used |= {at for at in between if words.role(at) == "or"}

    def _negated(self, at: int) -> bool:
        words, before = self._words, self._words.previous(at, loose=True)
        while before is not None and (
            (words.role(before) in {"and", "or"} and words.chunks[before].text != "but")
            or self._same_field(before, at)
        ):
            before = words.previous(before, loose=True)
        noun = words.noun(at)
        negated = words.role(before) == "not" or (words.role(before) == "no" and noun is None)
        if negated and before is not None:
            words.used.add(before)
        return negated

    def _same_field(self, one: int, other: int) -> bool:
        """Whether a chunk is a value beside another of one field, or that field itself."""
        words = self._words
        if words.kinds.get(one) not in {"value", "field"}:
            return False
        fields = {(t.entity, t.name) for t in words.terms(one)}
        return bool(fields & {(t.entity, t.name) for t in words.terms(other)})
