"""What a plan says to people."""

import json
from dataclasses import asdict, replace

import pytest

from orchestrator.explain import (
    Bound,
    Explained,
    ExplainedStep,
    Left,
    about,
    explain,
    plan_text,
    pretty,
)
from tests.unit.compile.shop import planned

KINDS = {"sales": "postgres", "support": "mongo", "memos": "qdrant"}
CASES = (
    "SELECT c.name, t.number FROM customer AS c JOIN ticket AS t ON t.customer_id = c.customer_id "
    "WHERE c.segment = 'big' AND t.status ILIKE 'open%'"
)


def explained(sql: str) -> Explained:
    """The plan of a query over the shop, in words."""
    return explain(planned(sql), KINDS)


def by_id(plan: Explained) -> dict[str, ExplainedStep]:
    """The steps by their ids."""
    return {step.id: step for step in plan.steps}


def test_a_step_says_what_its_source_does_and_what_is_left() -> None:
    """Conditions that were pushed, those that were not, and the reason stand apart."""
    steps = by_id(explained(CASES))
    assert (steps["s1"].source, steps["s1"].kind, steps["s1"].entity) == (
        "sales",
        "postgres",
        "customer",
    )
    assert steps["s1"].done == ("c.segment = 'big'",)
    assert steps["s1"].parameters == ("'big'",)
    assert steps["s2"].left == (
        Left("t.status ILIKE 'open%'", "support would test it in another way"),
    )


def test_a_bounded_step_shows_the_query_that_is_sent() -> None:
    """The query holds the list of keys by name, not the marker for it."""
    step = by_id(explained(CASES))["s2"]
    assert step.bounded_by == Bound("s1", '"customer_id"', "customer_id")
    assert '{customer: {$in: ["keys of s1"]}}' in step.query
    sales = by_id(
        explained(
            "SELECT c.name FROM search(memo, 'late', 5) AS m JOIN customer AS c USING (customer_id)"
        )
    )["s2"]
    assert sales.query.endswith('WHERE\n  "c"."id" = ANY(\n    CAST($1 AS BIGINT[])\n  )')
    assert sales.parameters == ("keys of s1",)


def test_each_step_stands_below_the_one_that_bounds_it() -> None:
    """Keys are found before they are named, also over several steps."""
    plan = explained(
        "SELECT c.name, c.health FROM search(memo, 'late', 5) AS m "
        "JOIN customer AS c USING (customer_id) JOIN ticket AS t ON t.customer_id = c.customer_id"
    )
    assert [step.id for step in plan.steps] == ["s1", "s2", "s4", "s3"]
    assert [step.bounded_by.step for step in plan.steps if step.bounded_by] == ["s1", "s2"]
    assert [step.id for step in plan.steps if step.optional] == ["s3"]


def test_a_step_that_is_used_twice_is_told_once() -> None:
    """Two readings of the same rows are one step, and it says so."""
    plan = explained(
        "SELECT COUNT(*) FROM ticket AS a JOIN ticket AS b ON a.ref = b.customer_id "
        "JOIN customer AS c ON c.customer_id = a.customer_id "
        "WHERE a.customer_id = b.ref"
    )
    assert [step.uses for step in plan.steps] == [2, 1]
    assert "read once, used 2 times in the join" in plan_text(plan)


def test_keys_are_named_by_their_columns() -> None:
    """An equality of two sources names steps and columns, without what is done to the values."""
    assert explained("SELECT name, health FROM customer").keys == (
        "s1.customer_id = s2.customer_id",
    )


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT name FROM customer", "One source answers the whole query."),
        (CASES, "No source answers the whole query: it needs several sources."),
    ],
)
def test_the_text_begins_with_the_reason(sql: str, why: str) -> None:
    """What Slack cuts at its limit is never the reason."""
    assert plan_text(explained(sql)).startswith(why)


def test_the_text_of_a_whole_query() -> None:
    """The text that is kept with a run, word for word."""
    assert plan_text(explained("SELECT name FROM customer WHERE segment = 'big'")) == (
        "One source answers the whole query.\n\n"
        "s1 sales (postgres) customer · about 830 rows\n"
        "done there: customer.segment = 'big'\n"
        'SELECT\n  "customer"."name" AS "name"\nFROM "public"."customers" AS "customer"\n'
        'WHERE\n  "customer"."segment" = $1\n'
        "with $1 = 'big'\n\n"
        "in DuckDB, over s1\n"
        'SELECT\n  "fragment_1"."name" AS "name"\nFROM fetched_s1 AS "fragment_1"'
    )


def test_guesses_are_told_as_guesses() -> None:
    """Two digits, "at most" where keys bound the rows, and nothing where nothing is known."""
    step = by_id(explained(CASES))["s2"]
    assert about(replace(step, rows=12_345)) == "at most about 12,000 docs"
    assert about(replace(step, rows=7, bounded_by=None)) == "about 7 docs"
    assert about(replace(step, rows=None)) == ""


def test_it_is_plain_json() -> None:
    """A plan in words holds nothing that JSON does not."""
    plan = asdict(explained(CASES))
    assert json.loads(json.dumps(plan))["steps"][1]["bounded_by"]["step"] == "s1"


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "a"."b" AS "b" FROM "a" WHERE "a"."b" = ANY($1)',
        'SELECT "a"."b" FROM "a" WHERE "a"."b" IN (SELECT value FROM json_each(?1))',
        "this is (no SQL",
    ],
)
def test_layout_changes_nothing_but_spaces(sql: str) -> None:
    """What is shown is what is sent, in any dialect and also when nothing can be laid out."""
    assert "".join(pretty(sql).split()) == "".join(sql.split())
