"""The shape of a plan: which fetch bounds which, what goes whole, and a digest that holds still."""

import pytest

from orchestrator.compile import Plan
from tests.unit.compile.rewriting import Guess
from tests.unit.compile.shop import COMPILER, planned

_OPEN = "(SELECT customer_id FROM ticket WHERE status = 'open')"
_EXISTS = "(SELECT 1 FROM ticket AS t WHERE t.customer_id = c.customer_id AND t.status = 'open')"


def feeds(plan: Plan) -> dict[str, str]:
    """Which source is bounded by the keys of which."""
    source = {step.id: step.source for step in plan.steps}
    return {
        source[step.id]: source[step.feed.from_step] for step in plan.steps if step.feed is not None
    }


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"SELECT name FROM customer WHERE customer_id IN {_OPEN}", {"sales": "support"}),
        (f"SELECT c.name FROM customer AS c WHERE EXISTS {_EXISTS}", {"sales": "support"}),
        (
            """SELECT m.text, c.name FROM search(memo, 'late', 20) AS m
            JOIN customer AS c ON c.customer_id = m.customer_id""",
            {"sales": "memos"},
        ),
        (
            """SELECT m.text, c.name FROM search(memo, 'late', 20) AS m
            LEFT JOIN customer AS c ON c.customer_id = m.customer_id""",
            {"sales": "memos"},
        ),
        (
            """SELECT c.name, t.number FROM customer AS c JOIN ticket AS t
            ON t.customer_id = c.customer_id WHERE c.customer_id = 5 AND c.segment = 'a'""",
            {"support": "sales"},
        ),
        (
            """SELECT c.name, t.number FROM customer AS c LEFT JOIN ticket AS t
            ON t.customer_id = c.customer_id WHERE c.customer_id = 5 AND c.segment = 'a'""",
            {"support": "sales"},
        ),
    ],
)
def test_small_side_bounds_the_large_one(sql: str, expected: dict[str, str]) -> None:
    """Rows that can't matter are not read: the side with fewer rows gives its keys."""
    assert feeds(planned(sql)) == expected


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT name FROM customer WHERE customer_id NOT IN {_OPEN}",
        f"SELECT name FROM customer WHERE customer_id IN {_OPEN} OR segment = 'a'",
        """SELECT m.text, c.name FROM customer AS c LEFT JOIN search(memo, 'late', 20) AS m
        ON c.customer_id = m.customer_id""",
        """SELECT m.text, c.name FROM search(memo, 'late', 20) AS m RIGHT JOIN customer AS c
        ON c.customer_id = m.customer_id""",
        """SELECT m.text, c.name FROM search(memo, 'late', 20) AS m FULL JOIN customer AS c
        ON c.customer_id = m.customer_id""",
        """SELECT t.number FROM ticket AS t JOIN customer AS c ON c.customer_id = t.ref
        WHERE c.customer_id = 5 AND c.segment = 'a'""",
    ],
)
def test_preserved_rows_are_all_read(sql: str) -> None:
    """NOT IN, OR, the preserved side of an outer join and a transformed key are never bounded."""
    assert feeds(planned(sql)) == {}


def test_not_exists_keeps_the_outer_rows() -> None:
    """Customers without an open ticket are the answer, so tickets do not bound customers."""
    plan = planned(f"SELECT c.name FROM customer AS c WHERE NOT EXISTS {_EXISTS}")
    assert "sales" not in feeds(plan)


def test_inner_limit_is_not_bounded() -> None:
    """A subquery with a LIMIT chooses among all its rows, so its source is not bounded."""
    plan = planned(
        """SELECT name FROM customer WHERE segment = 'a' AND customer_id = 5 AND customer_id IN
        (SELECT customer_id FROM ticket ORDER BY opened_at LIMIT 3)"""
    )
    assert "support" not in feeds(plan)


def test_a_transformed_key_feeds_through_its_transform() -> None:
    """The keys that a step gives are those after the transform, as the join sees them."""
    plan = planned(
        "SELECT c.name FROM customer AS c JOIN ticket AS t ON t.ref = c.customer_id "
        "WHERE t.status = 'open' AND t.score = 1"
    )
    feed = next(step.feed for step in plan.steps if step.feed is not None)
    assert (feed.from_column, feed.column) == ('TRY_CAST("ref" AS BIGINT)', "customer_id")


_SPLIT = (
    "SELECT c.name, t.number FROM customer AS c JOIN ticket AS t ON t.customer_id = c.customer_id "
    "WHERE c.segment = 'a' AND t.score > 3"
)


def test_the_same_query_gives_the_same_plan() -> None:
    """Steps, ids and digest are the same each time."""
    first, second = planned(_SPLIT), planned(_SPLIT)
    assert first == second
    assert first.digest == second.digest
    assert [step.id for step in first.steps] == ["s1", "s2"]
    assert planned(_SPLIT.replace(" WHERE ", "\n  WHERE /* only */ ")).digest == first.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [("'a'", "'b'"), ("> 3", "> 4"), ("c.name", "c.segment"), ("t.score >", "t.score >=")],
)
def test_digest_changes_with_the_meaning(old: str, new: str) -> None:
    """Another literal, operator or column is another digest."""
    assert planned(_SPLIT.replace(old, new, 1)).digest != planned(_SPLIT).digest


def test_digest_does_not_follow_the_split() -> None:
    """Estimates decide which side bounds which; a decision about the question outlives that."""
    few = COMPILER.compile(_SPLIT, Guess(10, 5))
    many = COMPILER.compile(_SPLIT, Guess(5_000_000, 5))
    assert few.steps != many.steps
    assert few.digest == many.digest


def test_digest_changes_with_a_literal_of_a_whole_query() -> None:
    """A literal that is only a parameter still counts."""
    digests = {
        planned(f"SELECT name FROM customer WHERE segment = '{one}'").digest for one in ("a", "b")
    }
    assert len(digests) == 2


def test_equal_reads_share_a_step() -> None:
    """Two readings of an entity that need the same rows are fetched once."""
    plan = planned(
        "SELECT COUNT(*) AS n FROM ticket AS a JOIN ticket AS b ON a.customer_id = b.customer_id"
    )
    assert len(plan.steps) == 1
    assert plan.join.sql.count("fetched_s1") == 2
    plan = planned(
        "SELECT COUNT(*) AS n FROM ticket AS a JOIN ticket AS b ON a.customer_id = b.customer_id "
        "WHERE a.status = 'open'"
    )
    assert len(plan.steps) == 2


def test_second_binding_is_optional() -> None:
    """Fields of another source come by a left join, and their step may fail."""
    plan = planned("SELECT name, health FROM customer")
    assert [step.source for step in plan.steps] == ["sales", "support"]
    assert plan.optional == {"s2"}
    assert plan.join.checks[0].right_unique
