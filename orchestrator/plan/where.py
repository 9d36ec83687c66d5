"""The conditions of a query: to-one ways inline, EXISTS or IN for what leads to many."""

import re
from collections.abc import Iterable

from orchestrator.plan.frame import Aliases, Frame, compare, link, name, value_literal
from orchestrator.plan.paths import Hop, Paths
from orchestrator.plan.request import Comparison, Condition, Measure, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.times import literal
from orchestrator.semantic import SemanticModel


class Where:
    """Writes the scopes of a request into frames. Raises UnclearError when there is no way."""

    def __init__(
        self, model: SemanticModel, paths: Paths, request: Request, zone: str, aliases: Aliases
    ) -> None:
        self._model = model
        self._paths = paths
        self._request = request
        self._zone = zone
        self._aliases = aliases
        self.warnings: list[str] = []

    def apply(self, frame: Frame) -> None:
        """Every scope of the request, as conditions of the outer frame."""
        bundles: list[tuple[Hop, str, list[Scope]]] = []
        for scope in sorted(self._request.scopes, key=lambda scope: scope.at):
            parted = scope.part or any(condition.part for condition in scope.conditions)
            frame.joining = "LEFT JOIN" if parted else "JOIN"
            start = self._request.head if scope.apart else frame.entity
            path = self._paths.any(start, scope.entity)
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
            tests = frame.part if any(scope.part for scope in scopes) else frame.where
            tests.append(self._exists(hop, alias, scopes))
            if hop.left == frame.entity and any(m.metric for m in self._request.measures):
                self.warnings.append(
                    f"Each {hop.left} that has such a {scopes[-1].entity} counts as a whole."
                )

    def _inline(self, frame: Frame, scope: Scope) -> None:
        if scope.negated or scope.having:
            raise Unclear(f"A {frame.entity} has exactly one {scope.entity}; ask about its fields.")
        for condition in scope.conditions:
            tests = frame.part if condition.part or scope.part else frame.where
            tests += self.condition(frame, scope.entity, condition)
        if scope.search and scope.entity != frame.entity:
            inner = Frame(self._aliases, scope.entity, search=scope.search)
            key = self._model.entities[scope.entity].key
            chosen = f"SELECT {inner.row(scope.entity, key)} {inner.text()}"
            tests = frame.part if scope.part else frame.where
            tests.append(f"{frame.row(scope.entity, key)} IN ({chosen})")

    def _exists(self, hop: Hop, outer: str, scopes: list[Scope]) -> str:
        first = scopes[0]
        search = next((scope.search for scope in scopes if scope.search), "")
        if search and next(s.entity for s in scopes if s.search) != hop.right:
            raise Unclear(f"A search of {first.entity} can't be tied to {hop.left}.")
        inner = Frame(self._aliases, hop.right, many=True, search=search)
        for scope in scopes:
            inner.alias(scope.entity)
            for condition in scope.conditions:
                inner.where += self.condition(inner, scope.entity, condition)
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
        if scope.metric and scope.metric.expression != "COUNT(*)":
            left = self.expression(inner, scope.metric)
            if scope.metric.time and any(c.op == "period" for c in scope.conditions):
                inner.alias(scope.metric.time[0])
        else:
            key = inner.row(scope.entity, self._model.entities[scope.entity].key)
            left = "COUNT(*)" if len(inner.aliases) == 1 else f"COUNT(DISTINCT {key})"
            if comparison.op in {"<", "<="} or (comparison.op, comparison.numbers) == ("=", (0,)):
                opposite = {"<": ">=", "<=": ">", "=": ">"}[comparison.op]
                comparison, negated = Comparison(opposite, comparison.numbers), not negated
        if len(columns) != 1:
            raise Unclear(f"{hop.right} and {hop.left} share several columns; ask for a list.")
        inner.where += [f"{columns[0]} IS NOT NULL"] if negated else []
        return (
            f"{outer}.{name(hop.left_columns[0])} {'NOT ' if negated else ''}IN "
            f"(SELECT {columns[0]} {inner.text()} GROUP BY {columns[0]} "
            f"HAVING {compare(left, comparison)})"
        )

    def condition(self, frame: Frame, entity: str, condition: Condition) -> list[str]:
        """The test of one field; a period may be two."""
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

    def expression(self, frame: Frame, measure: Measure) -> str:
        """A measure over the columns of a frame, which joins what it needs."""
        entities = "|".join(map(re.escape, self._model.entities))
        return re.sub(
            rf"\b({entities})\.(\w+)",
            lambda match: frame.column(match[1], match[2]),
            measure.expression,
        )


def _joins(scope: Scope, bundle: list[Scope]) -> bool:
    """Whether a scope speaks of the same rows as an earlier one: it was said without a noun of
    its own, or reaches farther along the same way ("bought furniture")."""
    first = bundle[0]
    if scope.at == first.at and not scope.named:
        return not first.search
    if scope.search or first.search or scope.negated or scope.having:
        return False
    return not scope.named or scope.entity != first.entity
