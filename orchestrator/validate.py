"""A compiled plan against the registry and the policy: a ValidatedPlan, or what is wrong."""

import hashlib
from dataclasses import dataclass
from functools import partial

from orchestrator.compile.plan import FetchStep, Plan
from orchestrator.registry import Broken, Registry, faults
from orchestrator.semantic import SemanticModel


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why a plan may not run, in words that say what to do. `source` is the one whose
    catalog does not have what the plan reads, or empty."""

    message: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ValidatedPlan:
    """A plan that fits the registry and the policy as they are now.

    `scope` is the digest of the policy and of what it lets the asker see: rows are shared only
    between runs that have the same.
    """

    plan: Plan
    fingerprints: tuple[tuple[str, str], ...]
    scope: str


def validate(
    plan: Plan, model: SemanticModel, registry: Registry
) -> ValidatedPlan | tuple[Violation, ...]:
    """Check every relation and column that the plan reads, and every field against the policy.

    A source whose catalog can't be read is not checked: its fetch fails and says why.
    """
    violations = [*_private(plan, model)]
    for step in plan.steps:
        broken = _broken(step, plan, model, registry)
        violations += [Violation(one.message, one.source) for one in broken]
    if violations:
        return tuple(dict.fromkeys(violations))
    catalogs = {step.source: registry.catalog(step.source) for step in plan.steps}
    fingerprints = tuple(
        (name, catalog.fingerprint) for name, catalog in sorted(catalogs.items()) if catalog
    )
    return ValidatedPlan(plan, fingerprints, _scope(plan, model))


def withheld(name: str, model: SemanticModel) -> Violation | None:
    """Why the policy keeps a field (`entity.field`) from being read, or None when it does not."""
    entity, _, field = name.partition(".")
    spec = model.entities[entity].fields.get(field)
    if spec is None or spec.pii is None or spec.pii in model.policies.allow_pii:
        return None
    return Violation(
        f"{name} is personal data (class {spec.pii}) and the policy does not allow it. "
        "Ask without it, or have the model's owner allow it under `policies`."
    )


def _scope(plan: Plan, model: SemanticModel) -> str:
    policy = model.policies.digest
    return hashlib.sha256(f"{policy} {plan.access}".encode()).hexdigest() if plan.access else policy


def _private(plan: Plan, model: SemanticModel) -> list[Violation]:
    if model.policies.access is not None:
        return []  # the compiler has held every field against the rights of who asks
    return [one for name in plan.fields if (one := withheld(name, model)) is not None]


def _broken(step: FetchStep, plan: Plan, model: SemanticModel, registry: Registry) -> list[Broken]:
    """What the step reads of bindings that its source no longer fits."""
    catalog = registry.catalog(step.source)
    if catalog is None:
        return []
    found: list[Broken] = []
    for name in plan.entities:
        entity = model.entities[name]
        binding = entity.bindings.get(step.source)
        if binding is not None and binding.relation in step.query.relations:
            split = (one.partition(".") for one in plan.fields)
            read = [field for owner, _, field in split if owner == name]
            past = partial(registry.history, step.source)
            found += faults(name, entity, binding, catalog, past, read)
    return found
