"""Shares are of a part in the whole or of each group in all, and never guessed."""

import pytest

from tests.unit.plan.test_grammar import asked_back, drafted, normal

PARTS = {
    "what percentage of orders were cancelled?": "status = 'cancelled'",
    "percentage of cancelled orders": "status = 'cancelled'",
    "cancellation rate": "status = 'cancelled'",
    "churn rate": "NOT c.churned_at IS NULL",
    "what % of customers never ordered": "NOT EXISTS(SELECT 1",
    "share of revenue from Germany": "c.country = 'Germany'",
}


@pytest.mark.parametrize("text", PARTS)
async def test_a_part_is_counted_within_the_whole(text: str) -> None:
    """What tells the part is a CASE in the first aggregate, and no condition of the whole."""
    sql = normal((await drafted(text)).sql)
    part, _, whole = sql.partition(" / NULLIF(")
    assert f"CASE WHEN {PARTS[text]}" in part.replace("WHEN o.", "WHEN ")
    assert "CASE" not in whole
    assert "WHERE" not in whole


async def test_words_before_the_noun_narrow_the_whole() -> None:
    """ "Percentage of enterprise customers with open tickets" is of the enterprise customers."""
    found = await drafted("percentage of enterprise customers with open tickets by country")
    assert normal(found.sql) == normal("""
        SELECT c.country, 100.0 * COUNT(CASE WHEN EXISTS(SELECT 1 FROM ticket AS t WHERE
        t.customer_id = c.customer_id AND t.status = 'open') THEN 1 END) / NULLIF(COUNT(*), 0) AS
        percent FROM customer AS c WHERE c.segment = 'enterprise' GROUP BY c.country ORDER BY
        percent DESC NULLS LAST
    """)


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("what percentage of P1 tickets were solved last month", "solved_at", "priority = 'P1'"),
        ("percentage of tickets solved last month that were P1", "priority = 'P1'", "solved_at"),
        ("percentage of customers in Germany who churned last year", "churned_at", "country ="),
        ("what percentage of tickets opened last month were solved", "'solved'", "opened_at"),
    ],
)
async def test_what_is_said_last_is_the_part(text: str, part: str, whole: str) -> None:
    """A period of another date than that of the rows tells the part as any words do."""
    counted, _, rows = (await drafted(text)).sql.partition(" / NULLIF(")
    assert part in counted
    assert whole not in counted
    assert whole in rows
    assert part not in rows


async def test_groups_go_by_their_share() -> None:
    """The highest rate is that of the percentages, which are all that is shown."""
    found = await drafted("which segments have the highest churn rate")
    assert "ORDER BY percent DESC" in found.sql
    lowest = await drafted("which segments have the lowest churn rate")
    assert "ORDER BY percent ASC" in lowest.sql
    assert not any("left out" in said for said in lowest.assumptions)


async def test_the_whole_keeps_rows_that_the_part_can_not_join() -> None:
    """Orders of unknown customers are no revenue from Germany, and yet revenue."""
    assert "LEFT JOIN customer" in (await drafted("share of revenue from Germany")).sql


@pytest.mark.parametrize(
    "text",
    [
        "share of revenue by segment",
        "revenue by segment in percent",
        "percentage split of revenue by segment",
    ],
)
async def test_groups_are_shares_of_all(text: str) -> None:
    """With nothing that tells a part, each group has its share of all."""
    assert normal((await drafted(text)).sql) == normal("""
        SELECT c.segment, SUM(o.amount) AS revenue, 100.0 * SUM(o.amount) /
        NULLIF(SUM(SUM(o.amount)) OVER (), 0) AS percent FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.segment ORDER BY revenue DESC NULLS LAST
    """)


async def test_shares_by_month_are_of_each_month() -> None:
    """Beside a time, the groups of one time make a whole."""
    sql = (await drafted("share of revenue by segment and month")).sql
    assert "OVER (PARTITION BY DATE_TRUNC('month', o.ordered_at))" in sql


async def test_what_can_be_both_is_asked_back_with_both() -> None:
    """Each option is a question that can be read, and they give different queries."""
    found = await asked_back("share of open tickets by country")
    drafts = [normal((await drafted(option)).sql) for option in found.options]
    assert len(set(drafts)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("share of average order value by country", "does not add up"),
        ("share of revenue and number of orders by country", "one thing"),
        ("percentage of customers", "which part"),
    ],
)
async def test_a_share_without_meaning_is_asked_back(text: str, said: str) -> None:
    """Averages have no shares, and a share is of one thing and of some part of it."""
    assert said in (await asked_back(text)).message


async def test_the_sentence_says_percent() -> None:
    """A single share is told as one."""
    found = await drafted("percentage of cancelled orders")
    assert found.template == "{percent} % of the orders."
