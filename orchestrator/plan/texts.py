"""Names and texts as filters: customer "Acme Tools", notes about late deliveries."""

from dataclasses import replace

from orchestrator.plan.frame import NEAREST
from orchestrator.plan.lexicon import Term
from orchestrator.plan.places import Places
from orchestrator.plan.request import Condition
from orchestrator.plan.request import UnclearError as Unclear


class Texts:
    """Reads quoted names and searches by meaning into a request."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sketch = places.sketch
        self._words = places.sketch.words
        self._request = places.request

    def names(self) -> None:
        """Every text in quotes: the name of something."""
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
                    self._sketch.paths.most_pointed_at()
                )
                if field is None:
                    raise Unclear(f"Name a field before “{words.chunks[at].text}”.")
                self._sketch.assumptions.append(f"“{words.chunks[at].text}” is a {field}")
            self._named(field, at)
            words.used.add(at)
            if not self._request.base:
                self._request.base = field.entity

    def _named(self, field: Term, at: int) -> None:
        """ "Acme" and "Globex" beside each other are either of them."""
        words = self._words
        scope = self._places.scope(field.entity, at)
        first = max((one for one in words.roles("quote") if one < at), default=at)
        between = range(first + 1, at)
        listed = any(words.role(one) in {"and", "or"} for one in between) and all(
            words.role(one) in {"and", "or", "stop"} or words.entity(one) for one in between
        )
        name, last = words.chunks[at].text, scope.conditions[-1] if scope.conditions else None
        if listed and last and (last.field, last.op) == (field.name, "="):
            scope.conditions[-1] = replace(last, values=tuple(dict.fromkeys((*last.values, name))))
            words.used |= {one for one in between if words.role(one) == "or"}
            return
        scope.conditions.append(Condition(field.name, "=", (name,), at=at))

    def _label(self, entity: str) -> Term | None:
        """The field that names an entity in text."""
        spec = self._sketch.model.entities.get(entity)
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
        return self._places.placed(at, tuple(texts))[0]

    def searches(self) -> None:
        """Every text that rows are near to."""
        words = self._words
        texts = [name for name, entity in self._sketch.model.entities.items() if entity.text_source]
        for at in words.roles("search"):
            before = words.previous(at, loose=True)
            noun = words.entity(before)
            target = noun if noun in texts else texts[0]
            paths = self._sketch.paths
            path = paths.any(target, noun) if noun else []
            if path is None or len(path) > 1 or (noun and not self._places.is_event(target)):
                raise Unclear(f"{noun} can't be searched by meaning; {', '.join(texts)} can.")
            scope = self._places.scope(target, at)
            scope.search = words.chunks[at].text
            if scope.at == at:
                scope.named = True
                scope.negated = words.role(before) in {"no", "not"}
                words.used |= {before} if scope.negated and before is not None else set()
            words.used.add(at)
            self._sketch.assumptions.append(
                f"“{scope.search}” is the {NEAREST} nearest rows of {target}, by meaning"
            )
