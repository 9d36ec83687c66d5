"""Which step bounds which by its keys, and how a source is told them."""

from typing import Any

import pytest

from adapters.base import Capabilities
from adapters.duckdb import DuckdbAdapter
from adapters.postgres import PostgresAdapter
from adapters.query import AggregationQuery, SqlQuery, VectorQuery, with_keys
from adapters.sqlite import SqliteAdapter
from orchestrator.compile import Compiler, KeyFeed, Plan
from orchestrator.compile.estimate import Unknown
from orchestrator.compile.feed import FEEDING_ROWS
from tests.unit.compile.shop import CAPABILITIES, MODEL, planned

_T = "ticket AS t ON t.customer_id = c.customer_id"
_ONE = "c.customer_id = 5 AND c.segment = 'a'"


class Rows(Unknown):
    """So many rows of each relation, nothing else known."""

    def __init__(self, **rows: int) -> None:
        self._rows = rows

    def rows(self, source: str, relation: str) -> int | None:
        """The rows of a relation."""
        return self._rows.get(relation.rpartition(".")[2]) if source else None


def feeds(plan: Plan) -> dict[str, str]:
    """Which entity's step is bounded by the keys of which."""
    entity = {step.id: step.entity for step in plan.steps}
    return {
        step.entity: entity[step.feed.from_step] for step in plan.steps if step.feed is not None
    }


def feed_of(plan: Plan, entity: str) -> KeyFeed:
    """The feed of the one step of an entity."""
    found = next(step.feed for step in plan.steps if step.entity == entity)
    assert found is not None
    return found


def test_the_smallest_gives_first_and_its_keys_go_on() -> None:
    """Ten memos bound customers; those few then bound the tickets."""
    plan = planned(
        "SELECT m.text, t.number FROM search(memo, 'late', 10) AS m JOIN customer AS c "
        f"ON c.customer_id = m.customer_id JOIN {_T}"
    )
    assert feeds(plan) == {"customer": "memo", "ticket": "customer"}


def test_what_another_binding_has_to_meet_bounds_the_entity_itself() -> None:
    """Health lies in support: customers of whom no account is that ill are not read."""
    plan = planned("SELECT c.name FROM customer AS c WHERE c.health = 30")
    feed = next(step.feed for step in plan.steps if step.source == "sales")
    assert feed is not None
    assert feed.from_column == (
        'CASE WHEN "health" = 30 THEN TRY_CAST("customer_id" AS BIGINT) END'
    )


@pytest.mark.parametrize("condition", ["c.health IS NULL", "COALESCE(c.health, 0) < 30"])
def test_a_condition_that_a_missing_row_meets_bounds_nothing(condition: str) -> None:
    """A customer without an account has no health, and meets the condition all the same."""
    plan = planned(f"SELECT c.name FROM customer AS c WHERE {condition}")
    assert all(step.feed is None for step in plan.steps if step.source == "sales")


def test_steps_never_wait_for_each_other() -> None:
    """Three tables that are joined in a ring: following the feeds always ends."""
    plan = Compiler(MODEL, CAPABILITIES).compile(
        f"SELECT c.name FROM customer AS c JOIN {_T} JOIN memo AS m ON m.customer_id = "
        "t.customer_id AND m.customer_id = c.customer_id",
        Rows(customers=300, tickets=3_000, memo_texts=90_000),
    )
    giver = {step.id: step.feed.from_step for step in plan.steps if step.feed is not None}
    assert len(giver) == 2
    for step in plan.steps:
        at, seen = step.id, set[str]()
        while at in giver:
            assert at not in seen
            seen.add(at)
            at = giver[at]


@pytest.mark.parametrize(
    ("customers", "tickets", "expected"),
    [
        (1_000, 2_000, {"ticket": "customer"}),
        (1_000, 1_999, {}),
        (50, 199, {}),
        (50, 200, {"ticket": "customer"}),
        (FEEDING_ROWS + 1, 4 * FEEDING_ROWS, {}),
        (FEEDING_ROWS + 1, 11 * FEEDING_ROWS, {"ticket": "customer"}),
        (11 * FEEDING_ROWS, 1_000 * FEEDING_ROWS, {}),
    ],
)
def test_a_feed_has_to_pay(customers: int, tickets: int, expected: dict[str, str]) -> None:
    """The fed step is at least twice as large and worth it; many keys only spare far more rows."""
    plan = Compiler(MODEL, CAPABILITIES).compile(
        f"SELECT c.name, t.number FROM customer AS c JOIN {_T}",
        Rows(customers=customers, tickets=tickets),
    )
    assert feeds(plan) == expected


def test_a_shared_step_is_read_whole() -> None:
    """Rows that are used twice are not bounded by the keys of one use."""
    sql = f"SELECT c.name FROM customer AS c JOIN {_T} JOIN ticket AS u ON {{}} WHERE {_ONE}"
    shared = planned(sql.format("u.customer_id > t.customer_id"))
    assert [step.entity for step in shared.steps] == ["customer", "ticket"]
    assert feeds(shared) == {}
    apart = planned(sql.format("u.score > t.customer_id"))
    assert feeds(apart) == {"ticket": "customer"}


