"""The mistakes of the policy's section `access` that no schema sees."""

from collections.abc import Iterator

from orchestrator.semantic.access import AccessPolicy, AccessRule, Mask
from orchestrator.semantic.check import Place, near
from orchestrator.semantic.model import FieldSpec, SemanticModel

Found = Iterator[tuple[Place, str]]
_KEY_CHARACTERS = 16
_NUMBERS, _DAYS = {"int64", "float64", "decimal"}, {"date", "timestamp", "timestamptz"}


def check_access(model: SemanticModel) -> Found:
    """Names that point nowhere, masks that don't fit, and a key that is missing."""
    policy = model.policies.access
    if policy is None:
        return
    at = ("policies", "access")
    kinds = {mask.kind for rule in policy.rules for mask in rule.masks.values()}
    if "hash" in kinds and not _is_good(policy):
        yield (
            (*at, "key"),
            f"a mask is `hash`, which takes a `key` of {_KEY_CHARACTERS} characters or more.",
        )
    for index, rule in enumerate(policy.rules):
        for place, said in _check_rule(model, rule):
            yield (*at, "rules", index, *place), said


def _is_good(policy: AccessPolicy) -> bool:
    return policy.key is not None and len(policy.key.get_secret_value()) >= _KEY_CHARACTERS


def _check_rule(model: SemanticModel, rule: AccessRule) -> Found:
    fields = {
        f"{name}.{field}": spec
        for name, entity in model.entities.items()
        for field, spec in entity.fields.items()
    }
    classes = {spec.pii for spec in fields.values() if spec.pii}
    words = {"*", *model.entities, *fields}
    for part, named, known in (
        ("reads", rule.reads, words),
        ("without", rule.without, words),
        ("masks", rule.masks, {*fields, *classes}),
        ("rows", rule.rows, {*model.entities}),
        ("smallest_group", rule.smallest_group, {*model.entities, *fields}),
        ("pii", rule.pii, {*model.policies.allow_pii}),
    ):
        for name in named:
            if name not in known:
                hint = near(name, sorted(known)) if known else "`allow_pii` names no class."
                yield (part,), f"`{name}` can't stand here; {hint}"
    for name in {*rule.pii} & {*rule.masks}:
        yield ("masks", name), f"the class `{name}` is masked here and shown under `pii`."
    regions = {source.region for source in model.sources.values() if source.region}
    for region in rule.regions or ():
        if region not in regions:
            yield ("regions",), f"no source has the region `{region}`."
    for name, mask in rule.masks.items():
        for field, spec in fields.items():
            if name in (field, spec.pii) and (said := _misfit(mask, spec)) is not None:
                yield ("masks", name), f"`{mask.kind}` of {field} ({spec.type}) {said}"


def _misfit(mask: Mask, spec: FieldSpec) -> str | None:
    if mask.kind in {"hash", "partial"} and spec.family != "string":
        return "is for text alone; take `bucket` or `null`."
    if mask.kind == "bucket" and spec.family in _NUMBERS:
        return None if mask.width else "needs a `width`."
    if mask.kind == "bucket" and spec.family in _DAYS:
        return None if mask.unit else "needs a `unit`: month, quarter or year."
    return "is for numbers and days alone." if mask.kind == "bucket" else None
