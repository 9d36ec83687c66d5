"""Comparisons: "health score below 40", "orders over 5000", "spent more than 10k"."""

from orchestrator.plan.places import Places
from orchestrator.plan.request import Comparison, Condition, Scope
from orchestrator.plan.request import UnclearError as Unclear


class Comparing:
    """Reads comparisons into the scopes of a request, or into what its groups must have."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sketch = places.sketch
        self._words = places.sketch.words
        self._request = places.request

    def read(self) -> None:
        """Every number that compares something."""
        words = self._words
        for at in words.roles("number"):
            following = words.next(at, loose=True)
            joined = words.role(following) == "and" and words.role(words.previous(at)) == "between"
            if at in words.used or joined:
                continue
            comparison, start = self._sketch.comparison(at)
            if self._compare(comparison, start, at):
                words.used |= set(range(start, at + 1))

    def _compare(self, comparison: Comparison, start: int, at: int) -> bool:
        words = self._words
        plain = comparison.op == "=" and words.role(start) == "number"
        after, before = words.next(at, loose=True), words.previous(start, loose=True)
        noun = words.previous(start)
        if words.chunks[start].text in {"older than", "younger than"}:
            return self._compare_age(start, after, comparison)
        if self._beside(before, comparison):
            return True
        if self._times(at) and before is not None:
            return self._compare_times(before, comparison, at)
        if words.kinds.get(at + 1) == "field" and self._beside(at + 1, comparison):
            return True
        for counted in (words.noun(at), noun):
            if counted is not None and counted in self._sketch.measured:
                return self._compare_measure(self._sketch.measured[counted], comparison, counted)
        if noun is not None and words.entity(noun):
            return self._compare_noun(noun, comparison, plain)
        if self._beside(after, comparison):
            return True
        if before is not None and words.dates(before):
            return self._compare_size(words.dates(before)[0].entity, before, comparison, plain)
        metrics = [one for one in words.of("metric") if one < start]
        if metrics and not plain:
            return self._compare_measure(words.terms(metrics[-1])[0].name, comparison, metrics[-1])
        return self._compare_before(comparison, start, plain, words.noun(at) is None)

    def _times(self, at: int) -> bool:
        """ "more than twice", "at least 3 times"."""
        words = self._words
        after = words.chunks[at + 1].text if at + 1 < len(words) else ""
        return words.chunks[at].text in {"once", "twice"} or after == "times"

    def _compare_times(self, verb: int, comparison: Comparison, at: int) -> bool:
        """ "ordered more than twice": the number of rows that the verb or noun is about."""
        words = self._words
        entity = words.entity(verb) or next((t.entity for t in words.dates(verb)), "")
        if not entity or entity == self._request.base:
            return False
        scope = self._places.scope(entity, verb)
        scope.named, scope.having = True, comparison
        words.used |= {verb, at}
        return True

    def _compare_age(self, at: int, after: int | None, comparison: Comparison) -> bool:
        """ "patients older than 80 years"."""
        near = [scope.entity for scope in self._places.near(at)]
        entity = next((one for one in near if self._sketch.age_of(one)), "")
        if not entity:
            return False
        if self._words.role(after) == "grain" and after is not None:
            if self._words.chunks[after].text not in {"year", "years"}:
                return False
            self._words.used.add(after)
        age, scope = self._sketch.age_of(entity), self._places.scope(entity, at)
        scope.conditions.append(Condition(age, comparison.op, comparison.numbers, at=at))
        self._request.columns.append((entity, age))
        return True

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

    def _compare_before(self, comparison: Comparison, at: int, plain: bool, bare: bool) -> bool:
        """ "only over 5000": what the question before measured by groups, or its rows; "smokers
        over 60": the rows that are asked for."""
        if plain:
            return False
        if not self._sketch.before:
            base = self._request.base
            return bare and bool(base) and self._compare_size(base, at, comparison, plain)
        if self._request.groups and self._request.measures:
            return self._compare_measure(self._request.measures[0].name, comparison, at)
        return self._compare_size(self._sketch.before, at, comparison, plain)

    def _compare_field(self, at: int, comparison: Comparison) -> None:
        term, scope = self._places.placed(at, self._words.numeric(at))
        scope.conditions.append(Condition(term.name, comparison.op, comparison.numbers, at=at))
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
        if plain and self._words.numbered(at):
            key = self._sketch.model.entities[entity].key[0]
            scope = self._places.scope(entity, at + 1)
            scope.conditions.append(Condition(key, "=", comparison.numbers, at=at))
            return True
        return self._compare_size(entity, at, comparison, plain)

    def _compare_size(self, entity: str, at: int, comparison: Comparison, plain: bool) -> bool:
        if plain:
            return False
        size = self._sketch.number_of(entity)
        self._sketch.assumptions.append(f"{entity} is compared by {entity}.{size}")
        scope = self._places.scope(entity, at + 1)
        scope.conditions.append(Condition(size, comparison.op, comparison.numbers, at=at))
        self._request.columns.append((entity, size))
        return True

    def settle(self) -> None:
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
                condition = Condition(field, "period", period=request.period)
                if condition not in scope.conditions:
                    scope.conditions.append(condition)
        if not any(one.metric for one in request.measures):
            request.period = None
        request.base = request.measures[0].entity if request.measures else request.head
        if not request.base:
            raise Unclear(f"Say whose {compared[0].words} is compared, as in “which … with …”.")
