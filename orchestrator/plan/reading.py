"""What is asked for: the measures, the groups, the head noun and the order of an answer."""

from orchestrator.plan import times
from orchestrator.plan.lexicon import NUMERIC, Term, plural
from orchestrator.plan.paths import Paths
from orchestrator.plan.request import Comparison, Group, Measure, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.words import COMPARED, LEAST, RANKED, Words
from orchestrator.semantic import SemanticModel

DEFAULT_LIMIT = 10
_FUNCTIONS = {"avg": "AVG", "sum": "SUM", "min": "MIN", "max": "MAX"}
_EXTREMES = {"biggest": "MAX", "smallest": "MIN"}
_SPOKEN = {"AVG": "average", "SUM": "total", "MIN": "lowest", "MAX": "highest"}


class Reading:
    """The frame of a request, read from the words; `Details` fills in its filters."""

    def __init__(self, model: SemanticModel, paths: Paths, words: Words) -> None:
        self.model = model
        self.paths = paths
        self.words = words
        self.measures: list[Measure] = []
        self.groups: list[Group] = []
        self.order: Measure | Term | None = None
        self.descending = True
        self.limit: int | None = None
        self.assumptions: list[str] = []
        self.measured: dict[int, str] = {}
        self.grouped: set[int] = set()
        self.head: int | None = None
        self.who = ""
        self.waiting: list[tuple[Term, ...]] = []
        self.distinct = False

    def request(self) -> Request:
        """The request without its filters."""
        self._group_by()
        self._counts()
        self._aggregates()
        self._metrics()
        self.measures.sort(key=lambda measure: measure.at)
        self._head()
        self._rank()
        grouped = self.groups or self.waiting
        if not self.measures and grouped and self._head_entity() and not self.distinct:
            self._count(self.head)
        base = self._base()
        self.groups = [self._settled(group, base) for group in self.groups]
        self.groups += [self._field_group(terms, base) for terms in self.waiting]
        return Request(
            base=base,
            head=self._head_entity(),
            measures=self.measures,
            groups=self.groups,
            scopes=self._scopes(base),
            order=self._settled_order(base),
            descending=self.descending,
            limit=self.limit,
        )

    # Groups: "by country", "per month and segment", "monthly"

    def _group_by(self) -> None:
        words = self.words
        for at in words.roles("by"):
            before, item = words.previous(at), words.next(at, loose=True)
            by_whom = (
                before is not None and words.kinds.get(before) == "field" and words.dates(before)
            )
            if by_whom and item is not None and words.kinds.get(item) in {"entity", "value"}:
                words.used.add(at)
                continue
            while item is not None and self._groupable(item):
                self._group(item)
                words.used |= {at, item}
                after = words.next(item, loose=True)
                more = after is not None and words.role(after) == "and"
                item = words.next(after, loose=True) if more and after is not None else None
                item = words.next(item) if words.role(item) == "by" and item is not None else item
            if item is not None and (words.kinds.get(item) == "metric" or self._measuring(item)):
                words.used.add(at)
        for at in words.roles("grain"):
            if at not in words.used and words.chunks[at].text in times.ADVERBS:
                self._group(at)
                words.used.add(at)

    def _measuring(self, at: int) -> bool:
        if self.words.numeric(at) and self._sorts(at):
            self.order = self.words.numeric(at)[0]
            self.words.used.add(at)
            return True
        return self.words.role(at) in {"count", *_FUNCTIONS}

    def _groupable(self, at: int) -> bool:
        words = self.words
        if words.role(at) == "grain":
            return True
        if words.entity(at):
            after, compound = words.next(at), words.chunks[at - 1].text in {"by", "per"}
            metric = compound and after is not None and words.kinds.get(after) == "metric"
            return words.role(after) != "count" and not metric
        return words.kinds.get(at) == "field" and not (words.numeric(at) and self._sorts(at))

    def _sorts(self, at: int) -> bool:
        said = self.words.chunks[at - 1].text
        return self._listed(at) or said in {"sorted by", "ranked by"}

    def _listed(self, at: int) -> bool:
        return any(one < at for one in self.words.roles("which", "list", "top", "bottom"))

    def _group(self, at: int) -> None:
        words = self.words
        if words.role(at) == "grain":
            text = words.chunks[at].text
            self.groups.append(Group(grain=times.ADVERBS.get(text, text.removesuffix("s"))))
        elif words.entity(at):
            self.grouped.add(at)
            self.groups.append(self._whole(words.entity(at)))
        else:
            self.waiting.append(words.terms(at))

    def _whole(self, name: str) -> Group:
        entity = self.model.entities[name]
        return Group(name, entity.label or entity.key[0], whole=True)

    def _field_group(self, terms: tuple[Term, ...], base: str) -> Group:
        term = self.nearest(terms, base)
        return Group(term.entity, term.name)

    def _settled(self, group: Group, base: str) -> Group:
        """A grain goes by the measures' time; a bare count goes by its entity's."""
        words = self.words
        said = [t for at in words.of("field") for t in words.dates(at) if t.entity == base]
        counts = all(measure.expression == "COUNT(*)" for measure in self.measures)
        if not group.grain or not counts or len(self.measures) > 1:
            return group
        entity, field = (base, said[-1].name) if said else self.time_of(base)
        return Group(entity, field, group.grain)

    # Measures

    def _counts(self) -> None:
        words = self.words
        for at in words.roles("count"):
            after = words.next(at, loose=True)
            noun = words.noun(at)
            before = words.previous(at)
            if noun is not None:
                self._count(noun)
            elif after is not None and words.kinds.get(after) == "metric":
                pass
            elif after is not None and words.kinds.get(after) == "field":
                self._distinct(after)
            elif before is not None and words.entity(before):
                self._count(before)
            else:
                continue
            words.used.add(at)

    def _count(self, at: int | None) -> None:
        if at is None or at in self.measured:
            return
        entity = self.words.entity(at) if at >= 0 else self.who
        name = plural(entity)
        spec = self.model.entities[entity]
        time = (entity, spec.time) if spec.time else None
        self.measures.append(Measure(name, "COUNT(*)", entity, at, time))
        self.measured[at] = name
        self.words.used.add(at)

    def _distinct(self, at: int) -> None:
        term = self.nearest(self.words.terms(at), "")
        expression = f"COUNT(DISTINCT {term.entity}.{term.name})"
        self._add(plural(term.name), expression, term, at)

    def _add(self, name: str, expression: str, term: Term, at: int) -> None:
        spec = self.model.entities[term.entity]
        time = (term.entity, spec.time) if spec.time else None
        self.measures.append(Measure(name, expression, term.entity, at, time))
        self.words.used.add(at)

    def _aggregates(self) -> None:
        words = self.words
        for at in words.roles(*_FUNCTIONS, *_EXTREMES):
            role, after = words.role(at), words.next(at)
            headed = any(noun < at for noun in words.of("entity"))
            if role in _EXTREMES and (headed or self.order or not words.numeric(after)):
                continue
            function = _FUNCTIONS.get(role) or _EXTREMES[role]
            fields = words.numeric(after)
            if after is not None and fields and words.kinds[after] == "field":
                term = self.nearest(fields, "")
                name = f"{_SPOKEN[function]}_{term.name}"
                self._add(name, f"{function}({term.entity}.{term.name})", term, after)
                words.used.add(at)
            elif after is not None and self._harmless(function, after):
                words.used.add(at)

    def _harmless(self, function: str, at: int) -> bool:
        """ "total revenue" and "total orders" say nothing new; "average revenue" would."""
        words = self.words
        if words.kinds.get(at) == "metric":
            metric = self.model.metric(words.terms(at)[0].name)
            if metric and metric.expression.upper().startswith(function):
                return True
            raise Unclear(
                f"“{words.chunks[at].text}” is already an aggregate of the model; an "
                f"{_SPOKEN[function]} of it can't be read. Name a field, as in "
                f"“{_SPOKEN[function]} {self._example()}”."
            )
        if function == "SUM" and words.entity(at):
            self._count(at)
            return True
        return function == "SUM" and words.role(at) == "count"

    def _example(self) -> str:
        numbers = (
            field.replace("_", " ")
            for entity in self.model.entities.values()
            for field, spec in entity.fields.items()
            if spec.family in NUMERIC and not field.endswith("_id")
        )
        return next(numbers, "amount")

    def _metrics(self) -> None:
        words = self.words
        for at in words.of("metric"):
            if at in words.used:
                continue
            after = words.next(at)
            rival = words.next(after) if words.role(after) in RANKED and after is not None else None
            words.used.add(at)
            if rival is not None and words.kinds.get(rival) == "metric":
                continue  # "sold the most units": the verb says no more than the units do
            measure = self.metric(words.terms(at)[0].name, at)
            if all(known.name != measure.name for known in self.measures):
                self.measures.append(measure)

    def metric(self, name: str, at: int) -> Measure:
        """A metric of the model as a measure of the entity whose rows it counts."""
        spec = self.model.metric(name)
        assert spec is not None
        sides = [e for e in self.model.entities if f"{e}." in spec.expression]
        fits = (e for e in sides if all(self.paths.to_one(e, other) is not None for other in sides))
        entity = next(fits, "")
        if not entity:
            raise Unclear(
                f"The metric {name} names no entity that all of its fields can be read from."
            )
        where, _, field = (spec.time or "").partition(".")
        time = (where, field) if field else None
        return Measure(name, spec.expression, entity, at, time, spec.unit or "", metric=True)

    # The head: what "which", "list" or "top 5" asks for

    def _head(self) -> None:
        words = self.words
        self._headed_by_field()
        said = [at for at in words.of("entity") if at not in self.grouped | set(self.measured)]
        first = min((m.at for m in self.measures if not self._ranks(m.at)), default=len(words))
        who = next((at for at in words.roles("list") if words.chunks[at].text == "who"), None)
        if who is not None and not any(at < who for at in words.of("entity", "field")):
            self.who = self.paths.most_pointed_at()
            self.head = -1
        elif said and said[0] < first and not self.distinct:
            theirs = any(chunk.text == "their" for chunk in words.chunks)
            ranks = theirs or not self.measures or self._compares_or_ranks()
            if self._listed(said[0]) or ranks:
                self.head = said[0] if not words.roles("how much") else None
        if self.head is not None and self.measures and self._rankable():
            self.groups.insert(0, self._whole(self._head_entity()))

    def _rankable(self) -> bool:
        """Whether measures can go by the head: "which customers spent the most"."""
        return self.paths.to_one(self.measures[0].entity, self._head_entity()) is not None

    def _ranks(self, at: int) -> bool:
        """Whether a measure stands behind "by", "the most" or a comparison: it orders."""
        words = self.words
        before = words.previous(at)
        while before is not None and (
            words.kinds.get(before) == "value" or words.role(before) in {"count", *_FUNCTIONS}
        ):
            before = words.previous(before)
        return words.role(before) in RANKED | {"by"}

    def _compares_or_ranks(self) -> bool:
        return bool(self.words.roles(*RANKED, *COMPARED, "top", "bottom")) or any(
            self._ranks(measure.at) for measure in self.measures
        )

    def _headed_by_field(self) -> None:
        """ "which countries …", "top 5 categories …", "which month …"."""
        words = self.words
        for at in words.roles("which", "top", "bottom"):
            after = words.next(at)
            if words.role(after) == "number" and after is not None:
                after = words.next(after)
            if after is None or after in words.used:
                continue
            of = words.role(after + 1) == "stop" and words.chunks[after + 1].text == "of"
            plain = words.kinds.get(after) == "field" and all(
                words.lexicon.spec(term).type == "string" for term in words.terms(after)
            )
            if words.role(after) == "grain" or (plain and not of):
                self._group(after)
                words.used.add(after)
                self.limit = self.limit or self._one(after)
                self.distinct = not self.measures and words.role(at) == "which"

    def _one(self, at: int) -> int | None:
        """1 when a word is in the singular."""
        chunk = self.words.chunks[at]
        if chunk.role == "grain":
            return None if chunk.text.endswith("s") else 1
        return 1 if chunk.meanings and chunk.meanings[0].rank == 0 else None

    def _head_entity(self) -> str:
        return self.who if self.head == -1 else self.words.entity(self.head)

    # The order: "the most", "top 5", "lowest health score", "latest"

    def _rank(self) -> None:
        words = self.words
        for at in words.roles("top", "bottom", *RANKED):
            if at in words.used:
                continue
            role, after = words.role(at), words.next(at)
            self.descending = role not in LEAST | {"bottom"}
            self._limited(at)
            if role in {"latest", "oldest"}:
                noun = words.noun(at) or (words.noun(after) if after is not None else None)
                entity = words.entity(noun if noun is not None else self.head)
                if entity and self.model.entities[entity].time:
                    self.order = Term("field", entity, self.model.entities[entity].time or "")
                    words.used.add(at)
            elif after is not None and words.numeric(after) and after not in words.used:
                self.order = self.nearest(words.numeric(after), self._head_entity())
                words.used |= {at, after}
            elif role in {"most", "least"} and (noun := words.noun(at)) is not None:
                self._count_ranked(noun)
                words.used.add(at)
            elif self.measures or self.order:
                words.used.add(at)
            else:
                self._by_verb_or_size(at)
        if self.measures and any(self._ranks(m.at) for m in self.measures) and self.groups:
            self.order = self.order or next(m for m in self.measures if self._ranks(m.at))
        ranked = words.roles("top", "bottom", *RANKED)
        if ranked and (self.groups or self.waiting or self.order):
            self._default_limit()

    def _count_ranked(self, noun: int) -> None:
        if noun == self.head:
            raise Unclear(f"The most {self.words.chunks[noun].text} by what? Name a measure.")
        self._count(noun)
        if self.head is not None and not self.groups and not self.waiting:
            self.groups.insert(0, self._whole(self._head_entity()))

    def _by_verb_or_size(self, at: int) -> None:
        """ "ordered the most" counts orders; "the biggest orders" are those of most amount."""
        words, before, noun = self.words, self.words.previous(at), self.words.noun(at)
        field = before is not None and words.kinds.get(before) == "field"
        dates = words.dates(before) if field else ()
        verbs = [t for t in dates if self.model.entities[t.entity].time == t.name]
        if verbs and before is not None and self.head is not None:
            entity = verbs[0].entity
            self._add(plural(entity), "COUNT(*)", verbs[0], before)
            self.groups.insert(0, self._whole(self._head_entity()))
        elif noun is not None:
            size = self.size_of(words.entity(noun))
            self.order = Term("field", words.entity(noun), size)
            self.assumptions.append(f"“{words.chunks[at].text}” is by {words.entity(noun)}.{size}")
        else:
            return
        words.used.add(at)

    def size_of(self, entity: str) -> str:
        """The field that makes a row big: what a SUM of the model adds up, or its only decimal."""
        for metric in self.model.metrics:
            start = f"SUM({entity}."
            if metric.expression.upper().startswith("SUM(") and metric.expression.startswith(start):
                return metric.expression.removeprefix(start).rstrip(")")
        specs = self.model.entities[entity].fields.items()
        amounts = [name for name, spec in specs if spec.family == "decimal"]
        if len(amounts) != 1:
            metrics = [metric.name.replace("_", " ") for metric in self.model.metrics]
            raise Unclear(
                f"{entity} has no one amount to go by. Say by what: a field, a metric "
                f"({', '.join(metrics)}) or a number of something."
            )
        return amounts[0]

    def _limited(self, at: int) -> None:
        """ "top 5", "5 biggest", "the latest 5"."""
        words = self.words
        for place in (words.next(at), words.previous(at)):
            compared = place is not None and words.role(words.previous(place)) in COMPARED
            if place is not None and words.role(place) == "number" and not compared:
                self.limit = int(words.chunks[place].number)
                words.used.add(place)

    def _default_limit(self) -> None:
        head = self.head if self.head is not None and self.head >= 0 else None
        if self.limit is None and head is not None:
            self.limit = self._one(head)
        if self.limit is None:
            self.limit = DEFAULT_LIMIT
            self.assumptions.append(f"the first {DEFAULT_LIMIT} are shown")

    def _settled_order(self, base: str) -> Measure | tuple[str, str] | None:
        if isinstance(self.order, Term):
            if self.measures:
                raise Unclear(f"Order by {self.order} or by {self.measures[0].words}, not by both.")
            return self.order.entity, self.order.name
        ranked = self.words.roles("top", "bottom", *RANKED)
        if self.order is None and ranked and self.measures and self.groups:
            return self.measures[0]
        return self.order

    # The rows that are counted or listed, and the other nouns

    def _base(self) -> str:
        if self.measures:
            return self.measures[0].entity
        if self._head_entity():
            return self._head_entity()
        if isinstance(self.order, Term):
            return self.order.entity
        nouns = [self.words.entity(at) for at in self.words.of("entity")]
        fields = [t for at in self.words.of("field") for t in self.words.terms(at)[:1]]
        fields += [terms[0] for terms in self.waiting]
        return next(iter([*nouns, *(term.entity for term in fields)]), "")

    def _scopes(self, base: str) -> list[Scope]:
        scopes: list[Scope] = []
        head = self._head_entity()
        for at in self.words.of("entity"):
            entity = self.words.entity(at)
            own = at == self.head or at in self.measured or at in self.grouped
            scope = Scope(entity, at, named=not own)
            if not own:
                self._modified(scope)
                counted = bool(scope.negated or scope.having)
                inside = self.head is not None and self.head < at and bool(head) and self.measures
                first = min((m.at for m in self.measures), default=-1)
                scope.apart = entity == base and bool(inside) and (counted or at < first)
            self.words.used.add(at)
            scopes.append(scope)
        return scopes

    def _modified(self, scope: Scope) -> None:
        """ "no open tickets", "more than 3 open tickets", "2 tickets"."""
        words = self.words
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
            comparison, start = self.comparison(before)
            scope.having = comparison
            words.used |= set(range(start, before + 1))

    def comparison(self, at: int) -> tuple[Comparison, int]:
        """The comparison whose last number is at `at`, and where it starts."""
        words = self.words
        number = words.chunks[at].number
        before = words.previous(at)
        if before is not None and words.role(before) == "and":
            low = words.previous(before)
            between = words.previous(low) if low is not None else None
            if low is not None and between is not None and words.role(between) == "between":
                return Comparison("between", (words.chunks[low].number, number)), between
        if before is not None and words.role(before) in COMPARED - {"between"}:
            return Comparison(words.role(before), (number,)), before
        return Comparison("=", (number,)), at

    # Choices

    def nearest(self, terms: tuple[Term, ...], base: str) -> Term:
        """The one meaning that lies nearest to the nouns of the question, or to `base`."""
        if len(terms) == 1:
            return terms[0]
        nouns = [self.words.entity(at) for at in self.words.of("entity")]
        if base:
            ranked = sorted(terms, key=lambda term: self.paths.distance(base, term.entity))
            first, second = (self.paths.distance(base, term.entity) for term in ranked[:2])
            if first < second:
                return ranked[0]
        for noun in nouns:
            for term in terms:
                if term.entity == noun:
                    return term
        listed = " or ".join(str(term) for term in terms)
        raise Unclear(f"“{terms[0].value or terms[0].name}” may be {listed}.", *map(str, terms))

    def time_of(self, entity: str) -> tuple[str, str]:
        """The field that a period is about: the entity's, or that of the row it leads to."""
        spec = self.model.entities[entity]
        if spec.time:
            return entity, spec.time
        timed = [n for n, e in self.model.entities.items() if e.time]
        ways = {n: path for n in timed if (path := self.paths.to_one(entity, n)) is not None}
        if not ways:
            raise Unclear(f"{entity} has no time in the model.")
        near = min(ways, key=lambda n: len(ways[n]))
        return near, self.model.entities[near].time or ""
