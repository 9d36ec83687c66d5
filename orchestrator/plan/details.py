"""The filters of a request: values, comparisons, periods, quoted names, searches; its columns."""

from collections.abc import Iterable

from orchestrator.plan.frame import NEAREST
from orchestrator.plan.lexicon import Term
from orchestrator.plan.reading import Reading
from orchestrator.plan.request import Comparison, Condition, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear


class Details:
    """Fills a request in from the words that its frame left over."""

    def __init__(self, reading: Reading, request: Request) -> None:
        self._reading = reading
        self._request = request
        self._words = reading.words
        self._model = reading.model
        self.understood: list[str] = []

    def fill(self) -> None:
        """Read all that is left; what still is left afterwards was not understood."""
        self._searches()
        self._values()
        self._comparisons()
        self._periods()
        self._dates()
        self._quotes()
        self._fields()
        self._metric_filters()
        self._check()
        if not self._request.measures and not self._request.groups:
            self._request.columns = self._columns()

    # Values: "open P1 tickets", "in Germany or France", "not cancelled"

    def _values(self) -> None:
        found: dict[tuple[int, str, bool], list[str]] = {}
        scopes: dict[int, Scope] = {}
        previous: tuple[int, Term] | None = None
        for at in self._words.of("value"):
            negated = self._negated(at)
            term, scope = self._placed(at, self._words.terms(at))
            self._words.used.add(at)
            scopes[id(scope)] = scope
            found.setdefault((id(scope), term.name, negated), []).append(term.value)
            if previous and self._either(previous[0], at) and previous[1].name != term.name:
                raise Unclear(
                    f"“{previous[1].value} or {term.value}” joins two fields; ask for each apart."
                )
            previous = at, term
        for (scope, field, negated), values in found.items():
            op = "<>" if negated else "="
            scopes[scope].conditions.append(Condition(field, op, tuple(dict.fromkeys(values))))
            said = " or ".join(values)
            self.understood.append(f"{scopes[scope].entity}.{field} {op} {said}")

    def _either(self, first: int, second: int) -> bool:
        return any(self._words.role(at) == "or" for at in range(first + 1, second))

    def _negated(self, at: int) -> bool:
        words, before = self._words, self._words.previous(at, loose=True)
        while before is not None and (
            words.role(before) in {"and", "or"} or self._same_field(before, at)
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

    def _placed(self, at: int, terms: tuple[Term, ...]) -> tuple[Term, Scope]:
        """Which meaning is meant, and of which rows: by the noun or field it stands beside."""
        words = self._words
        for beside in (words.next(at), words.previous(at, loose=True)):
            if beside is not None and words.kinds.get(beside) == "field":
                fields = {(t.entity, t.name) for t in words.terms(beside)}
                fitting = tuple(t for t in terms if (t.entity, t.name) in fields)
                if fitting:
                    words.used.add(beside)
                    terms = fitting
        for scope in self._near(at):
            for term in terms:
                if term.entity == scope.entity:
                    return term, scope
        term = self._reading.nearest(terms, self._request.base)
        return term, self._scope(term.entity, at)

    def _near(self, at: int) -> Iterable[Scope]:
        """The noun that follows, then those before from the nearest on, then those behind."""
        noun = self._words.noun(at)
        scopes = sorted(self._request.scopes, key=lambda scope: scope.at)
        yield from (scope for scope in scopes if scope.at == noun)
        yield from (scope for scope in reversed(scopes) if scope.at < at)
        yield from (scope for scope in scopes if scope.at > at)

    def _scope(self, entity: str, at: int) -> Scope:
        """The nearest rows of an entity that the question speaks of."""
        for scope in self._near(at):
            if scope.entity == entity:
                return scope
        scope = Scope(entity, at)
        self._request.scopes.append(scope)
        return scope

    # Comparisons: "health score below 40", "orders over 5000", "spent more than 10k"

    def _comparisons(self) -> None:
        words = self._words
        for at in words.roles("number"):
            following = words.next(at, loose=True)
            joined = words.role(following) == "and" and words.role(words.previous(at)) == "between"
            if at in words.used or joined:
                continue
            comparison, start = self._reading.comparison(at)
            if self._compare(comparison, start, at):
                words.used |= set(range(start, at + 1))

    def _compare(self, comparison: Comparison, start: int, at: int) -> bool:
        words = self._words
        plain = comparison.op == "=" and words.role(start) == "number"
        after, before = words.next(at, loose=True), words.previous(start, loose=True)
        noun = words.previous(start)
        if self._beside(before, comparison):
            return True
        if noun is not None and noun in self._reading.measured:
            return self._compare_measure(self._reading.measured[noun], comparison, noun)
        if noun is not None and words.entity(noun):
            return self._compare_noun(noun, comparison, plain)
        if self._beside(after, comparison):
            return True
        if before is not None and words.dates(before):
            return self._compare_size(words.dates(before)[0].entity, before, comparison, plain)
        metrics = [one for one in words.of("metric") if one < start]
        if metrics and not plain:
            return self._compare_measure(words.terms(metrics[-1])[0].name, comparison, metrics[-1])
        return False

    def _beside(self, at: int | None, comparison: Comparison) -> bool:
        """Compare the metric or the field at `at`, if there is one."""
        words = self._words
        if at is not None and words.kinds.get(at) == "metric":
            return self._compare_measure(words.terms(at)[0].name, comparison, at)
        if at is None or at in words.used or words.kinds.get(at) != "field":
            return False
        if words.numeric(at):
            self._compare_field(at, comparison)
        return bool(words.numeric(at))

    def _compare_field(self, at: int, comparison: Comparison) -> None:
        term, scope = self._placed(at, self._words.numeric(at))
        scope.conditions.append(Condition(term.name, comparison.op, comparison.numbers))
        self._words.used.add(at)
        self._request.columns.append((term.entity, term.name))

    def _compare_measure(self, name: str, comparison: Comparison, at: int) -> bool:
        measures = self._request.measures
        measure = next((one for one in measures if one.name == name), None)
        if measure is None:
            return False
        words_at = {one.name for one in measures}
        grouped = bool(self._request.groups) and len(words_at) == 1
        if grouped:
            self._request.having.append((measure, comparison))
            return True
        scope = Scope(measure.entity, at, named=True, having=comparison, metric=measure)
        self._request.scopes.append(scope)
        return True

    def _compare_noun(self, at: int, comparison: Comparison, plain: bool) -> bool:
        entity = self._words.entity(at)
        spec = self._model.entities[entity]
        key = spec.key[0]
        if plain and len(spec.key) == 1 and spec.fields[key].type == "int64":
            scope = self._scope(entity, at + 1)
            scope.conditions.append(Condition(key, "=", comparison.numbers))
            return True
        return self._compare_size(entity, at, comparison, plain)

    def _compare_size(self, entity: str, at: int, comparison: Comparison, plain: bool) -> bool:
        if plain:
            return False
        size = self._reading.size_of(entity)
        self._reading.assumptions.append(f"{entity} is compared by {entity}.{size}")
        scope = self._scope(entity, at + 1)
        scope.conditions.append(Condition(size, comparison.op, comparison.numbers))
        self._request.columns.append((entity, size))
        return True

    def _metric_filters(self) -> None:
        """A metric that only compares ("how many customers spent over 10k") is no column."""
        request = self._request
        compared = [scope.metric for scope in request.scopes if scope.metric]
        request.measures = [one for one in request.measures if one not in compared]
        if not compared:
            return
        for scope in request.scopes:
            if scope.metric and scope.metric.time and request.period:
                entity, field = scope.metric.time
                if entity != scope.entity:
                    raise Unclear(f"A comparison of {scope.metric.words} can't have a period here.")
                scope.conditions.append(Condition(field, "period", period=request.period))
        if not any(one.metric for one in request.measures):
            request.period = None
        request.base = request.measures[0].entity if request.measures else request.head
        if not request.base:
            raise Unclear(f"Say whose {compared[0].words} is compared, as in “which … with …”.")

    # Time: "last quarter", "signed up in 2026", "churned"

    def _periods(self) -> None:
        words = self._words
        for at in words.roles("period"):
            period = words.chunks[at].period
            before = words.previous(at, loose=True)
            words.used.add(at)
            verb = self._verb_before(at)
            if before is not None and words.kinds.get(before) == "field" and words.dates(before):
                self._dated(before, Condition("", "period", period=period))
            elif any(measure.expression != "COUNT(*)" for measure in self._request.measures):
                if self._request.period:
                    raise Unclear("There are two periods in the question; ask for each apart.")
                self._request.period = period
            elif verb is not None:
                self._dated(verb, Condition("", "period", period=period))
            else:
                entity, field = self._timed(at)
                self._test(self._scope(entity, at), Condition(field, "period", period=period))

    def _verb_before(self, at: int) -> int | None:
        """ "bought furniture last month": the last dated verb, unless another event came since."""
        words = self._words
        verbs = [one for one in words.of("field") if one < at and words.dates(one)]
        free = [one for one in verbs if one not in words.used]
        events = [n for n in words.of("entity") if n < at and self._is_event(words.entity(n))]
        return free[-1] if free and free[-1] > max(events, default=-1) else None

    def _timed(self, at: int) -> tuple[str, str]:
        """The date of the nearest event that was named before; else of what is listed."""
        paths = self._reading.paths
        before = [s for s in self._near(at) if s.at < at and self._model.entities[s.entity].time]
        events = [s.entity for s in before if self._is_event(s.entity)]
        base = self._request.base
        if not base:
            raise Unclear("Name what happened in that time.")
        entity = events[0] if events and paths.any(base, events[0]) is not None else base
        return self._reading.time_of(entity)

    def _is_event(self, entity: str) -> bool:
        return any(one.from_entity == entity for one in self._model.relationships)

    def _test(self, scope: Scope, condition: Condition) -> None:
        if any(one.op == "period" and one.field == condition.field for one in scope.conditions):
            raise Unclear("There are two periods in the question; ask for each apart.")
        scope.conditions.append(condition)

    def _dates(self) -> None:
        """A date without a period: "churned customers", "customers that never ordered"."""
        words = self._words
        for at in words.of("field"):
            if at not in words.used and words.dates(at):
                self._dated(at, None)

    def _dated(self, at: int, period: Condition | None) -> None:
        words = self._words
        term, scope = self._placed(at, words.dates(at))
        spec = self._model.entities[term.entity]
        verb = spec.time == term.name
        before = words.previous(at, loose=True)
        denied = words.role(before) in {"no", "not"} and before not in words.used
        words.used.add(at)
        if denied and before is not None:
            words.used.add(before)
        if verb and scope.at == at and self._request.base != term.entity:
            scope.named, scope.negated = True, denied
        elif denied and period:
            raise Unclear(f"“not {words.chunks[at].text}” in a period may mean two things.")
        elif not period and not (verb and not denied):
            op = "null" if denied else "not null"
            scope.conditions.append(Condition(term.name, op))
            return
        if period:
            self._test(scope, Condition(term.name, "period", period=period.period))
            self._request.columns.append((term.entity, term.name))

    # Names and texts: customer "Acme Tools", notes about late deliveries

    def _quotes(self) -> None:
        words = self._words
        for at in words.roles("quote"):
            before, after = words.previous(at), words.next(at)
            if words.role(before) == "=" and before is not None:
                words.used.add(before)
                before = words.previous(before)
            owned = words.role(at - 1) == "stop" and words.chunks[at - 1].text in {"of", "for"}
            field = None if owned else self._quoted_field(before)
            if field is None:
                noun = next((n for n in (before, after) if words.entity(n)), None)
                field = self._label(words.entity(noun)) or self._label(
                    self._reading.paths.most_pointed_at()
                )
                if field is None:
                    raise Unclear(f"Name a field before “{words.chunks[at].text}”.")
                self._reading.assumptions.append(f"“{words.chunks[at].text}” is a {field}")
            scope = self._scope(field.entity, at)
            scope.conditions.append(Condition(field.name, "=", (words.chunks[at].text,)))
            words.used.add(at)
            if not self._request.base:
                self._request.base = field.entity

    def _label(self, entity: str) -> Term | None:
        """The field that names an entity in text."""
        spec = self._model.entities.get(entity)
        if spec is None or spec.label is None or spec.fields[spec.label].type != "string":
            return None
        return Term("field", entity, spec.label)

    def _quoted_field(self, at: int | None) -> Term | None:
        words = self._words
        if at is None or words.kinds.get(at) != "field":
            return None
        texts = [t for t in words.terms(at) if words.lexicon.spec(t).type == "string"]
        if not texts:
            return None
        words.used.add(at)
        return self._placed(at, tuple(texts))[0]

    def _searches(self) -> None:
        words = self._words
        texts = [name for name, entity in self._model.entities.items() if entity.text_source]
        for at in words.roles("search"):
            before = words.previous(at, loose=True)
            noun = words.entity(before)
            target = noun if noun in texts else texts[0]
            paths = self._reading.paths
            path = paths.any(target, noun) if noun else []
            if path is None or len(path) > 1 or (noun and not self._is_event(target)):
                raise Unclear(f"{noun} can't be searched by meaning; {', '.join(texts)} can.")
            scope = self._scope(target, at)
            scope.search = words.chunks[at].text
            if scope.at == at:
                scope.named = True
                scope.negated = words.role(before) in {"no", "not"}
                words.used |= {before} if scope.negated and before is not None else set()
            words.used.add(at)
            self._reading.assumptions.append(
                f"“{scope.search}” is the {NEAREST} nearest rows of {target}, by meaning"
            )

    # Fields that nothing compared: truths, blanks, and columns to show

    def _fields(self) -> None:
        words = self._words
        for at in words.of("field"):
            if at in words.used:
                continue
            kinds = {words.lexicon.spec(term).type for term in words.terms(at)}
            before = words.previous(at, loose=True)
            denied = words.role(before) in {"no", "not"} and before not in words.used
            if "bool" in kinds or denied:
                term, scope = self._placed(at, words.terms(at))
                truth = words.lexicon.spec(term).type == "bool"
                op = ("false" if denied else "true") if truth else "null"
                scope.conditions.append(Condition(term.name, op))
                words.used |= {before, at} if denied and before is not None else {at}
            elif not self._request.measures and not self._request.groups:
                term, _ = self._placed(at, words.terms(at))
                self._request.columns.append((term.entity, term.name))
                words.used.add(at)

    def _columns(self) -> list[tuple[str, str]]:
        """The label first; of an event its number and time too; then every field that was said."""
        base, paths = self._request.base, self._reading.paths
        spec = self._model.entities[base]
        event = self._is_event(base)
        own = [spec.label, *(spec.key if event else ()), spec.time if event else None]
        own = [field for field in own if field] or list(spec.key)
        found = dict.fromkeys((base, field) for field in own)
        order = self._request.order
        extra = [*self._request.columns, *([order] if isinstance(order, tuple) else [])]
        found |= dict.fromkeys(c for c in extra if paths.to_one(base, c[0]) is not None)
        return list(found)

    def _check(self) -> None:
        request = self._request
        conditional = any(
            scope.conditions for scope in request.scopes if scope.at in self._reading.measured
        )
        for scope in request.scopes:
            bare = scope.named and not (scope.conditions or scope.having or scope.negated)
            listed = "and" in {self._words.role(scope.at - 1), self._words.role(scope.at + 1)}
            if bare and listed and request.measures and not scope.search:
                noun = self._words.chunks[scope.at].text
                raise Unclear(f"Say what of {noun} is meant.", f"number of {noun}")
        if conditional and len(request.measures) > 1:
            raise Unclear("A filtered count and another measure are two questions; ask each apart.")
