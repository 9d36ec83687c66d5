"""Small words that turn a meaning: "only closed tickets" and "new customers" are no others."""

from orchestrator.plan.lexicon import plural
from orchestrator.plan.request import Request
from orchestrator.plan.request import UnclearError as Unclear
from orchestrator.plan.sketch import Sketch

_OWNING = frozenset("with who whose have has had having".split())


class Turning:
    """Checks that no word of a question turns what was read of it."""

    def __init__(self, sketch: Sketch, request: Request) -> None:
        self._sketch = sketch
        self._words = sketch.words
        self._request = request

    def check(self) -> None:
        """Raise UnclearError where one does."""
        for at, chunk in enumerate(self._words.chunks):
            if chunk.role == "stop" and chunk.text in {"only", "just"}:
                self._only(at)
            elif chunk.role == "stop" and chunk.text == "new":
                self._new(at)

    def _only(self, at: int) -> None:
        """ "customers with only closed tickets" have no others; "only 2" is a number."""
        words, after = self._words, self._words.next(at)
        verb = words.previous(at, loose=True)
        if words.chunks[at].text == "just":
            owned = at > 0 and words.chunks[at - 1].text == "with"
        else:
            owned = any(chunk.text in _OWNING for chunk in words.chunks[:at]) or (
                verb is not None and bool(words.dates(verb))
            )
        if owned and words.role(after) != "number":
            raise Unclear(
                f"“{words.chunks[at].text}”: I can't read “these and no others”. Say what they "
                "have, and what they are without."
            )

    def _new(self, at: int) -> None:
        """ "new customers last month" are those of that month; without a time nobody is new."""
        entity = self._words.entity(self._words.noun(at))
        if not entity or self._timed(entity):
            return
        rows = plural(entity).replace("_", " ")
        raise Unclear(f"“new”: since when? Give the time of the {rows}, not of what they did.")

    def _timed(self, entity: str) -> bool:
        """Whether the entity's own time has a period, or is gone by."""
        request, time = self._request, self._sketch.model.entities[entity].time
        if time is None:
            return False
        measured = any(one.time == (entity, time) for one in request.measures)
        gone_by = any(
            group.grain and (group.entity, group.field) in {(entity, time), ("", "")}
            for group in request.groups
        )
        if measured and (request.period or gone_by):
            return True
        return any(
            condition.period and condition.field == time
            for scope in request.scopes
            if scope.entity == entity
            for condition in scope.conditions
        )
