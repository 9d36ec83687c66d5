"""Shares: "percentage of cancelled orders", "no-show rate", "share of revenue by segment".

A share is of a part in the whole, where words behind the noun tell the part ("customers with open
tickets"), or of each group in all. What can be both is asked back.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from orchestrator.plan.request import Condition, Request, Scope
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch

_EACH = re.compile(r"^(in|as)\b|split|breakdown|distribution")
_RELATIVE = frozenset("that who which were was are is got get been have has had with".split())
_ADDITIVE = re.compile(r"COUNT\(\*\)|SUM\([^()]*\)")


class Sharing:
    """Reads the share that a question asks for, if it does."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._words = sketch.words
        self._at = next(iter(self._words.roles("share")), None)

    def read(self) -> None:
        """What is shared, before measures are read: a counted noun, or the rows of a "rate"."""
        sketch, words = self._sketch, self._words
        for at in words.roles("share"):
            noun = words.noun(at)
            if noun is not None:
                sketch.count(noun)
            words.used.add(at)
        for at in words.roles("rate"):
            part = words.previous(at)
            if part is None or not (words.kinds.get(part) == "value" or words.dates(part)):
                continue
            nouns = {words.entity(one) for one in words.of("entity")}
            known = words.kinds.get(part) == "value"
            terms = words.terms(part) if known else words.dates(part)
            term = next((t for t in terms if t.entity in nouns), None) or sketch.nearest(terms, "")
            sketch.count_rows(term.entity, part)
            words.used.discard(part)
            words.used.add(at)

    def settle(self, request: Request) -> None:
        """Say of what part the share is, now that all conditions are known."""
        rate = next((at for at in self._words.roles("rate") if at in self._words.used), None)
        if self._at is None and rate is None:
            return
        if len(request.measures) != 1:
            raise Unclear("Ask for the share of one thing: a number of something, or a sum.")
        measure = request.measures[0]
        if not _ADDITIVE.fullmatch(measure.expression):
            raise Unclear(f"A share of {measure.words} means nothing, since it does not add up.")
        if rate is not None:
            self._mark(request, lambda at: at == measure.at)
            request.share = "part"
        else:
            request.share = self._which(request, self._at or 0)

    def _which(self, request: Request, share: int) -> str:
        measure, words = request.measures[0], self._words
        text = words.chunks[share].text
        grouped = bool(request.groups)
        by = next((at for at in words.roles("by") if at > measure.at), len(words))
        if grouped and _EACH.search(text):
            return "each"

        def behind(at: int) -> bool:
            return measure.at < at < by or self._relative(at)

        dated = self._dated(request, behind)
        if dated is not None and self._mark(request, lambda at: at == dated, periods=True):
            return "part"
        if self._mark(request, behind):
            return "part"
        before = [one for one in _all(request) if one.at < measure.at and not one.period]
        if grouped and before and text.startswith("share"):
            raise Unclear(
                f"Is “{text}” that of each group in all, or that of some rows within each group?",
                "percentage split of",
                "proportion of",
                said=text,
            )
        if grouped and not before:
            return "each"
        if self._mark(request, lambda at: (at < measure.at) == bool(before), periods=not before):
            return "part"
        raise Unclear(f"Say which part of {measure.words}, or by what they are shared.")

    def _dated(self, request: Request, behind: Callable[[int], bool]) -> int | None:
        """ "tickets were solved last month": where the last words behind the noun are a date other
        than that of its rows, they tell the part."""
        time = self._sketch.model.entities[request.base].time
        said: list[tuple[int, bool]] = []
        for scope in request.scopes:
            own = scope.entity == request.base and not scope.apart
            said += [
                (one.at, own and one.field != time and bool(one.period)) for one in scope.conditions
            ]
            said += [] if own or not _tests(scope) else [(scope.at, False)]
        last, told = max((one for one in said if behind(one[0])), default=(0, False))
        return last if told else None

    def _relative(self, at: int) -> bool:
        """ "by channel that were cancelled": a clause of its own."""
        before = self._words.chunks[at - 1] if at > 0 else None
        return before is not None and before.role == "stop" and before.text in _RELATIVE

    def _mark(
        self, request: Request, is_part: Callable[[int], bool], periods: bool = False
    ) -> bool:
        """Mark the conditions, and other rows that must exist, where `is_part` holds."""
        found = False
        for scope in request.scopes:
            own = scope.entity == request.base and not scope.apart
            if not own and scope.at >= 0 and is_part(scope.at) and _tests(scope):
                scope.part = found = True
                continue
            for at, one in enumerate(scope.conditions):
                if is_part(one.at) and (periods or not one.period or not own):
                    scope.conditions[at] = replace(one, part=True)
                    found = True
        return found


def _tests(scope: Scope) -> bool:
    return bool(scope.named or scope.conditions or scope.having or scope.search)


def _all(request: Request) -> list[Condition]:
    return [condition for scope in request.scopes for condition in scope.conditions]
