"""What two catalogs of a source differ by."""

from dataclasses import replace
from datetime import UTC, datetime

from adapters.schema import Catalog, Column, Relation
from orchestrator.registry.drift import changes, settled

AT = datetime(2026, 6, 15, 10, 2, tzinfo=UTC)
ORDERS = Relation(
    "public.orders",
    (
        Column("id", "int64"),
        Column("customer_id", "int64"),
        Column("amount", "decimal"),
        Column("status", "string"),
        Column("ordered_at", "timestamptz"),
    ),
    rows=60_000,
    key=("id",),
)
CUSTOMERS = Relation("public.customers", (Column("id", "int64"), Column("name", "string")), 500)
BEFORE = Catalog("sales", (ORDERS, CUSTOMERS))
TICKETS = Relation(
    "tickets",
    (
        Column("plan", "string", share=0.9, distinct=3),
        Column("rare", "string", share=0.01),
        Column("status", "string", share=1.0, distinct=4),
    ),
    rows=8_000,
)
SAMPLED = Catalog("support", (TICKETS,), sampled=True)


def said(after: Catalog, before: Catalog = BEFORE) -> list[str]:
    """The changes, in words."""
    return [str(change) for change in changes(before, after, AT)]


def with_columns(relation: Relation, **changed: Column | None) -> Catalog:
    """The catalog of a relation's source, with some of its columns replaced or taken out."""
    columns = tuple(
        new
        for column in relation.columns
        if (new := changed.get(column.name, column)) is not None
    )
    one = replace(relation, columns=columns)
    if relation is TICKETS:
        return Catalog("support", (one,), sampled=True)
    return Catalog("sales", (one, CUSTOMERS))


def test_nothing_has_changed() -> None:
    """Estimates, comments and the order of relations are no drift."""
    grown = replace(ORDERS, rows=90_000, comment="Purchases")
    assert said(Catalog("sales", (CUSTOMERS, grown))) == []


def test_columns_that_came_went_and_changed() -> None:
    """Each is named with its relation, and a new type beside the old one."""
    after = with_columns(ORDERS, status=None, amount=Column("amount", "string"))
    columns = (*after.relations[0].columns, Column("weight", "float64"))
    after = Catalog("sales", (replace(after.relations[0], columns=columns), CUSTOMERS))
    assert said(after) == [
        "public.orders.status is gone",
        "public.orders.weight is new",
        "public.orders.amount is string and was decimal",
    ]


def test_a_column_renamed_in_its_place() -> None:
    """A column of the same type in the same place is probably the one that went."""
    after = with_columns(ORDERS, status=Column("state", "string"))
    assert said(after) == ["public.orders.status is gone, probably renamed to state"]


def test_another_type_in_the_place_is_no_renaming() -> None:
    """Where the type differs, one went and another came."""
    after = with_columns(ORDERS, status=Column("state", "int64"))
    assert said(after) == ["public.orders.status is gone", "public.orders.state is new"]


def test_of_two_new_columns_the_likest_is_the_renamed_one() -> None:
    """One that went is one that came, and not two."""
    columns = tuple(one for one in ORDERS.columns if one.name != "amount")
    columns += (Column("weight", "decimal"), Column("amount_eur", "decimal"))
    after = Catalog("sales", (replace(ORDERS, columns=columns), CUSTOMERS))
    assert said(after) == [
        "public.orders.amount is gone, probably renamed to amount_eur",
        "public.orders.weight is new",
    ]


def test_a_relation_renamed_moved_or_gone() -> None:
    """A relation with the same columns is the one that went; else it is gone."""
    moved = replace(ORDERS, name="shop.purchases")
    assert said(Catalog("sales", (CUSTOMERS, moved))) == [
        "public.orders is gone, probably renamed to shop.purchases"
    ]
    other = Relation("public.stock", (Column("sku", "string"),), 1)
    assert said(Catalog("sales", (CUSTOMERS, other))) == [
        "public.orders is gone",
        "public.stock is new",
    ]


def test_a_key_that_changed() -> None:
    """A key is told with the one before."""
    after = Catalog("sales", (replace(ORDERS, key=("id", "customer_id")), CUSTOMERS))
    assert said(after) == ["the key of public.orders is (id, customer_id) and was (id)"]


def test_a_sample_does_not_prove_that_a_rare_path_is_gone() -> None:
    """A path that few documents have stays; one that many had is gone."""
    after = with_columns(TICKETS, rare=None, status=None)
    assert said(settled(SAMPLED, after), SAMPLED) == ["tickets.status is gone"]
    assert settled(SAMPLED, after).relations[0].column("rare") == TICKETS.column("rare")


def test_a_collection_that_was_read_whole_proves_it() -> None:
    """With as few documents as a sample takes, what is not there is gone."""
    few = replace(with_columns(TICKETS, rare=None).relations[0], rows=40)
    after = Catalog("support", (few,), sampled=True)
    assert said(settled(SAMPLED, after), SAMPLED) == ["tickets.rare is gone"]


def test_an_empty_collection_says_nothing_of_its_paths() -> None:
    """While documents are loaded anew, the paths known before stay."""
    empty = Catalog("support", (replace(TICKETS, columns=(), rows=0),), sampled=True)
    assert said(settled(SAMPLED, empty), SAMPLED) == []


def test_a_path_of_several_types_stays_one() -> None:
    """A sample with values of one type only does not mend a path of several."""
    mixed = with_columns(TICKETS, status=Column("status", "mixed"))
    assert said(settled(mixed, SAMPLED), mixed) == []
    assert said(settled(SAMPLED, mixed), SAMPLED) == ["tickets.status is mixed and was string"]


def test_a_path_with_the_same_values_is_renamed() -> None:
    """In a sampled source what counts is how many have it, and how many values there are."""
    after = with_columns(TICKETS, plan=Column("support_plan", "string", share=0.92, distinct=3))
    assert said(after, SAMPLED) == ["tickets.plan is gone, probably renamed to support_plan"]
