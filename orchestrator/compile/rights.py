"""What one person may read of a model at one moment, by the policy's rules of access.

Rights add up: whoever is known to be in fewer groups never has more of them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import sqlglot
from sqlglot import exp

from orchestrator.question import Requester
from orchestrator.semantic import AccessRule, Entity, Mask, SemanticModel

NOBODY = Requester("", "")


@dataclass(frozen=True, slots=True)
class Grant:
    """What one rule gives of one entity: the fields as they are (`plain`) and `masked`, of the rows
    that meet `rows` (semantic SQL with its values in it; None: all). `smallest` are the smallest
    groups by field, that of the whole entity under ""."""

    rule: str
    rows: str | None
    plain: frozenset[str]
    masked: dict[str, Mask] = field(default_factory=dict)
    smallest: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that somebody may read of one entity: one grant or more, in the order of the rules."""

    grants: tuple[Grant, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """The conditions of which a row has to meet one; none when all rows may be read."""
        if any(grant.rows is None for grant in self.grants):
            return ()
        return tuple(dict.fromkeys(grant.rows for grant in self.grants if grant.rows is not None))

    def may_read(self, name: str) -> bool:
        """Whether a field may be read, masked or not."""
        return any(name in grant.plain or name in grant.masked for grant in self.grants)

    def mask(self, name: str) -> Mask | None:
        """How a field is masked where it is not shown as it is; None when it always is."""
        plain = [grant for grant in self.grants if name in grant.plain]
        if len(plain) == len(self.grants) or any(grant.rows is None for grant in plain):
            return None
        masks = (grant.masked[name] for grant in self.grants if name in grant.masked)
        return next(masks, Mask(kind="null"))

    def plain_rows(self, name: str) -> tuple[str, ...]:
        """The conditions of which a row has to meet one to show a masked field as it is."""
        found = (g.rows for g in self.grants if name in g.plain and g.rows is not None)
        return tuple(dict.fromkeys(found))

    def smallest_group(self, name: str = "") -> int:
        """How many rows an aggregate of a field, or ("") of the entity at all, is made of at least;
        0 when single rows may be seen."""
        giving = [g for g in self.grants if not name or name in g.plain or name in g.masked]
        sizes = [grant.smallest.get(name, 0) for grant in giving]
        free = any(not size and g.rows is None for size, g in zip(sizes, giving, strict=True))
        return 0 if free or not sizes else max(sizes)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may read, by entity; `lapsed` says of an entity why rules give nothing of it
    now."""

    readings: dict[str, Reading]
    lapsed: dict[str, tuple[str, ...]]

    def is_whole(self, entity: str, fields: Collection[str]) -> bool:
        """Whether these fields of all rows of an entity may be read as they are."""
        reading = self.readings.get(entity)
        if reading is None or reading.rows or reading.smallest_group():
            return False
        return not any(
            not reading.may_read(one) or reading.mask(one) or reading.smallest_group(one)
            for one in fields
        )


def rights_of(
    model: SemanticModel,
    requester: Requester = NOBODY,
    at: datetime | None = None,
    own: Collection[str] = (),
) -> Rights | None:
    """The rights of a person at an aware moment, or None when the policy has no section `access`.

    Rules with hours do not hold at an unknown moment. `own` are entities that belong to who asks,
    such as the files of a thread: all of them may be read.
    """
    policy = model.policies.access
    if policy is None:
        return None
    grants: dict[str, list[Grant]] = {}
    lapsed: dict[str, list[str]] = {}
    given = {**attributes_of(requester), **policy.attributes.get(requester.user, {})}
    for rule in policy.rules:
        if not any(_is(who, requester) for who in rule.to):
            continue
        for name, entity in model.entities.items():
            found = _grant(rule, name, entity, model, given, at)
            if isinstance(found, Grant):
                grants.setdefault(name, []).append(found)
            elif found:
                lapsed.setdefault(name, []).append(found)
    for name in own:
        grants[name] = [Grant("own files", None, frozenset(model.entities[name].fields))]
    readings = {name: Reading(tuple(several)) for name, several in grants.items()}
    return Rights(readings, {name: tuple(several) for name, several in lapsed.items()})


def attributes_of(requester: Requester) -> dict[str, str | int | tuple[str | int, ...]]:
    """What every person has to be asked for in a row filter, as far as it is known."""
    known = {
        "user": requester.user,
        "team": requester.team,
        "channel": requester.place,
        "email": requester.email,
    }
    return {name: value for name, value in known.items() if value}


def _is(who: str, requester: Requester) -> bool:
    kind, _, name = who.partition(":")
    match kind:
        case "everyone":
            return True
        case "user":
            return name in (requester.user, f"{requester.team}/{requester.user}")
        case "group":
            return name in requester.groups
        case "channel":
            return name == requester.place
        case _:
            return name == requester.team


def _grant(
    rule: AccessRule,
    name: str,
    entity: Entity,
    model: SemanticModel,
    given: dict[str, str | int | tuple[str | int, ...]],
    at: datetime | None,
) -> Grant | str | None:
    """What a rule gives of an entity; why it gives nothing now; or None when it never does."""
    readable = [one for one in entity.fields if _is_named(rule, name, one, entity, model)]
    if not readable:
        return None
    hours = rule.hours
    if hours is not None and (at is None or not hours.include(at, model.time_zone)):
        said = f"{', '.join(hours.days)} {hours.opens}–{hours.closes} h, {model.time_zone}"
        return f"the rule “{rule.name}” holds in its hours alone ({said})"
    rows = rule.rows.get(name)
    if rows is not None:
        lacking = next((one for one in placeholders(rows) if not _known(given.get(one))), None)
        if lacking is not None:
            return f"the rule “{rule.name}” needs to know your `{lacking}`, which is not known"
        rows = filled(rows, given)
    plain: set[str] = set()
    masked: dict[str, Mask] = {}
    for one in readable:
        pii = entity.fields[one].pii
        mask = rule.mask_of(f"{name}.{one}", pii)
        if mask is not None:
            masked[one] = mask
        elif pii is None or (pii in rule.pii and pii in model.policies.allow_pii):
            plain.add(one)
    smallest = {
        one: rule.smallest_group[whole]
        for one in ("", *readable)
        if (whole := f"{name}.{one}".rstrip(".")) in rule.smallest_group
    }
    return Grant(rule.name, rows, frozenset(plain), masked, smallest)


def _known(value: object) -> bool:
    return value is not None and value not in ("", ())


def _is_named(rule: AccessRule, name: str, one: str, entity: Entity, model: SemanticModel) -> bool:
    if not rule.names(name, one):
        return False
    holder = next(source for source, bound in entity.bindings.items() if one in bound.fields)
    regions = {model.sources[source].region for source in (entity.home, holder)}
    return rule.regions is None or regions <= {*rule.regions}


def placeholders(condition: str) -> Iterator[str]:
    """The attributes that a row filter names. Raises sqlglot's errors when it can't be read."""
    tree = sqlglot.parse_one(condition, read="duckdb")
    return (node.name for node in tree.find_all(exp.Placeholder))


def filled(condition: str, given: dict[str, str | int | tuple[str | int, ...]]) -> str:
    """A row filter with the values of its attributes as literals; a list stands in IN (:list)."""
    tree = exp.paren(sqlglot.parse_one(condition, read="duckdb"))
    for node in list(tree.find_all(exp.Placeholder)):
        value = given[node.name]
        if isinstance(value, tuple) and isinstance(node.parent, exp.In):
            others = [one for one in node.parent.expressions if one is not node]
            node.parent.set("expressions", [*others, *map(exp.convert, value)])
        else:
            node.replace(exp.convert(value))
    return tree.this.sql("duckdb")
