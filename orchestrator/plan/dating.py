"""Time as filters: "last quarter", "signed up in 2026", "churned"."""

from dataclasses import replace

from orchestrator.plan.places import Places
from orchestrator.plan.request import Condition, Scope
from orchestrator.plan.request import UnclearError as Unclear


class Dating:
    """Reads periods and dates into a request."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sketch = places.sketch
        self._words = places.sketch.words
        self._request = places.request

    def read(self) -> None:
        """Every period, then the dates that were said without one."""
        self._periods()
        self._dates()
        if any(chunk.text == "will" for chunk in self._words.chunks):
            self._sketch.guess("what lies ahead is only what the data holds by now")

    def _periods(self) -> None:
        words = self._words
        for at in words.roles("period"):
            if at in words.used:
                continue
            period = words.chunks[at].period
            if period and period.joined and not any(g.grain for g in self._request.groups):
                first, _, second = period.text.partition(" and ")
                raise Unclear(
                    f"Is “{period.text}” one period, or are two compared?",
                    f"from {first.removeprefix('in ')} to {second}",
                    f"{first} vs {second}",
                    said=period.text,
                )
            before = self._own_date(words.previous(at, loose=True))
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
                scope = self._places.scope(entity, at)
                self._test(scope, Condition(field, "period", period=period, at=at))

    def _own_date(self, at: int | None) -> int | None:
        """ "renewals due": a date beside another, of rows that nothing else speaks of, adds
        nothing."""
        words = self._words
        beside = words.previous(at, loose=True) if at is not None else None
        if at is None or not words.dates(at) or beside is None or not words.dates(beside):
            return at
        nouns = {words.entity(one) for one in words.of("entity")}
        if nouns & {term.entity for term in words.dates(at)}:
            return at
        words.used.add(at)
        return beside

    def _verb_before(self, at: int) -> int | None:
        """ "bought furniture last month": the last dated verb, unless another event came since."""
        words = self._words
        verbs = [one for one in words.of("field") if one < at and words.dates(one)]
        free = [one for one in verbs if one not in words.used]
        nouns = [one for one in words.of("entity") if one < at]
        events = [one for one in nouns if self._places.is_event(words.entity(one))]
        return free[-1] if free and free[-1] > max(events, default=-1) else None

    def _timed(self, at: int) -> tuple[str, str]:
        """The date of the nearest event that was named before; else of what is listed."""
        paths, entities = self._sketch.paths, self._sketch.model.entities
        before = [s for s in self._places.near(at) if s.at < at and entities[s.entity].time]
        events = [s.entity for s in before if self._places.is_event(s.entity)]
        base = self._request.base
        if not base:
            raise Unclear("Name what happened in that time.")
        entity = events[0] if events and paths.any(base, events[0]) is not None else base
        return self._sketch.time_of(entity)

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
        term, scope = self._places.placed(at, words.dates(at))
        spec = self._sketch.model.entities[term.entity]
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
            scope.conditions.append(Condition(term.name, op, at=at))
            return
        if period:
            self._test(scope, replace(period, field=term.name, at=at))
            self._request.columns.append((term.entity, term.name))
