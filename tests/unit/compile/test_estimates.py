"""Guesses of rows and groups: they follow the registry's numbers, and a wrong one is only slow."""

import pytest

from orchestrator.compile.estimate import UNKNOWN_ROWS, Estimates
from orchestrator.compile.fragment import Fragments
from orchestrator.compile.parse import parse
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.shapes import Shapes
from tests.unit.compile.rewriting import NOTHING_KNOWN, Guess
from tests.unit.compile.shop import CAPABILITIES, MODEL, Sizes, planned

_SHAPES = Shapes(MODEL)
_ROWS = 60_000
_EACH = Guess(_ROWS, 100)


def rows(sql: str) -> float:
    """The rows that a query over customers and orders should give, of 60,000 rows each with a
    hundred values in each column."""
    resolved = Resolver(MODEL, _SHAPES).resolve(parse(sql))
    leaves = {id(leaf.table): leaf for leaf in resolved.leaves}
    made = Fragments(leaves, CAPABILITIES, _SHAPES, Estimates(_EACH)).make(resolved.tree)
    assert not isinstance(made, str), made
    return made.estimate


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("segment = 'a'", _ROWS / 100),
        ("customer_id = 5", 1),
        ("segment = 'a' AND name = 'b'", _ROWS / 10_000),
        ("segment = 'a' OR name = 'b'", _ROWS / 50),
        ("segment IN ('a', 'b', 'c')", _ROWS * 3 / 100),
        ("NOT segment = 'a'", _ROWS * 99 / 100),
        ("segment <> 'a'", _ROWS * 9 / 10),
        ("spend BETWEEN 1 AND 2", _ROWS / 5),
        ("name LIKE 'a%'", _ROWS / 10),
        ("name IS NULL", _ROWS / 10),
        ("spend > 1", _ROWS * 3 / 10),
    ],
)
def test_conditions_let_a_share_through(condition: str, expected: float) -> None:
    """An equality lets one of the distinct values through; other conditions a fixed share."""
    assert rows(f"SELECT name FROM customer WHERE {condition}") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT COUNT(*) AS n FROM customer", 1),
        ("SELECT segment, COUNT(*) AS n FROM customer GROUP BY 1", 100),
        ("SELECT segment, name, COUNT(*) AS n FROM customer GROUP BY 1, 2", 10_000),
        ("SELECT customer_id, COUNT(*) AS n FROM customer GROUP BY 1", _ROWS),
        ("SELECT YEAR(joined_on) AS y, COUNT(*) AS n FROM customer GROUP BY 1", 10),
        ("SELECT EXTRACT(MONTH FROM left_at) AS m, COUNT(*) AS n FROM customer GROUP BY 1", 12),
        ("SELECT DATE_TRUNC('year', left_at) AS y, COUNT(*) AS n FROM customer GROUP BY 1", 10),
        ("SELECT name FROM customer LIMIT 7", 7),
        ("SELECT name FROM customer WHERE segment = 'a' LIMIT 70000", _ROWS / 100),
        (
            'SELECT c.name FROM customer AS c JOIN "order" AS o ON o.customer_id = c.customer_id',
            _ROWS,
        ),
        ("SELECT name FROM customer UNION ALL SELECT segment FROM customer", 2 * _ROWS),
        ("SELECT x.segment FROM (SELECT segment FROM customer) AS x", _ROWS),
        ("WITH x AS (SELECT segment, name FROM customer) SELECT segment FROM x", _ROWS),
    ],
)
def test_queries_give_rows(sql: str, expected: float) -> None:
    """Groups are the product of their keys' values, at most the rows; a limit is a limit."""
    assert rows(sql) == pytest.approx(expected)


def test_nothing_known_is_ten_thousand_rows_with_a_tenth_as_many_values() -> None:
    """Without statistics there is still a plan, and the same each time."""
    resolved = Resolver(MODEL, _SHAPES).resolve(parse("SELECT segment FROM customer"))
    estimates = Estimates(NOTHING_KNOWN)
    assert estimates.rows(resolved.leaves[0], "sales") == UNKNOWN_ROWS
    assert estimates.distinct(resolved.leaves[0], "sales", "segment") == UNKNOWN_ROWS / 10
    assert estimates.distinct(resolved.leaves[0], "sales", "customer_id") == UNKNOWN_ROWS


def test_a_search_gives_as_many_as_it_asks_for() -> None:
    """The k nearest are k, however many texts there are."""
    plan = planned("SELECT text FROM search(memo, 'late', 20) AS m")
    assert plan.steps[0].estimate == 20


def test_steps_bear_their_estimates() -> None:
    """What the registry knows of a relation, under the conditions that its source tests."""
    plan = planned(
        "SELECT c.name, t.number FROM customer AS c JOIN ticket AS t ON t.customer_id = "
        "c.customer_id WHERE c.segment = 'a'"
    )
    assert {step.entity: round(step.estimate or 0) for step in plan.steps} == {
        "customer": 833,
        "ticket": 8_000,
    }
    assert Sizes().rows("sales", "public.customers") == 5_000
