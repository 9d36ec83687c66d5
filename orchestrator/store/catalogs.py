"""The catalogs of sources as last read, for every process, and the history of what has changed.

Only relations that differ from the snapshot before are written. Of a source's rows nothing is kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.schema import Catalog, Column, Relation
from orchestrator.registry import Change, Snapshot
from orchestrator.semantic import SemanticModel
from orchestrator.store.approvals import aware
from orchestrator.store.dialects import insert_into
from orchestrator.store.tables import metadata

KEEP_CHANGES = timedelta(days=400)
sources = sa.Table(
    "catalog_sources",
    metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("sampled", sa.Boolean, nullable=False),
    sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
)
relations = sa.Table(
    "catalog_relations",
    metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("relation", sa.String(512), primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("key", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
)
columns = sa.Table(
    "catalog_columns",
    metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("relation", sa.String(512), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("nullable", sa.Boolean, nullable=False),
    sa.Column("share", sa.Double, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("distinct", sa.BigInteger),
    sa.Column("values", sa.JSON, nullable=False),
    sa.Column("odd", sa.Boolean, nullable=False),
)
history = sa.Table(
    "catalog_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("source", sa.String(64), nullable=False, index=True),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("column", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
)
terms = sa.Table(
    "catalog_terms",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("entity", sa.String(64), nullable=False, index=True),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("term", sa.Text, nullable=False),
)
reports = sa.Table(
    "catalog_reports",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(64), nullable=False, index=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)


class Catalogs:
    """The snapshots of a store, and what was told of them. Times are UTC.

    `kinds` says of each source of the model what it is.
    """

    def __init__(self, engine: AsyncEngine, kinds: dict[str, str]) -> None:
        self._engine = engine
        self._kinds = kinds

    async def get(
        self, source: str, address: str, newer: datetime | None = None
    ) -> Snapshot | None:
        """The last snapshot of a source at an address, if it was read after `newer`."""
        query = sa.select(sources).where(sources.c.source == source, sources.c.address == address)
        if newer is not None:
            query = query.where(sources.c.read_at > newer)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).mappings().one_or_none()
            if found is None:
                return None
            kept = await _relations(connection, source)
        catalog = Catalog(source, kept, found["sampled"])
        return Snapshot(catalog, _moment(found["read_at"]), address)

    async def put(
        self, snapshot: Snapshot, before: Snapshot | None, found: Sequence[Change] = ()
    ) -> bool:
        """Keep a snapshot in the place of the one `before`, with the changes between them. False,
        and nothing is kept, when another process has put one since.

        Without one before, whatever is known under the source's name is forgotten first.
        """
        catalog = snapshot.catalog
        kept = {
            "kind": self._kinds[catalog.source],
            "address": snapshot.address,
            "fingerprint": catalog.fingerprint,
            "sampled": catalog.sampled,
            "read_at": snapshot.read_at,
        }
        try:
            async with self._engine.begin() as connection:
                if before is None:
                    await _forget(connection, sources.c.source == catalog.source)
                    new = sa.insert(sources).values(source=catalog.source, **kept)
                    await connection.execute(new)
                elif not await _replaced(connection, before, kept):
                    return False
                await _write(connection, before.catalog if before else None, catalog)
                if found:
                    await connection.execute(sa.insert(history), [asdict(one) for one in found])
        except sqlalchemy.exc.IntegrityError:
            return False
        return True

    async def forget(self, but: Collection[str]) -> None:
        """Forget every source but these, with its history."""
        async with self._engine.begin() as connection:
            await _forget(connection, sources.c.source.not_in(list(but)))

    async def changes(
        self, since: datetime | None = None, source: str | None = None
    ) -> list[Change]:
        """The changes noticed after a moment, of one source or of all, the oldest first."""
        query = sa.select(*(history.c[name] for name in Change.__dataclass_fields__))
        if since is not None:
            query = query.where(history.c.at > since)
        if source is not None:
            query = query.where(history.c.source == source)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.order_by(history.c.id))).mappings().all()
        return [_change(row) for row in rows]

    async def clean(self) -> None:
        """Forget changes that are long past."""
        old = sa.delete(history).where(history.c.at < datetime.now(UTC) - KEEP_CHANGES)
        async with self._engine.begin() as connection:
            await connection.execute(old)

    async def name(self, model: SemanticModel) -> None:
        """Keep the model's business terms, in place of those kept before."""
        kept = list(_terms(model))
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(terms))
            if kept:
                await connection.execute(sa.insert(terms), kept)

    async def named(self, entity: str) -> dict[str, tuple[str, ...]]:
        """The business terms of an entity (under "") and of its fields."""
        query = sa.select(terms.c.field, terms.c.term).where(terms.c.entity == entity)
        found: dict[str, tuple[str, ...]] = {}
        async with self._engine.connect() as connection:
            for field, term in await connection.execute(query.order_by(terms.c.id)):
                found[field] = (*found.get(field, ()), term)
        return found

    async def report(self, source: str, keys: Collection[str], at: datetime) -> set[str]:
        """Which of these (all that is to be reported of a source now) no process has reported yet;
        they count as reported from here on. What is not among them may be reported again."""
        mended = sa.delete(reports).where(
            reports.c.source == source, reports.c.key.not_in(list(keys))
        )
        fresh: set[str] = set()
        async with self._engine.begin() as connection:
            await connection.execute(mended)
            for key in keys:
                new = insert_into(self._engine, reports).values(key=key, source=source, at=at)
                done = await connection.execute(new.on_conflict_do_nothing())
                fresh |= {key} if done.rowcount == 1 else set()
        return fresh

    async def unreport(self, keys: Collection[str]) -> None:
        """These could not be reported after all."""
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(reports).where(reports.c.key.in_(list(keys))))


