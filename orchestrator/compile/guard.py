"""A qualified query to one that can't see what its asker may not.

Each place that reads an entity becomes a derived table of the rows and values that the asker may
see, so that whatever the query does, it does to those. A condition on rows alone is put into the
query's own WHERE or ON where that means the same, so that it is pushed down like any other. Where
the query may fail over a value, a LIMIT that cuts nothing keeps databases from trying it on others.
"""

import hashlib
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import Schema

from adapters.errors import AccessDenied, QueryError, SemanticModelError
from orchestrator.compile.crowds import Crowd, crowded
from orchestrator.compile.failing import may_fail
from orchestrator.compile.masks import masked
from orchestrator.compile.parse import parse
from orchestrator.compile.rights import Reading, Rights, filled, placeholders
from orchestrator.compile.shapes import SCORE, SEARCHED
from orchestrator.compile.uses import misused
from orchestrator.semantic import Entity, SemanticModel

FENCE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Guarded:
    """A query within somebody's rights. `digest` stands for all that the rights have changed of it
    ("" for nothing), `notes` say it in words. `named` are the entities that the query itself reads;
    `filtered`, `masked` and `grouped` name the entities
    and fields that are not seen whole."""

    tree: exp.Query
    digest: str = ""
    notes: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    filtered: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()


@dataclass(slots=True)
class _Place:
    """One place where the query reads an entity."""

    scope: Scope
    table: exp.Table
    alias: str
    name: str
    entity: Entity
    is_search: bool
    used: set[str]
    reading: Reading


@dataclass(slots=True)
class _Changes:
    told: list[str] = field(default_factory=list)
    filtered: dict[str, None] = field(default_factory=dict)
    masked: dict[str, None] = field(default_factory=dict)
    grouped: dict[str, int] = field(default_factory=dict)


class Guard:
    """Guards queries over one model, whose entities have this schema.

    Raises SemanticModelError when a row filter of the policy can't be read.
    """

    def __init__(self, model: SemanticModel, schema: Schema) -> None:
        self._model = model
        self._schema = schema
        for rule in model.policies.access.rules if model.policies.access else ():
            for name, condition in rule.rows.items():
                self._check(rule.name, name, condition)

    def guard(self, tree: exp.Query, rights: Rights) -> Guarded:
        """The query within these rights. Raises AccessDenied with every reason against it."""
        places = self._places(tree, rights)
        if reasons := [one for place in places for one in self._denied(place)]:
            raise AccessDenied(tuple(dict.fromkeys(reasons)))
        changes = _Changes()
        self._crowds(places, changes)
        scopes = list(traverse_scope(tree))
        hidden = {id(place.table): self._hidden(place) for place in places}
        if misuses := misused(scopes, hidden):
            raise AccessDenied(misuses)
        for place in places:
            place.used = {column.name for column in place.scope.source_columns(place.alias)}
        fenced = any(place.reading.rows for place in places) and may_fail(tree, self._schema)
        for place in places:
            self._replace(place, changes, fenced=fenced)
        if not changes.told:
            return Guarded(tree)
        digest = hashlib.sha256(repr(sorted(changes.told)).encode()).hexdigest()
        return Guarded(
            tree,
            digest,
            tuple(_notes(changes)),
            tuple(dict.fromkeys(place.name for place in places)),
            tuple(changes.filtered),
            tuple(changes.masked),
            tuple(changes.grouped),
        )

    def _places(self, tree: exp.Query, rights: Rights) -> list[_Place]:
        found: dict[int, _Place] = {}
        denied: list[str] = []
        for scope in traverse_scope(tree):
            for alias, table in scope.sources.items():
                if not isinstance(table, exp.Table) or id(table) in found:
                    continue
                name = table.name.removeprefix(SEARCHED)
                reading = rights.readings.get(name)
                if reading is None:
                    said = f"The policy does not let you read {name}"
                    denied.append(_with_lapsed(said, name, rights))
                    continue
                found[id(table)] = _Place(
                    scope,
                    table,
                    alias,
                    name,
                    self._model.entities[name],
                    table.name.startswith(SEARCHED),
                    {column.name for column in scope.source_columns(alias)},
                    reading,
                )
        if denied:
            raise AccessDenied(tuple(dict.fromkeys(denied)))
        return list(found.values())

    def _denied(self, place: _Place) -> list[str]:
        """Why a place may not be read as it is."""
        found: list[str] = []
        for name in sorted(place.used & place.entity.fields.keys()):
            if not place.reading.may_read(name):
                pii = place.entity.fields[name].pii
                what = f" It is personal data (class {pii})." if pii else ""
                whole = f"{place.name}.{name}"
                found.append(f"The policy does not let you read {whole}.{what} Ask without it.")
        if place.is_search:
            source = place.entity.text_source or ""
            text = place.entity.bindings[source].text or ""
            blind = place.reading.rows or place.reading.smallest_group()
            if blind or not place.reading.may_read(text) or place.reading.mask(text):
                found.append(
                    f"{place.name} can't be searched by meaning by you: what is nearest is decided "
                    "over texts that you may not see. Ask for it by its fields."
                )
        return found

    def _crowds(self, places: list[_Place], changes: _Changes) -> None:
        reasons: list[str] = []
        for place in places:
            sizes = {name: place.reading.smallest_group(name) for name in place.entity.fields}
            sizes = {name: size for name, size in sizes.items() if size}
            crowd = Crowd(
                place.alias, place.name, place.entity, place.reading.smallest_group(), sizes
            )
            if not crowd.smallest and not sizes.keys() & place.used:
                continue
            entities = {p.alias: p.entity for p in places if p.scope is place.scope}
            if isinstance(place.scope.expression, exp.Select):
                reasons += crowded(place.scope, crowd, entities)
                size = max((crowd.smallest, *(sizes.get(one, 0) for one in place.used)))
                changes.grouped[place.name] = size
                changes.told.append(f"{place.name} {size} {sorted(sizes.items())}")
            if hidden := [key for key in place.entity.key if not place.reading.may_read(key)]:
                reasons.append(f"{place.name} can't be grouped by the policy without {hidden[0]}.")
        if reasons:
            raise AccessDenied(tuple(dict.fromkeys(reasons)))
        for place in places:
            place.scope.clear_cache()

    def _hidden(self, place: _Place) -> dict[str, str]:
        """The fields that are masked there and may be shown alone."""
        masks = {name: place.reading.mask(name) for name in place.used & place.entity.fields.keys()}
        return {n: f"{place.name}.{n}" for n, mask in masks.items() if mask and not mask.usable}

    def _replace(self, place: _Place, changes: _Changes, *, fenced: bool) -> None:
        hidden = [
            name for name in place.entity.fields if name in place.used and place.reading.mask(name)
        ]
        if not hidden and not place.reading.rows:
            return
        seen = self._seen(place)
        changes.told.append(f"{place.name}: {seen.sql('duckdb')}")
        changes.masked.update(dict.fromkeys(f"{place.name}.{name}" for name in hidden))
        if place.reading.rows:
            changes.filtered[place.name] = None
        if place.reading.rows and fenced:
            seen.limit(FENCE, copy=False)
        if hidden or fenced or not _put_beside(place, seen.args["where"].this):
            alias = exp.TableAlias(this=exp.to_identifier(place.alias, quoted=True))
            place.table.replace(exp.Subquery(this=seen, alias=alias))

    def _seen(self, place: _Place) -> exp.Select:
        """The SELECT of the rows and values of a place that may be seen, qualified."""
        chosen: list[exp.Expr] = []
        known = [*place.entity.fields, *([SCORE] if place.is_search else [])]
        for name in (one for one in known if one in place.used):
            column = exp.column(name, table=place.name, quoted=True)
            chosen.append(exp.alias_(self._value(place, name, column), name, quoted=True))
        table = place.table.copy()
        table.set("alias", exp.TableAlias(this=exp.to_identifier(place.name, quoted=True)))
        one = exp.alias_(exp.Literal.number(1), "one", quoted=True)
        seen = exp.select(*(chosen or [one])).from_(table, copy=False)
        if place.reading.rows:
            seen.where(_any(place.reading.rows), copy=False)
        try:
            return qualify(seen, schema=self._schema, dialect="duckdb", quote_identifiers=True)
        except SqlglotError as error:
            raise _unfit(place.name, error) from error

    def _value(self, place: _Place, name: str, column: exp.Column) -> exp.Expr:
        mask = place.reading.mask(name) if name in place.entity.fields else None
        if mask is None:
            return column
        value = masked(mask, column.copy(), place.entity.fields[name])
        plain = place.reading.plain_rows(name)
        return exp.case().when(_any(plain), column).else_(value) if plain else value

    def _check(self, rule: str, name: str, condition: str) -> None:
        """Raise SemanticModelError unless a row filter is a condition over its entity."""
        try:
            probe = filled(condition, dict.fromkeys(placeholders(condition), ""))
            tree = parse(f'SELECT 1 AS one FROM "{name}" WHERE {probe}')
            qualify(tree, schema=self._schema, dialect="duckdb", quote_identifiers=True)
        except (SqlglotError, QueryError) as error:
            said = str(error).splitlines()[0]
            raise SemanticModelError(
                f"The row filter of the rule “{rule}” over {name} can't be read: {said}"
            ) from error


