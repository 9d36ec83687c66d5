"""Bindings against a live catalog: which fields are read through a conversion."""

import pytest

from adapters.schema import Catalog, Column, Relation
from orchestrator.registry import converted_bindings
from orchestrator.semantic import SemanticModel

MODEL = SemanticModel.model_validate(
    {
        "name": "Shop",
        "sources": {"sales": {"kind": "postgres"}},
        "entities": {
            "order": {
                "description": "A purchase",
                "key": "order_id",
                "fields": {
                    "order_id": {"type": "int64"},
                    "amount": {"type": "decimal(12,2)"},
                    "placed_at": {"type": "timestamptz"},
                    "buyer": {"type": "string"},
                },
                "bindings": {
                    "sales": {
                        "relation": "public.orders",
                        "fields": {
                            "order_id": "id",
                            "amount": "amount",
                            "placed_at": "placed_at",
                            "buyer": {
                                "path": "buyer",
                                "stored": "int64",
                                "transform": "CAST(value AS TEXT)",
                            },
                        },
                    }
                },
            }
        },
    }
)
FITTING = (
    Column("id", "int64"),
    Column("amount", "decimal(10,2)"),
    Column("placed_at", "timestamptz"),
    Column("buyer", "int64"),
)


def converted(*changed: Column, sampled: bool = False) -> dict[str, str]:
    """The messages by field, where these columns take the place of those that fit."""
    columns = {one.name: one for one in (*FITTING, *changed)}
    relation = Relation("public.orders", tuple(columns.values()), 10)
    found = converted_bindings(MODEL, Catalog("sales", (relation,), sampled))
    return {one.field: one.message for one in found}


@pytest.mark.parametrize(
    ("column", "field", "said"),
    [
        (Column("placed_at", "timestamp"), "placed_at", "is timestamp there, and read as timest"),
        (Column("amount", "decimal(12,4)"), "amount", "is decimal(12,4) there, and read as dec"),
        (Column("id", "int64", odd=True), "order_id", "id is compared in a way of its own there"),
    ],
    ids=["another type", "more digits", "odd"],
)
def test_what_is_converted_is_named(column: Column, field: str, said: str) -> None:
    """A column of another type, of more digits or that compares in its own way is converted."""
    found = converted(column)
    assert list(found) == [field]
    assert said in found[field]


def test_what_fits_is_not_named() -> None:
    """Columns of the field's type are read as they are, and fields with a transform say so."""
    assert converted() == {}
    assert converted(Column("buyer", "string")) == {}


def test_samples_and_other_sources_tell_nothing() -> None:
    """What is known from samples, or of a relation that is not there, names nothing."""
    assert converted(Column("placed_at", "timestamp"), sampled=True) == {}
    assert converted_bindings(MODEL, Catalog("sales", ())) == ()
    assert converted_bindings(MODEL, Catalog("support", ())) == ()