async def _replaced(connection: AsyncConnection, before: Snapshot, kept: dict[str, Any]) -> bool:
    """Whether the snapshot before is the one that is kept; then its line is written anew."""
    change = (
        sa.update(sources)
        .where(sources.c.source == before.catalog.source)
        .where(sources.c.address == before.address, sources.c.read_at == before.read_at)
        .values(**kept)
    )
    return (await connection.execute(change)).rowcount == 1


async def _forget(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> None:
    gone = (await connection.execute(sa.select(sources.c.source).where(which))).scalars().all()
    for table in (columns, relations, history, reports, sources):
        await connection.execute(sa.delete(table).where(table.c.source.in_(gone)))


async def _write(connection: AsyncConnection, before: Catalog | None, after: Catalog) -> None:
    """The relations that differ, and their columns where these do."""
    old = {one.name: one for one in before.relations} if before else {}
    differing = [one for one in after.relations if one != old.get(one.name)]
    gone = old.keys() - {one.name for one in after.relations}
    reshaped = [one for one in differing if one.columns != _columns_of(old.get(one.name))]
    await _delete(connection, relations, after.source, [*gone, *(one.name for one in differing)])
    await _delete(connection, columns, after.source, [*gone, *(one.name for one in reshaped)])
    for table, rows in (
        (relations, [_relation_row(after.source, one) for one in differing]),
        (columns, [row for one in reshaped for row in _column_rows(after.source, one)]),
    ):
        if rows:
            await connection.execute(sa.insert(table), rows)


def _columns_of(relation: Relation | None) -> tuple[Column, ...]:
    return relation.columns if relation else ()


async def _delete(
    connection: AsyncConnection, table: sa.Table, source: str, names: list[str]
) -> None:
    if names:
        its_own = (table.c.source == source, table.c.relation == sa.bindparam("gone"))
        await connection.execute(
            sa.delete(table).where(*its_own), [{"gone": name} for name in names]
        )


def _relation_row(source: str, one: Relation) -> dict[str, Any]:
    kept = {"rows": one.rows, "key": list(one.key), "comment": one.comment}
    return {"source": source, "relation": one.name, **kept}


def _column_rows(source: str, one: Relation) -> Iterable[dict[str, Any]]:
    for position, column in enumerate(one.columns):
        place = {"source": source, "relation": one.name, "position": position}
        yield {**place, **asdict(column), "values": list(column.values)}


async def _relations(connection: AsyncConnection, source: str) -> tuple[Relation, ...]:
    names = [columns.c[name] for name in Column.__dataclass_fields__]
    query = sa.select(columns.c.relation, *names).where(columns.c.source == source)
    held: dict[str, list[Column]] = {}
    for row in (await connection.execute(query.order_by(columns.c.position))).mappings():
        kept: dict[str, Any] = {**row, "values": tuple(row["values"])}
        held.setdefault(kept.pop("relation"), []).append(Column(**kept))
    chosen = sa.select(relations).where(relations.c.source == source)
    rows = (await connection.execute(chosen.order_by(relations.c.relation))).mappings()
    return tuple(
        Relation(name, tuple(held.get(name, ())), row["rows"], tuple(row["key"]), row["comment"])
        for row in rows
        for name in [row["relation"]]
    )


def _terms(model: SemanticModel) -> Iterable[dict[str, str]]:
    for name, entity in model.entities.items():
        spoken = [("", entity.ai_context), *((f, s.ai_context) for f, s in entity.fields.items())]
        for field, context in spoken:
            for term in context.synonyms:
                yield {"entity": name, "field": field, "term": term}


def _change(row: sa.RowMapping) -> Change:
    kept: dict[str, Any] = {**row, "at": _moment(row["at"])}
    return Change(**kept)


def _moment(at: datetime) -> datetime:
    return cast("datetime", aware(at))
