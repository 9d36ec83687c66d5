"""A request becomes semantic SQL: many-to-one joins inline, EXISTS for what leads to many."""

import re
from collections.abc import Iterable

from orchestrator.plan.frame import (
    Aliases,
    Frame,
    compare,
    link,
    name,
    value_literal,
)
from orchestrator.plan.paths import Hop, Paths
from orchestrator.plan.request import Comparison, Condition, Group, Measure, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.times import literal
from orchestrator.semantic import SemanticModel


class Builder:
    """Renders one request. Raises UnclearError when the model has no safe way to join it."""

    def __init__(self, model: SemanticModel, paths: Paths, request: Request, zone: str) -> None:
        self._model = model
        self.paths = paths
        self._request = request
        self._zone = zone
        self._aliases = Aliases(model, paths)
        self.warnings: list[str] = []

    def sql(self) -> str:
        """The whole query."""
        request = self._request
        if not request.measures:
            return self._listing()
        bases = list(dict.fromkeys(measure.entity for measure in request.measures))
        if len(bases) == 1:
            names = self._names()
            select, tail = self._aggregate(request.measures, names)
            return " ".join([select, *tail, *self._order(request.measures[0].name, names)])
        return self._side_by_side(bases)

    # One measured entity

    def _aggregate(self, measures: list[Measure], names: list[str]) -> tuple[str, list[str]]:
        request = self._request
        frame = self._frame(measures[0].entity)
        columns, keys = self._grouped(frame, measures[0], names)
        columns += [f"{self._expression(frame, one)} AS {name(one.name)}" for one in measures]
        if request.period:
            self._in_period(frame, measures[0])
        self._filter(frame)
        having = [
            compare(self._expression(frame, measure), comparison)
            for measure, comparison in request.having
        ]
        tail = [frame.text()]
        if keys:
            tail.append(f"GROUP BY {', '.join(keys)}")
        if having:
            tail.append(f"HAVING {' AND '.join(having)}")
        return f"SELECT {', '.join(columns)}", tail

    def _grouped(
        self, frame: Frame, measure: Measure, names: list[str]
    ) -> tuple[list[str], list[str]]:
        columns: list[str] = []
        keys: list[str] = []
        for group, called in zip(self._request.groups, names, strict=True):
            if group.grain:
                entity, field = self._time(group, measure)
                column = f"DATE_TRUNC('{group.grain}', {frame.column(entity, field)})"
            else:
                column = frame.column(group.entity, group.field)
            if group.whole:
                own = self._model.entities[group.entity].key
                keys += [frame.column(group.entity, key) for key in own if key != group.field]
            keys.append(column)
            same = called == group.field and not group.grain
            columns.append(column if same else f"{column} AS {name(called)}")
        return columns, keys

    def _time(self, group: Group, measure: Measure) -> tuple[str, str]:
        if group.entity:
            return group.entity, group.field
        if measure.time is None:
            raise Unclear(f"{measure.words} has no time in the model to go by {group.grain}.")
        return measure.time

    def _names(self) -> list[str]:
        """The output names of the groups; two of one name are told apart by their entity."""
        plain = [group.grain or group.field for group in self._request.groups]
        taken = plain + [measure.name for measure in self._request.measures]
        return [
            called if taken.count(called) == 1 else f"{group.entity}_{called}"
            for group, called in zip(self._request.groups, plain, strict=True)
        ]

    def _in_period(self, frame: Frame, measure: Measure) -> None:
        if measure.time is None:
            raise Unclear(f"{measure.words} has no time in the model.")
        entity, field = measure.time
        condition = Condition(field, "period", period=self._request.period)
        frame.where += self._condition(frame, entity, condition)

    def _expression(self, frame: Frame, measure: Measure) -> str:
        entities = "|".join(map(re.escape, self._model.entities))
        return re.sub(
            rf"\b({entities})\.(\w+)",
            lambda match: frame.column(match[1], match[2]),
            measure.expression,
        )

    def _order(self, first: str, names: list[str]) -> list[str]:
        request = self._request
        keys: list[str] = []
        if isinstance(request.order, Measure):
            keys.append(self._direction(name(request.order.name)))
        else:
            grains = zip(request.groups, names, strict=True)
            keys += [name(called) for group, called in grains if group.grain]
            if any(not group.grain for group in request.groups):
                keys.append(self._direction(name(first)))
        ordered = [f"ORDER BY {', '.join(keys)}"] if keys else []
        return ordered + ([f"LIMIT {request.limit}"] if request.limit else [])

    def _direction(self, key: str) -> str:
        return f"{key} DESC NULLS LAST" if self._request.descending else f"{key} ASC NULLS LAST"

    # Several measured entities: each is aggregated apart, so that none multiplies another

    def _side_by_side(self, bases: list[str]) -> str:
        request = self._request
        if request.having:
            raise Unclear("Compare one measure in a question.")
        names = self._names()
        parts: list[str] = []
        for base in bases:
            self._aliases.clear()
            measures = [measure for measure in request.measures if measure.entity == base]
            select, tail = self._aggregate(measures, names)
            parts.append(f"by_{base} AS ({' '.join([select, *tail])})")
        tables = [f"by_{base}" for base in bases]
        both = len(tables) > 2 and bool(names)
        if both:
            raise Unclear("Ask for measures of at most two entities in one question.")
        columns = [
            f"COALESCE({tables[0]}.{name(called)}, {tables[1]}.{name(called)}) AS {name(called)}"
            for called in names
        ]
        columns += [f"by_{one.entity}.{name(one.name)}" for one in request.measures]
        on = " AND ".join(
            f"{tables[0]}.{name(called)} = {tables[1]}.{name(called)}" for called in names
        )
        joined = f"{tables[0]} FULL JOIN {tables[1]} ON {on}" if on else " CROSS JOIN ".join(tables)
        order = " ".join(self._order(request.measures[0].name, names))
        return f"WITH {', '.join(parts)} SELECT {', '.join(columns)} FROM {joined} {order}".strip()

    # Lists

    def _listing(self) -> str:
        request = self._request
        if request.groups:
            return self._distinct()
        frame = self._frame(request.base)
        searched = any(s.entity == request.base and s.search for s in request.scopes)
        columns = [frame.column(*column) for column in request.columns]
        self._filter(frame)
        if searched:
            columns.append(f"{frame.aliases[request.base]}.score")
            order = f"{columns[-1]} DESC"
        elif isinstance(request.order, tuple):
            order = self._direction(frame.column(*request.order))
        elif (base := self._model.entities[request.base]).time and base.time in {
            field for entity, field in request.columns if entity == request.base
        }:
            order = f"{frame.column(request.base, base.time)} DESC"
        else:
            order = columns[0]
        limit = f" LIMIT {request.limit}" if request.limit else ""
        return f"SELECT {', '.join(columns)} {frame.text()} ORDER BY {order}{limit}"

    def _distinct(self) -> str:
        frame = self._frame(self._request.base)
        columns = [frame.column(group.entity, group.field) for group in self._request.groups]
        self._filter(frame)
        listed = ", ".join(columns)
        return f"SELECT DISTINCT {listed} {frame.text()} ORDER BY {listed}"

    # Filters

    def _frame(self, base: str) -> Frame:
        """The outer frame; a list of the nearest texts is read from the search itself."""
        search = next((s.search for s in self._request.scopes if s.entity == base and s.search), "")
        return Frame(self._aliases, base, search=search)

    def _filter(self, frame: Frame) -> None:
        bundles: list[tuple[Hop, str, list[Scope]]] = []
        for scope in sorted(self._request.scopes, key=lambda scope: scope.at):
            start = self._request.head if scope.apart else frame.entity
            path = self.paths.any(start, scope.entity)
            if path is None:
                if scope.conditions or scope.search or scope.having or scope.named:
                    raise self._aliases.no_way(start, scope.entity)
                continue
            many = next((index for index, hop in enumerate(path) if hop.many), None)
            if many is None:
                self._inline(frame, scope)
                continue
            hop = path[many]
            bundle = next((b for b in bundles if b[0] == hop and _joins(scope, b[2])), None)
            if bundle:
                bundle[2].append(scope)
            elif scope.conditions or scope.named or scope.search or scope.having:
                bundles.append((hop, frame.alias(hop.left), [scope]))
        for hop, alias, scopes in bundles:
            frame.where.append(self._exists(hop, alias, scopes))
            if hop.left == frame.entity and any(m.metric for m in self._request.measures):
                self.warnings.append(
                    f"Each {hop.left} that has such a {scopes[-1].entity} counts as a whole."
                )

    def _inline(self, frame: Frame, scope: Scope) -> None:
        if scope.negated or scope.having:
            raise Unclear(f"A {frame.entity} has exactly one {scope.entity}; ask about its fields.")
        for condition in scope.conditions:
            frame.where += self._condition(frame, scope.entity, condition)
        if scope.search and scope.entity != frame.entity:
            inner = Frame(self._aliases, scope.entity, search=scope.search)
            key = self._model.entities[scope.entity].key
            chosen = f"SELECT {inner.row(scope.entity, key)} {inner.text()}"
            frame.where.append(f"{frame.row(scope.entity, key)} IN ({chosen})")

    def _exists(self, hop: Hop, outer: str, scopes: list[Scope]) -> str:
        first = scopes[0]
        search = next((scope.search for scope in scopes if scope.search), "")
        if search and next(s.entity for s in scopes if s.search) != hop.right:
            raise Unclear(f"A search of {first.entity} can't be tied to {hop.left}.")
        inner = Frame(self._aliases, hop.right, many=True, search=search)
        for scope in scopes:
            inner.alias(scope.entity)
            for condition in scope.conditions:
                inner.where += self._condition(inner, scope.entity, condition)
        columns = [f"{inner.aliases[hop.right]}.{name(column)}" for column in hop.right_columns]
        if first.having:
            return self._counted(hop, outer, inner, first, columns)
        if search and len(columns) == 1:
            inner.where += [f"{columns[0]} IS NOT NULL"] if first.negated else []
            word = "NOT IN" if first.negated else "IN"
            return (
                f"{outer}.{name(hop.left_columns[0])} {word} (SELECT {columns[0]} {inner.text()})"
            )
        inner.where[:0] = link(hop, outer, inner.aliases[hop.right])
        return f"{'NOT ' if first.negated else ''}EXISTS (SELECT 1 {inner.text()})"

    def _counted(self, hop: Hop, outer: str, inner: Frame, scope: Scope, columns: list[str]) -> str:
        """Rows with that many others. Few may be none, so "fewer than 3" is "not 3 or more"."""
        assert scope.having is not None
        comparison, negated = scope.having, scope.negated
        if scope.metric:
            left = self._expression(inner, scope.metric)
            if scope.metric.time and any(c.op == "period" for c in scope.conditions):
                inner.alias(scope.metric.time[0])
        else:
            key = inner.row(scope.entity, self._model.entities[scope.entity].key)
            left = "COUNT(*)" if len(inner.aliases) == 1 else f"COUNT(DISTINCT {key})"
            if comparison.op in {"<", "<="}:
                opposite = {"<": ">=", "<=": ">"}[comparison.op]
                comparison, negated = Comparison(opposite, comparison.numbers), not negated
        if len(columns) != 1:
            raise Unclear(f"{hop.right} and {hop.left} share several columns; ask for a list.")
        inner.where += [f"{columns[0]} IS NOT NULL"] if negated else []
        return (
            f"{outer}.{name(hop.left_columns[0])} {'NOT ' if negated else ''}IN "
            f"(SELECT {columns[0]} {inner.text()} GROUP BY {columns[0]} "
            f"HAVING {compare(left, comparison)})"
        )

    def _condition(self, frame: Frame, entity: str, condition: Condition) -> list[str]:
        column = frame.column(entity, condition.field)
        match condition.op:
            case "period":
                return list(self._period(column, entity, condition))
            case "null":
                return [f"{column} IS NULL"]
            case "not null":
                return [f"{column} IS NOT NULL"]
            case "true":
                return [column]
            case "false":
                return [f"NOT {column}"]
            case "between":
                low, high = map(value_literal, condition.values)
                return [f"{column} BETWEEN {low} AND {high}"]
            case _:
                pass
        listed = ", ".join(map(value_literal, condition.values))
        if len(condition.values) > 1:
            return [f"{column} {'NOT IN' if condition.op == '<>' else 'IN'} ({listed})"]
        return [f"{column} {condition.op} {listed}"]

    def _period(self, column: str, entity: str, condition: Condition) -> Iterable[str]:
        assert condition.period is not None
        kind = self._model.entities[entity].fields[condition.field].type
        bounds = ((">=", condition.period.start), ("<", condition.period.end))
        for op, day in bounds:
            if day:
                yield f"{column} {op} {literal(day, kind, self._zone)}"


def _joins(scope: Scope, bundle: list[Scope]) -> bool:
    """Whether a scope speaks of the same rows as an earlier one: it was said without a noun of
    its own, or reaches farther along the same way ("bought furniture")."""
    first = bundle[0]
    if scope.search or first.search or scope.negated or scope.having:
        return False
    return not scope.named or scope.entity != first.entity
