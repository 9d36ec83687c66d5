"""What MongoDB's catalog says of the variety of values, from a sample alone."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from bson.datetime_ms import DatetimeMS

from adapters.schema import Column
from tests.live_mongo import live_mongo

ROWS = 6_000


@pytest.fixture(scope="module")
async def columns(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[dict[str, Column]]:
    """The columns of a collection of which a twelfth is sampled, and of a small one (`few.…`)."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    many = [
        {
            "number": f"T-{number}",
            "status": ["open", "pending", "closed", None][number % 4],
            "customer": number % 600,
            "at": start + timedelta(seconds=number),
            "lines": [{"sku": f"S{number}-{i}", "unit": "kg"} for i in range(2)],
            "tags": ["a", "b"],
            "odd": number if number % 2 else "x",
            "never": None,
        }
        | ({"rare": number} if number % 3 == 0 else {})
        for number in range(ROWS)
    ]
    async with live_mongo(tmp_path_factory.mktemp("mongo")) as live:
        await live.fill("many", many)
        await live.fill("few", [{"id": n // 2, "at": DatetimeMS(2**60)} for n in range(9)])
        catalog = await live.adapter.introspect(live.reader, 10)
        yield {
            f"{'few.' if relation.name == 'few' else ''}{column.name}": column
            for relation in catalog.relations
            for column in relation.columns
        }


def test_few_values_seen_often_are_all(columns: dict[str, Column]) -> None:
    """A path whose sample repeats few values has just these."""
    assert columns["status"].distinct == 3
    assert columns["lines[].unit"].distinct == 1
    assert columns["tags[]"].distinct == 2


def test_values_that_never_repeat_are_as_many_as_rows(columns: dict[str, Column]) -> None:
    """A path without a repeated value in the sample has one for each row that has the path."""
    assert columns["number"].distinct == ROWS
    assert columns["rare"].distinct == pytest.approx(ROWS / 3, rel=0.3)
    assert columns["lines[].sku"].distinct == 2 * ROWS


def test_between_them_is_an_estimate(columns: dict[str, Column]) -> None:
    """A path whose sample repeats some values has more than were seen and fewer than rows."""
    distinct = columns["customer"].distinct
    assert distinct is not None
    assert 300 < distinct < 3_000


def test_a_whole_collection_is_counted(columns: dict[str, Column]) -> None:
    """Where the sample is the collection, the number is that of the sample."""
    assert columns["few.id"].distinct == 5


def test_no_estimate_without_one_type(columns: dict[str, Column]) -> None:
    """Arrays, values of several types and values that are never there have none."""
    assert [columns[name].distinct for name in ("lines", "tags", "odd", "never")] == [None] * 4


def test_elements_are_listed_with_their_types(columns: dict[str, Column]) -> None:
    """Paths into arrays have the type of the element, and dates of any year are dates."""
    named = ("lines", "lines[].sku", "tags[]", "few.at")
    assert [columns[name].type for name in named] == ["json", "string", "string", "timestamptz"]
    assert columns["lines[].sku"].share == 1
    assert columns["rare"].share == pytest.approx(1 / 3, abs=0.1)
