"""A follow-up to a whole request: what it names replaces, what it leaves out stays as it was.

New groups, periods, limits and measures take the place of the old ones; so does a filter of the
same field. "Also" and "too" add instead.
"""

from orchestrator.plan.cues import Cues
from orchestrator.plan.details import Details
from orchestrator.plan.grouping import Grouping
from orchestrator.plan.heading import Heading
from orchestrator.plan.lexicon import Term
from orchestrator.plan.measuring import Measuring
from orchestrator.plan.merging import merge
from orchestrator.plan.moving import Moved, long_ago, moved, still_theirs
from orchestrator.plan.nouns import Nouns
from orchestrator.plan.ranking import Ranking
from orchestrator.plan.repeating import take_period, timed
from orchestrator.plan.request import Measure, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sharing import Sharing
from orchestrator.plan.sketch import Sketch
from orchestrator.plan.versus import Versus
from orchestrator.plan.words import RANKED


class Amending:
    """Reads one follow-up to the request `before`. `left_out` are filters that could not stay."""

    def __init__(self, sketch: Sketch, before: Request, cues: Cues) -> None:
        self._sketch = sketch
        self._words = sketch.words
        self._before = before
        self._cues = cues
        self.left_out: list[str] = []

    def request(self) -> Request:
        """The whole new request. Raises UnclearError."""
        sketch, grouping = self._sketch, Grouping(self._sketch)
        sharing, versus = Sharing(sketch), Versus(sketch)
        sharing.read()
        versus.read()
        grouping.read()
        Measuring(sketch).read()
        self._counted()
        self._subject()
        self._measured()
        self._headed()
        carried = moved(sketch, self._before, self._base(), sketch.measures)
        if self._cues.whose:
            still_theirs(sketch, self._before, carried, self._cues.whose)
        self.left_out = carried.left_out
        regrouped = self._group(grouping, carried)
        self._rank(carried.request, regrouped)
        self._filter(carried.request)
        versus.settle(carried.request)
        sharing.settle(carried.request)
        return carried.request

    # What is asked for

    def _counted(self) -> None:
        """ "how many?", "how many of them are in Germany?": the rows that were listed."""
        words, before = self._words, self._before
        for at in words.roles("count"):
            if at in words.used or self._sketch.measures:
                continue
            if before.groups or any(one.expression != "COUNT(*)" for one in before.measures):
                raise Unclear("How many of what? Name what is to be counted.")
            if before.limit:
                raise Unclear(f"The {before.limit} rows shown can't be counted by themselves.")
            if not before.measures:
                self._sketch.count_rows(before.base, at)
            words.used.add(at)

    def _subject(self) -> None:
        """ "the same for tickets": a noun in the place of what was counted or listed."""
        sketch = self._sketch
        if not self._cues.swaps or sketch.measures:
            return
        for at in self._words.of("entity"):
            if at not in sketch.grouped and self._is_new(at):
                if self._before.measures:
                    sketch.count(at)
                else:
                    sketch.head = at
                return

    def _is_new(self, at: int) -> bool:
        """Whether a noun is no filter: it has no values, or the rows before do not lead to it."""
        words, before, entity = self._words, self._before, self._words.entity(at)
        previous = words.previous(at)
        if words.role(previous) in {"no", "not", "number", "which", "top", "bottom"}:
            return False
        if words.kinds.get(at - 1) != "value":
            return words.chunks[at - 1].text != "with" if at else True
        known = {scope.entity for scope in before.scopes} | {before.base}
        return entity not in known and self._sketch.paths.to_one(before.base, entity) is None

    def _measured(self) -> None:
        """The measures of before, unless there are others or the rows themselves are wanted."""
        sketch, before = self._sketch, self._before
        rows = (self._cues.lists and not before.groups) or sketch.head is not None
        if rows or (sketch.measures and not self._cues.adds):
            return
        kept = [long_ago(one) for one in before.measures]
        sketch.measured |= {one.at: one.name for one in kept if one.expression == "COUNT(*)"}
        names = {one.name for one in kept}
        sketch.measures = [*kept, *(one for one in sketch.measures if one.name not in names)]

    def _headed(self) -> None:
        """ "which customers?", "top 3 countries": what the answer goes by from now on."""
        sketch = self._sketch
        Heading(sketch).fields()
        for at in self._words.of("entity"):
            taken = at in sketch.measured or at in sketch.grouped or at == sketch.head
            if not taken and self._led(at):
                sketch.head = at
                if sketch.measures:
                    sketch.groups.insert(0, sketch.whole(self._words.entity(at)))

    def _led(self, at: int) -> bool:
        words, before = self._words, self._words.previous(at)
        while words.kinds.get(-1 if before is None else before) == "value" or (
            words.role(before) == "number"
        ):
            before = words.previous(before or 0)
        return words.role(before) in RANKED | {"which", "list", "top", "bottom"}

    def _base(self) -> str:
        if self._sketch.measures:
            return self._sketch.measures[0].entity
        return self._sketch.head_entity() or self._before.base

    # What it goes by, and in what order

    def _group(self, grouping: Grouping, carried: Moved) -> bool:
        """Whether new groups took the place of the old ones."""
        sketch, request = self._sketch, carried.request
        if (sketch.groups or sketch.waiting) and not sketch.measures and not sketch.distinct:
            sketch.count_rows(request.base, 0)
        own = [timed(one, request) for one in grouping.settled(request.base)]
        sketch.waiting = []
        replaced = bool(own) and not self._cues.adds
        kept = [] if replaced else request.groups
        joined = [*kept, *(one for one in own if one not in kept)]
        sketch.groups = sorted(joined, key=lambda one: not one.grain)
        request.groups, request.measures = sketch.groups, sketch.measures
        return replaced

    def _rank(self, request: Request, regrouped: bool) -> None:
        sketch, ranking = self._sketch, Ranking(self._sketch)
        if regrouped:
            request.order, request.descending, request.having = None, True, []
        else:
            sketch.limit = sketch.limit or request.limit
        if isinstance(request.order, tuple) and not sketch.measures and not sketch.order:
            sketch.order = Term("field", *request.order)
        elif isinstance(request.order, Measure):
            request.order = next(
                (one for one in sketch.measures if one.name == request.order.name),
                sketch.measures[0] if sketch.measures else None,
            )
        sketch.descending = request.descending
        ranking.read()
        request.order = ranking.order() or request.order
        request.descending, request.limit = sketch.descending, sketch.limit
        request.head = sketch.head_entity() or request.head

    # Which rows

    def _filter(self, request: Request) -> None:
        self._nouns(request)
        take_period(self._words, request)
        old = {id(scope): list(scope.conditions) for scope in request.scopes}
        having = list(request.having)
        Details(self._sketch, request).fill()
        for scope in request.scopes:
            merge(scope, old.get(id(scope), []), self._cues.adds)
        fresh = request.having[len(having) :]
        replaced = {measure.name for measure, _ in fresh}
        request.having = [one for one in having if one[0].name not in replaced] + fresh

    def _nouns(self, request: Request) -> None:
        """Nouns that were spoken of already are the same rows, unless their number is at issue."""
        for scope in Nouns(self._sketch).scopes(request.base):
            twin = next((one for one in request.scopes if one.entity == scope.entity), None)
            if twin is None or (self._about_number(scope) and not twin.named):
                request.scopes.append(scope)
            elif scope.having and twin.having:
                twin.having = scope.having
            elif self._about_number(scope):
                request.scopes[request.scopes.index(twin)] = scope

    def _about_number(self, scope: Scope) -> bool:
        return scope.negated or scope.having is not None
