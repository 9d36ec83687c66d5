"""The first of each group, ages, numbers of times and spans of time; and what is no question."""

import pytest

from tests.unit.plan.test_grammar import HOSPITAL, ask, asked_back, drafted, normal

SAME = [
    ("which five customers spent the most?", "top 5 customers by spend"),
    ("the 3 sectors with the fewest customers", "bottom 3 sectors by number of customers"),
    ("the most expensive product", "which product has the highest list price"),
    ("the 3 cheapest products", "the 3 products with the lowest list price"),
    ("customers placed more than 20 orders", "customers with more than 20 orders"),
    ("customers who ordered more than twice", "customers with more than 2 orders"),
    ("customers who ordered at least 3 times", "customers with at least 3 orders"),
    ("revenue on the premium plan", "revenue of premium customers"),
    ("how many churned in 2025?", "how many customers churned in 2025?"),
    ("revenue in h1 2026", "revenue from 2026-01-01 to 2026-06-30"),
    ("revenue in the second half of last year", "revenue from 2025-07-01 to 2025-12-31"),
    ("revenue by month in 2025 and 2026", "revenue by month from 2025 to 2026"),
    ("customers with a furniture order", "customers that bought furniture"),
    ("customers without a furniture order", "customers that never bought furniture"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), SAME)
async def test_other_words_mean_the_same(text: str, plain: str) -> None:
    """Number words, superlatives, halves and plain verbs are read as their plain forms."""
    found, wanted = await ask(text), await ask(plain)
    assert normal(getattr(found, "sql", str(found))) == normal(getattr(wanted, "sql", ""))


async def test_a_limit_holds_within_each_group() -> None:
    """ "In each" keeps the first of every group, and shows the groups one after the other."""
    found = await drafted("top 3 products by units sold in each category")
    assert normal(found.sql) == normal("""
        SELECT p.name, p.category, SUM(ol.quantity) AS units_sold FROM order_line AS ol JOIN
        product AS p ON ol.product_id = p.product_id GROUP BY p.product_id, p.name, p.category
        QUALIFY ROW_NUMBER() OVER (PARTITION BY p.category ORDER BY SUM(ol.quantity) DESC NULLS
        LAST) <= 3 ORDER BY category, units_sold DESC NULLS LAST
    """)
    assert not found.template


async def test_of_all_or_of_each_is_asked_back() -> None:
    """ "Top 3 products by category" may be three in all; the choice says otherwise."""
    found = await asked_back("top 3 products by category by units sold")
    assert "QUALIFY" in (await drafted(found.options[0])).sql


async def test_groups_are_held_to_a_number_of_rows() -> None:
    """ "Which countries have more than 60 customers" compares a number of each country."""
    assert normal((await drafted("which countries have more than 60 customers?")).sql) == normal("""
        SELECT c.country, COUNT(*) AS customers FROM customer AS c GROUP BY c.country
        HAVING COUNT(*) > 60 ORDER BY customers DESC NULLS LAST
    """)


async def test_a_span_is_counted_in_days() -> None:
    """ "Time to solve" goes from a ticket's own time to that date."""
    assert normal((await drafted("average time to solve a ticket by priority")).sql) == normal("""
        SELECT t.priority, AVG(DATE_DIFF('second', t.opened_at, t.solved_at)) / 86400.0 AS
        average_days_to_solved FROM ticket AS t GROUP BY t.priority
        ORDER BY average_days_to_solved DESC NULLS LAST
    """)


async def test_a_sum_that_was_guessed_lowers_the_confidence() -> None:
    """ "How many nights" adds them up, as its metric does; without a metric it is a guess."""
    assert "SUM(s.nights)" in (await drafted("how many nights by ward", HOSPITAL)).sql
    guessed = await drafted("how many reactions by channel of slack message")
    assert "SUM(sm.reactions)" in guessed.sql
    assert guessed.confidence < 0.8


@pytest.mark.parametrize("text", ["cancel all orders", "close the tickets", "open all tickets"])
async def test_a_command_is_no_question(text: str) -> None:
    """A verb that is told is not read as a filter."""
    assert "change nothing" in (await asked_back(text)).message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("best account manager", "by what"),
        ("numbers for last month", "of what"),
        ("which agent solved the most tickets?", "“agent”"),
        ("customers older than 5", "“older than”"),
        ("revenue this fiscal year", "“fiscal”"),
    ],
)
async def test_more_is_not_guessed(text: str, said: str) -> None:
    """What no measure, field or model tells is asked back by its word."""
    assert said in (await asked_back(text)).message


async def test_a_date_beside_another_adds_nothing() -> None:
    """ "Renewals due" are customers by renewal; no ticket is looked for."""
    found = await drafted("renewals due in the next 30 days")
    assert "ticket" not in found.sql
    assert "c.renewal_on >= DATE '2026-11-21'" in found.sql
