"""A request becomes semantic SQL: what is selected, grouped and ordered; `where` has the rest."""

from orchestrator.plan.derived import Derived
from orchestrator.plan.frame import Aliases, Frame, compare, name
from orchestrator.plan.paths import Paths
from orchestrator.plan.request import Group, Measure, Request
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.times import local
from orchestrator.plan.where import Where
from orchestrator.semantic import SemanticModel


class Builder:
    """Renders one request. Raises UnclearError when the model has no safe way to join it."""

    def __init__(self, model: SemanticModel, paths: Paths, request: Request, zone: str) -> None:
        self._model = model
        self._paths = paths
        self._request = request
        self._zone = zone
        self._aliases = Aliases(model, paths)
        self._where = Where(model, paths, request, zone, self._aliases)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the query means otherwise than its reader may think; known once it is written."""
        return tuple(self._where.warnings)

    def sql(self) -> str:
        """The whole query."""
        request = self._request
        if not request.measures:
            return self._listing()
        bases = list(dict.fromkeys(measure.entity for measure in request.measures))
        if len(bases) == 1:
            names = self._names()
            select, tail = self._aggregate(request.measures, names)
            first = "percent" if request.share == "part" else request.measures[0].name
            return " ".join([select, *tail, *self._order(first, names)])
        return self._side_by_side(bases)

    # One measured entity

    def _aggregate(
        self, measures: list[Measure], names: list[str], beside: bool = False
    ) -> tuple[str, list[str]]:
        """The SELECT and what follows it; with the groups' keys if it is to be joined `beside`."""
        request = self._request
        frame = self._frame(measures[0].entity)
        columns, keys = self._grouped(frame, measures[0], names)
        columns += [
            frame.column(entity, key) + ("" if called == key else f" AS {name(called)}")
            for entity, key, called in (self._keys(names) if beside else ())
        ]
        derived = Derived(request, self._where, frame, keys)
        measured = [(one, self._where.expression(frame, one)) for one in measures]
        if request.period:
            frame.where.append(derived.in_periods(measures[0]))
        self._where.apply(frame)
        for one, expression in measured:
            columns += derived.columns(one, expression)
        having = [
            compare(self._where.expression(frame, measure), comparison)
            for measure, comparison in request.having
        ]
        tail = [frame.text()]
        if keys:
            tail.append(f"GROUP BY {', '.join(key for own in keys.values() for key in own)}")
        if having:
            tail.append(f"HAVING {' AND '.join(having)}")
        if request.per_group:
            tail.append(derived.first_of_each(measured[0][1]))
        return f"SELECT {', '.join(columns)}", tail

    def _grouped(
        self, frame: Frame, measure: Measure, names: list[str]
    ) -> tuple[list[str], dict[Group, list[str]]]:
        """The columns that are shown, and for each group those that it goes by."""
        columns: list[str] = []
        keys: dict[Group, list[str]] = {}
        for group, called in zip(self._request.groups, names, strict=True):
            if group.grain:
                column = self._truncated(frame, group, measure)
            else:
                column = frame.column(group.entity, group.field)
            keys[group] = [*(frame.column(*key) for key in self._unshown(group)), column]
            same = called == group.field and not group.grain
            columns.append(column if same else f"{column} AS {name(called)}")
        return columns, keys

    def _truncated(self, frame: Frame, group: Group, measure: Measure) -> str:
        entity, field = self._time(group, measure)
        kind = self._model.entities[entity].fields[field].type
        column = local(frame.column(entity, field), kind, self._zone)
        return f"DATE_TRUNC('{group.grain}', {column})"

    def _time(self, group: Group, measure: Measure) -> tuple[str, str]:
        if group.entity:
            return group.entity, group.field
        if measure.time is None:
            raise Unclear(f"{measure.words} has no time in the model to go by {group.grain}.")
        return measure.time

    def _keys(self, names: list[str]) -> list[tuple[str, str, str]]:
        """The keys of the rows that are gone by, and the names they have beside those shown."""
        taken = {*names, *(measure.name for measure in self._request.measures)}
        keys = [key for group in self._request.groups for key in self._unshown(group)]
        plain = [key for _, key in keys]
        return [
            (entity, key, f"{entity}_{key}" if key in taken or plain.count(key) > 1 else key)
            for entity, key in keys
        ]

    def _unshown(self, group: Group) -> list[tuple[str, str]]:
        """The key of the rows that a group is, but for the field that is shown."""
        key = self._model.entities[group.entity].key if group.whole else ()
        return [(group.entity, field) for field in key if field != group.field]

    def _names(self) -> list[str]:
        """The output names of the groups; two of one name are told apart by their entity."""
        plain = [group.grain or group.field for group in self._request.groups]
        taken = plain + [measure.name for measure in self._request.measures]
        return [
            called if taken.count(called) == 1 else f"{group.entity}_{called}"
            for group, called in zip(self._request.groups, plain, strict=True)
        ]

    def _order(self, first: str, names: list[str]) -> list[str]:
        request = self._request
        grouped = list(zip(request.groups, names, strict=True))
        keys = [name(called) for group, called in grouped if request.per_group and group.each]
        if isinstance(request.order, Measure):
            part = request.share == "part"
            keys.append(self._direction(name(first if part else request.order.name)))
        else:
            keys += [name(called) for group, called in grouped if group.grain]
            if any(not group.grain for group in request.groups):
                keys.append(self._direction(name(first)))
        ordered = [f"ORDER BY {', '.join(keys)}"] if keys else []
        limited = request.limit and not request.per_group
        return ordered + ([f"LIMIT {request.limit}"] if limited else [])

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
            select, tail = self._aggregate(measures, names, beside=True)
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
        joining = [*(called for _, _, called in self._keys(names)), *names]
        on = " AND ".join(
            f"{tables[0]}.{name(called)} IS NOT DISTINCT FROM {tables[1]}.{name(called)}"
            for called in joining
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
        self._where.apply(frame)
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
        self._where.apply(frame)
        listed = ", ".join(columns)
        return f"SELECT DISTINCT {listed} {frame.text()} ORDER BY {listed}"

    def _frame(self, base: str) -> Frame:
        """The outer frame; a list of the nearest texts is read from the search itself."""
        search = next((s.search for s in self._request.scopes if s.entity == base and s.search), "")
        return Frame(self._aliases, base, search=search)
