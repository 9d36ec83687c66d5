"""The mistakes of a model that no schema sees: names that point nowhere, or stand twice."""

import difflib
from collections.abc import Iterator

from orchestrator.semantic.audience import Posting
from orchestrator.semantic.model import Binding, Relationship, SemanticModel, in_element

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a spot in the file."""


def near(word: str, known: list[str]) -> str:
    """The hint for a name that is not known: the nearest one, or all of them."""
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(sorted(known))}."


def check(model: SemanticModel) -> list[tuple[Place, str]]:
    """The mistakes that no schema sees: names that point nowhere."""
    found: list[tuple[Place, str]] = []
    for name, entity in model.entities.items():
        at = ("entities", name)
        roles = [("key", field) for field in entity.key]
        roles += [("shown", field) for field in entity.shown]
        for role, value in [*roles, ("time", entity.time), ("label", entity.label)]:
            if value is not None and value not in entity.fields:
                hint = near(value, list(entity.fields))
                found.append(((*at, role), f"{role} `{value}` is not a field of {name}; {hint}"))
        for source, binding in entity.bindings.items():
            here = (*at, "bindings", source)
            if source not in model.sources:
                hint = near(source, list(model.sources))
                found.append((here, f"source `{source}` is not declared; {hint}"))
            found += [
                (here, f"binding {source} of {name} lacks the key `{field}`.")
                for field in entity.key
                if field not in binding.fields
            ]
            for field in binding.fields:
                if field not in entity.fields:
                    hint = near(field, list(entity.fields))
                    found.append(
                        ((*here, "fields", field), f"no field `{field}` in {name}; {hint}")
                    )
            found += [((*here, *place), message) for place, message in _check_unwind(binding)]
            if binding.text is not None and binding.text not in binding.fields:
                hint = near(binding.text, list(binding.fields))
                found.append(((*here, "text"), f"no field `{binding.text}` here; {hint}"))
        bound = {field for binding in entity.bindings.values() for field in binding.fields}
        found += [
            ((*at, "fields", field), f"field `{field}` of {name} lies in no binding.")
            for field in entity.fields
            if field not in bound
        ]
    for index, relationship in enumerate(model.relationships):
        found += _check_relationship(model, index, relationship)
    for kind, parts in (("relationships", model.relationships), ("metrics", model.metrics)):
        names = [part.name for part in parts]
        found += [
            ((kind, index), f"the name `{name}` stands twice among the {kind}.")
            for index, name in enumerate(names)
            if name in names[:index]
        ]
    return found + _check_approval(model) + [*_check_audience(model), *_check_currencies(model)]


def _check_approval(model: SemanticModel) -> list[tuple[Place, str]]:
    policy, at = model.policies.approval, ("policies", "approval")
    found: list[tuple[Place, str]] = []
    if "high" in policy.rules.levels and policy.approvers is None:
        found.append((at, "a rule has the level high, but no `approvers` are named."))
    for name in policy.rules.pii:
        if name not in model.policies.allow_pii:
            said = f"the class `{name}` is not in `allow_pii`, so it is refused, not asked about."
            found.append(((*at, "rules", "pii", name), said))
    escalation = policy.approvers.escalation if policy.approvers else None
    if escalation is not None and escalation.after_hours >= policy.expires_hours:
        said = "a request has ended (`expires_hours`) before it would be escalated."
        found.append(((*at, "approvers", "escalation"), said))
    return found


def _check_audience(model: SemanticModel) -> Iterator[tuple[Place, str]]:
    policy, top = model.policies.audience, ("policies", "audience")
    places: dict[Place, Posting] = {
        (*top, "direct"): policy.direct,
        (*top, "private"): policy.private,
    }
    places |= {(*top, "public"): policy.public, (*top, "shared"): policy.shared}
    places |= {(*top, "channels", name): one for name, one in policy.channels.items()}
    sensitive = [name for name, source in model.sources.items() if source.sensitive]
    words = {*model.entities}
    words |= {f"{name}.{field}" for name, one in model.entities.items() for field in one.fields}
    for at, posting in places.items():
        for name in posting.pii or ():
            if name not in model.policies.allow_pii:
                said = (
                    f"the class `{name}` is not in `allow_pii`, so there is nothing to post of it."
                )
                yield (*at, "pii"), said
        for name in posting.sensitive or ():
            if name not in sensitive:
                hint = near(name, sensitive) if sensitive else "no source is marked `sensitive`."
                yield (*at, "sensitive"), f"`{name}` is not a sensitive source; {hint}"
        for name in posting.only or ():
            if name not in words:
                hint = near(name, sorted(words))
                yield (*at, "only"), f"`{name}` is no entity and no field; {hint}"


def _check_currencies(model: SemanticModel) -> Iterator[tuple[Place, str]]:
    currencies = model.currencies
    if currencies is not None and currencies.base in currencies.rates:
        yield ("currencies", "rates", currencies.base), "the base has no rate: it is 1."
    if currencies is not None and currencies.base not in {one.unit for one in model.metrics}:
        said = f"no metric has the unit {currencies.base}, so there is nothing to convert."
        yield ("currencies", "base"), said


def _check_unwind(binding: Binding) -> list[tuple[Place, str]]:
    array = binding.unwind
    if array is not None and (not array or "[]" in array):
        return [(("unwind",), f"unwind `{array}` is not the path of an array in the document.")]
    lost = [
        (field, bound.path)
        for field, bound in binding.fields.items()
        if "[]" in bound.path and not in_element(bound.path, array)
    ]
    return [
        (("fields", field), f"path `{path}` lies in no array that `unwind` names for this binding.")
        for field, path in lost
    ]


def _check_relationship(
    model: SemanticModel, index: int, relationship: Relationship
) -> list[tuple[Place, str]]:
    found: list[tuple[Place, str]] = []
    for side, entity_name, columns in (
        ("from", relationship.from_entity, relationship.from_columns),
        ("to", relationship.to_entity, relationship.to_columns),
    ):
        at = ("relationships", index, side)
        entity = model.entities.get(entity_name)
        if entity is None:
            hint = near(entity_name, list(model.entities))
            found.append((at, f"entity `{entity_name}` is not defined; {hint}"))
            continue
        for column in columns:
            if column not in entity.fields:
                hint = near(column, list(entity.fields))
                found.append((at, f"no field `{column}` in {entity_name}; {hint}"))
    if len(relationship.from_columns) != len(relationship.to_columns):
        found.append((("relationships", index), "from_columns and to_columns differ in number."))
    return found
