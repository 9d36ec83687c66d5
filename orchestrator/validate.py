"""A compiled plan against the registry and the policy: a ValidatedPlan, or what is wrong."""

import difflib
from dataclasses import dataclass

from orchestrator.compile.plan import FetchStep, Plan
from orchestrator.registry import Registry
from orchestrator.semantic import SemanticModel


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why a plan may not run, in words that say what to do."""

    message: str


@dataclass(frozen=True, slots=True)
class ValidatedPlan:
    """A plan that fits the registry and the policy as they are now.

    `scope` is the digest of the policy: rows are shared only between runs that have the same.
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
        violations += _missing(step, plan, model, registry)
    if violations:
        return tuple(dict.fromkeys(violations))
    catalogs = {step.source: registry.catalog(step.source) for step in plan.steps}
    fingerprints = tuple(
        (name, catalog.fingerprint) for name, catalog in sorted(catalogs.items()) if catalog
    )
    return ValidatedPlan(plan, fingerprints, model.policies.digest)


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


def _private(plan: Plan, model: SemanticModel) -> list[Violation]:
    return [one for name in plan.fields if (one := withheld(name, model)) is not None]


def _missing(
    step: FetchStep, plan: Plan, model: SemanticModel, registry: Registry
) -> list[Violation]:
    catalog = registry.catalog(step.source)
    if catalog is None:
        return []
    found: list[Violation] = []
    for relation in step.query.relations:
        live = catalog.relation(relation)
        if live is None:
            near = difflib.get_close_matches(relation, [r.name for r in catalog.relations], 1)
            hint = f" Did the model mean {near[0]}?" if near else ""
            found.append(
                Violation(
                    f"The semantic model binds {relation} in {step.source}, which has no such "
                    f"relation, or its Vault role may not read it.{hint} Correct the binding."
                )
            )
            continue
        if catalog.sampled:
            continue
        found += [
            Violation(
                f"The semantic model binds {relation}.{path} in {step.source}, which has "
                "no such column. Correct the binding."
            )
            for path in _paths(step.source, relation, plan, model)
            if live.column(path) is None
        ]
    return found


def _paths(source: str, relation: str, plan: Plan, model: SemanticModel) -> list[str]:
    """The native columns that the plan's fields lie in, for one relation."""
    found: list[str] = []
    for name in plan.fields:
        entity, _, field = name.partition(".")
        binding = model.entities[entity].bindings.get(source)
        if binding and binding.relation == relation and field in binding.fields:
            found.append(binding.fields[field].path)
    return found