@pytest.mark.parametrize(
    ("condition", "fed"),
    [
        ("t.customer_id = c.customer_id", True),
        ("t.number = c.name", True),
        ("t.refund = c.spend", False),
        ("t.day = c.joined_on", False),
        ("t.opened_at = c.left_at", False),
        ("t.score = c.spend", False),
    ],
)
def test_only_whole_numbers_and_texts_are_keys(condition: str, fed: bool) -> None:
    """Keys of other types, or of two types, may be equal in one database and not in another."""
    plan = planned(
        f"SELECT c.name, t.number FROM customer AS c JOIN ticket AS t ON {condition} WHERE {_ONE}"
    )
    assert feeds(plan) == ({"ticket": "customer"} if fed else {})


def test_an_aggregate_is_bounded_before_it_adds_up() -> None:
    """A fragment's key is bounded inside of it, where it is a field of the rows."""
    sql = (
        "SELECT c.name, x.n FROM customer AS c JOIN (SELECT o.customer_id, COUNT(*) AS n FROM "
        '"order" AS o GROUP BY 1) AS x ON x.customer_id = c.customer_id JOIN '
        f"{_T} WHERE t.number = 'T-1' AND t.score = 2"
    )
    feed = next(s.feed for s in planned(sql).steps if s.entity == "order" and s.feed is not None)
    assert isinstance(feed.query, SqlQuery)
    where, _, group = feed.query.text.partition(" GROUP BY ")
    assert "= ANY(CAST($" in where
    assert "ANY" not in group


def test_other_bindings_are_bounded_by_the_keys_of_the_first() -> None:
    """The fields that lie elsewhere are read for the customers of the answer alone."""
    plan = Compiler(MODEL, CAPABILITIES).compile(
        f"SELECT c.name, c.health FROM customer AS c WHERE {_ONE}", Rows(customers=90_000)
    )
    assert [step.source for step in plan.steps] == ["sales", "support"]
    assert plan.steps[1].feed is None  # the key is stored as another text there
    assert plan.optional == {plan.steps[1].id}


_SQL = "SELECT c.name, t.number FROM customer AS c JOIN ticket AS t ON "


@pytest.mark.parametrize(
    ("able", "bound"),
    [
        (PostgresAdapter.capabilities, '"c"."id" = ANY(CAST($2 AS BIGINT[]))'),
        (DuckdbAdapter.capabilities, '"c"."id" = ANY($2)'),
        (SqliteAdapter.capabilities, '"c"."id" IN (SELECT value FROM JSON_EACH(@2))'),
    ],
)
def test_sql_is_told_the_keys_in_its_dialect(able: Capabilities, bound: str) -> None:
    """A list of keys is one parameter, and stands beside the conditions that the step has."""
    plan = Compiler(MODEL, CAPABILITIES | {"sales": able}).compile(
        f"{_SQL}t.customer_id = c.customer_id WHERE t.number = 'T-1' AND c.segment <> 'a'",
        Rows(customers=90_000, tickets=8_000),
    )
    feed = feed_of(plan, "customer")
    keyed: Any = with_keys(feed.query, [3, 4])
    number = keyed.parameters.index([3, 4]) + 1
    assert bound.replace("2", f"{number}") in keyed.text
    assert set(map(str, keyed.parameters)) == {"a", "[3, 4]"}
    assert feed.column == "customer_id"


def test_documents_are_matched_by_keys_first() -> None:
    """MongoDB drops what has no key before anything else, by the native path."""
    plan = planned(f"{_SQL}t.customer_id = c.customer_id WHERE {_ONE} AND t.status = 'open'")
    keyed = with_keys(feed_of(plan, "ticket").query, [3, 4])
    assert isinstance(keyed, AggregationQuery)
    first = keyed.pipeline[0]["$match"]["$or"]
    assert first[0] == {"customer": {"$in": [3, 4]}}
    assert "string" in first[1]["customer"]["$type"]
    assert "open" in repr(keyed.pipeline[1])


def test_points_are_filtered_by_keys() -> None:
    """A vector store gets the keys as one more filter, but not under a search."""
    join = f"JOIN customer AS c ON c.customer_id = m.customer_id WHERE {_ONE}"
    plan = planned(f"SELECT m.text FROM memo AS m {join} AND m.customer_id > 2")
    keyed = with_keys(feed_of(plan, "memo").query, [3])
    assert isinstance(keyed, VectorQuery)
    assert keyed.filters == (("payload.customer", ">", 2), ("payload.customer", "in", [3]))
    assert feeds(planned(f"SELECT m.text FROM search(memo, 'late', 900) AS m {join}")) == {}
