"""The catalogs in the store, on each database that it may lie in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapters.schema import Catalog, Column, Relation
from orchestrator.registry import Change, Snapshot
from orchestrator.semantic import load
from orchestrator.store import Catalogs, Store
from tests.conftest import ROOT

AT = datetime(2026, 6, 15, 10, 2, 0, 123_456, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
ORDERS = Relation(
    "public.orders",
    (
        Column("id", "int64", nullable=False),
        Column("state", "string", comment="Ünï", distinct=4, values=("paid", "open")),
    ),
    rows=3_000_000_000,
    key=("id",),
    comment="Purchases",
)
STOCK = Relation("public.stock", (Column("sku", "string", share=0.123),), 7, key=("sku", "place"))
FIRST = Snapshot(Catalog("sales", (ORDERS, STOCK)), AT, "here")
RENAMED = Change("sales", LATER, "column renamed", "public.orders", "state", "string", "status")


@pytest.fixture
def two(stores: tuple[Store, Store]) -> tuple[Catalogs, Catalogs]:
    """The catalogs of two replicas."""
    kinds = {"sales": "postgres", "notes": "qdrant"}
    one, other = stores
    return Catalogs(one.engine, kinds), Catalogs(other.engine, kinds)


def second(catalog: Catalog = FIRST.catalog) -> Snapshot:
    """A snapshot of an hour later."""
    return Snapshot(catalog, LATER, "here")


async def test_a_snapshot_comes_back_as_it_was(two: tuple[Catalogs, Catalogs]) -> None:
    """Every estimate, comment, key and value, in the columns' order; by its address alone, and only
    when it is newer."""
    assert await two[0].get("sales", "here") is None
    assert await two[0].put(FIRST, None)
    assert await two[1].get("sales", "here") == FIRST
    assert await two[1].get("sales", "elsewhere") is None
    assert await two[1].get("sales", "here", AT) is None
    assert await two[1].get("sales", "here", AT - timedelta(seconds=1)) == FIRST


async def test_only_what_changed_is_written(two: tuple[Catalogs, Catalogs]) -> None:
    """Columns are written again where they differ; relations that came and went are so kept."""
    await two[0].put(FIRST, None)
    written: list[str] = []
    engine = two[1]._engine.sync_engine  # pyright: ignore[reportPrivateUsage]
    sa.event.listen(engine, "before_cursor_execute", lambda *all: written.append(all[2]))
    grown = Catalog("sales", (replace(ORDERS, rows=5), STOCK))
    assert await two[1].put(second(grown), FIRST)
    assert not [sql for sql in written if "catalog_columns" in sql]
    new = Relation("public.new", (Column("a", "int64"),), 1)
    after = Catalog("sales", (new, replace(ORDERS, columns=ORDERS.columns[:1])))
    last = Snapshot(after, LATER + timedelta(hours=1), "here")
    assert await two[1].put(last, second(grown), [RENAMED])
    assert await two[0].get("sales", "here") == last


async def test_of_two_at_once_one_is_kept(two: tuple[Catalogs, Catalogs]) -> None:
    """Who read while another one put is told, and neither its catalog nor its changes are kept."""
    assert await two[0].put(FIRST, None)
    assert await two[0].put(second(), FIRST, [RENAMED])
    late = Snapshot(Catalog("sales", ()), LATER + timedelta(seconds=1), "here")
    assert not await two[1].put(late, FIRST, [RENAMED])
    assert await two[1].get("sales", "here") == second()
    assert await two[1].changes() == [RENAMED]


async def test_the_history_is_kept_by_source_and_time(two: tuple[Catalogs, Catalogs]) -> None:
    """Changes come back in order, since a moment; what is long past is forgotten."""
    old = replace(RENAMED, at=AT - timedelta(days=5_000))
    await two[0].put(FIRST, None, [old, RENAMED])
    assert await two[1].changes() == [old, RENAMED]
    assert await two[1].changes(since=AT) == [RENAMED]
    assert await two[1].changes(source="notes") == []
    await two[1].clean()
    assert await two[1].changes() == [RENAMED]


async def test_sources_of_the_model_alone_are_kept(two: tuple[Catalogs, Catalogs]) -> None:
    """What was taken out of the model is forgotten with its history, and so is what lay at
    another address."""
    notes = Snapshot(Catalog("notes", (STOCK,), sampled=True), AT, "there")
    await two[0].put(FIRST, None, [RENAMED])
    await two[0].put(notes, None)
    await two[1].forget(but={"notes"})
    assert await two[0].get("sales", "here") is None
    assert await two[0].changes() == []
    assert await two[0].get("notes", "there") == notes
    moved = replace(notes, address="moved")
    assert await two[0].put(moved, None)
    assert await two[1].get("notes", "there") is None
    assert await two[1].get("notes", "moved") == moved


async def test_business_terms_are_those_of_the_model(two: tuple[Catalogs, Catalogs]) -> None:
    """Synonyms of entities and fields, once each, however often the model is read."""
    model = load(ROOT / "semantic_model.yaml", {})
    await two[0].name(model)
    await two[1].name(model)
    named = await two[1].named("customer")
    assert named[""] == ("client", "account", "buyer")
    assert named["country"] == ("market", "nation")


async def test_a_report_is_made_once(two: tuple[Catalogs, Catalogs]) -> None:
    """Of two replicas one reports; again once it was mended, or could not be told."""
    assert await two[0].report("sales", {"a", "b"}, AT) == {"a", "b"}
    assert await two[1].report("sales", {"a", "b", "c"}, AT) == {"c"}
    assert await two[1].report("sales", {"a"}, AT) == set()
    assert await two[0].report("sales", {"a", "b"}, AT) == {"b"}
    await two[0].unreport({"a"})
    assert await two[1].report("sales", {"a", "b"}, AT) == {"a"}
    assert await two[1].report("notes", set(), AT) == set()
    assert await two[1].report("sales", {"a", "b"}, AT) == set()
