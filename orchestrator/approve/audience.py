"""Whether an answer may be posted where an audience reads, by the policy's `audience`."""

from collections.abc import Iterator

from orchestrator.compile.plan import Plan
from orchestrator.semantic import Posting, SemanticModel


def kept_from(posting: Posting, plan: Plan, model: SemanticModel) -> tuple[str, ...]:
    """Why an answer to a plan may not be posted where `posting` holds: each reason in words, with
    names and no values. None when it may.

    Personal data counts where the answer shows values of it; a sensitive source and, under `only`,
    an entity count wherever the query reads them.
    """
    return tuple(dict.fromkeys(_reasons(posting, plan, model)))


def _reasons(posting: Posting, plan: Plan, model: SemanticModel) -> Iterator[str]:
    for name in plan.shown:
        entity, _, field = name.partition(".")
        spec = model.entities[entity].fields.get(field)
        pii = spec.pii if spec is not None else None
        if pii is not None and posting.pii is not None and pii not in posting.pii:
            yield f"it shows {name}, which is personal data (class {pii})"
    for source in dict.fromkeys(step.source for step in plan.steps):
        is_sensitive = model.sources[source].sensitive
        if is_sensitive and posting.sensitive is not None and source not in posting.sensitive:
            yield f"it reads {source}, which is a sensitive source"
    if posting.only is not None:
        named = {one.partition(".")[0] for one in posting.only}
        yield from (f"it reads {entity}" for entity in plan.entities if entity not in named)
        for name in plan.shown:
            entity = name.partition(".")[0]
            if entity in named and not {name, entity} & {*posting.only}:
                yield f"it shows {name}"