def _any(conditions: tuple[str, ...]) -> exp.Expr:
    parts = [exp.paren(sqlglot.parse_one(one, read="duckdb")) for one in conditions]
    return parts[0] if len(parts) == 1 else exp.or_(*parts, copy=False)


def _put_beside(place: _Place, condition: exp.Expr) -> bool:
    """Put a condition on rows into the SELECT itself; False where that would not mean the same."""
    select = place.scope.expression
    if not isinstance(select, exp.Select) or condition.find(exp.Query):
        return False
    joins: list[exp.Join] = select.args.get("joins") or []
    own = next((join for join in joins if join.this is place.table), None)
    sides = {(join.side or "").upper() for join in joins}
    kinds = {(join.kind or "").upper() for join in joins}
    if not sides <= {"", "LEFT"} or not kinds <= {"", "INNER", "CROSS", "OUTER"}:
        return False
    if any(join.args.get("using") or join.args.get("method") for join in joins):
        return False
    for column in condition.find_all(exp.Column):
        column.set("table", exp.to_identifier(place.alias, quoted=True))
    if own is not None and own.side:
        both = [one for one in (own.args.get("on"), condition) if one is not None]
        own.set("on", exp.and_(*both, copy=False))
    else:
        select.where(condition, copy=False)
    return True


def _with_lapsed(said: str, name: str, rights: Rights) -> str:
    if why := rights.lapsed.get(name):
        return f"{said}: {'; '.join(why)}."
    return f"{said}. Ask without it, or have the model's owner allow it under `policies.access`."


def _notes(changes: _Changes) -> list[str]:
    notes = [f"Of {name}, only the rows that you may see are in this." for name in changes.filtered]
    notes += [f"{name} is masked for you." for name in changes.masked]
    return notes + [
        f"Of {name}, groups of fewer than {size} are left out."
        for name, size in changes.grouped.items()
    ]


def _unfit(name: str, error: SqlglotError) -> AccessDenied:
    said = str(error).splitlines()[0]
    return AccessDenied((f"The policy's row filter over {name} does not fit the model: {said}",))
