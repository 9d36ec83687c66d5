"""A follow-up means what the whole question would have meant, and says what it kept."""

import pytest
import sqlglot
from sqlglot import exp

from orchestrator.plan import Clarification, Draft
from orchestrator.question import Question, Requester, Turn
from tests.unit.plan.test_grammar import ASKED, DEMO, NOTHING, drafted

# what was asked before (a thread with " / " between), the follow-up, and the same in full
PAIRS = [
    ("revenue last quarter", "by country?", "revenue by country last quarter"),
    ("revenue last quarter", "and by country?", "revenue by country last quarter"),
    ("revenue last quarter", "break it down by segment", "revenue by segment last quarter"),
    ("revenue by country last year", "now by month", "revenue by month last year"),
    ("revenue by country last year", "also by segment", "revenue by country and segment last year"),
    ("average health score by segment", "by country instead", "average health score by country"),
    ("revenue by country", "only enterprise", "revenue of enterprise customers by country"),
    ("revenue by country", "and for mid-market customers?", "revenue by country for mid-market"),
    ("revenue in Germany last year", "what about France?", "revenue in France last year"),
    ("revenue in Germany last year", "France too", "revenue in Germany or France last year"),
    ("revenue by country", "without Germany", "revenue by country without Germany"),
    ("revenue without Germany", "and without France", "revenue not Germany or France"),
    ("revenue in Germany or France", "without Germany", "revenue in France"),
    ("revenue last quarter", "and last month?", "revenue last month"),
    ("orders last month", "and this month?", "orders this month"),
    ("revenue by month in 2026", "in 2025?", "revenue by month in 2025"),
    ("revenue by month", "in 2025?", "revenue by month in 2025"),
    ("how many customers churned last year", "and 2024?", "how many customers churned in 2024"),
    ("customers churned in 2025", "by month", "number of customers churned in 2025 by month"),
    ("customers that spent over 10k", "last year", "customers that spent over 10k last year"),
    ("revenue by country", "top 5", "top 5 countries by revenue"),
    ("revenue last quarter", "top 5 customers", "top 5 customers by revenue last quarter"),
    ("top 5 customers by revenue", "top 10", "top 10 customers by revenue"),
    ("which customers spent the most?", "and the least?", "which customers spent the least?"),
    ("which customers spent the most in 2025?", "by country?", "revenue by country in 2025"),
    ("which customers spent the most?", "in Spain", "which customers in Spain spent the most?"),
    ("revenue last quarter", "which customers?", "revenue last quarter by customer"),
    ("orders last month", "top 5", "top 5 orders last month"),
    ("orders last month", "the latest 5", "the latest 5 orders last month"),
    ("tickets last month", "sort them by refund", "tickets last month sorted by refund"),
    ("how many orders last month", "the same for tickets?", "how many tickets last month"),
    ("revenue last year by segment", "same for tickets", "number of tickets last year by segment"),
    ("orders last month", "what about tickets?", "tickets last month"),
    ("revenue by country", "and units sold?", "units sold by country"),
    ("revenue by month", "also average order value", "revenue and average order value by month"),
    ("open tickets", "only P1", "open P1 tickets"),
    ("open tickets", "how many?", "how many open tickets"),
    ("open tickets", "by category", "number of open tickets by category"),
    ("how many customers churned in 2025", "which ones?", "which customers churned in 2025"),
    ("churned customers", "how many of them are in Spain?", "how many churned customers in Spain"),
    ("customers with open tickets", "only P1", "customers with open P1 tickets"),
    ("customers in Spain", "with open tickets", "customers in Spain with open tickets"),
    ("customers with over 3 tickets", "over 5 tickets", "customers with over 5 tickets"),
    ("orders over 5000 last month", "only over 10k", "orders over 10000 last month"),
    ("revenue by customer", "only over 100k", "customers with revenue over 100k"),
    ('revenue from customer "Acme"', 'and "Beta"?', 'revenue from customer "Beta"'),
    ("notes about late deliveries", "from Spain", "notes from Spain about late deliveries"),
    ("revenue in 2025 / by country?", "only enterprise", "enterprise revenue by country in 2025"),
    ("revenue last year / by country? / top 3", "in 2024", "top 3 countries by revenue in 2024"),
    ("revenue / how many open tickets?", "by category", "number of open tickets by category"),
    ("customers in Germany", "what is their revenue?", "revenue in Germany"),
    ("customers in Germany", "how many orders did they place?", "number of orders in Germany"),
    ("customers in Germany", "their tickets?", "list tickets in Germany"),
    ("enterprise customers", "what is their revenue by month?", "enterprise revenue by month"),
    ("how many customers churned in 2025", "what was their revenue?",
     "revenue of customers churned in 2025"),
    ("customers in Germany", "customers and their revenue", "customers and their revenue"),
    ("the latest 10 orders", "of enterprise customers", "latest 10 orders of enterprise customers"),
    ("revenue by month last year", "how many open tickets?", "how many open tickets?"),
    ("revenue by month last year", "tickets by category", "tickets by category"),
]  # fmt: skip


async def follow(text: str, *earlier: str, sql: str = "") -> Draft | Clarification:
    """What the planner says to a text after others in its thread."""
    turns = tuple(Turn(one, sql) for one in earlier)
    return await DEMO.draft(Question(text, Requester("T1", "U1"), ASKED, earlier=turns), NOTHING)


def same(sql: str) -> str:
    """One spelling for queries that differ in the order of their conditions alone."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for where in tree.find_all(exp.Where):
        parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
        where.set("this", exp.and_(*sorted(parts, key=lambda part: part.sql("duckdb"))))
    return tree.sql("duckdb")


@pytest.mark.parametrize(("before", "text", "whole"), PAIRS)
async def test_a_follow_up_is_the_whole_question(before: str, text: str, whole: str) -> None:
    """A follow-up gives exactly the query of the question that says it all."""
    found = await follow(text, *before.split(" / "))
    assert isinstance(found, Draft), found
    assert same(found.sql) == same((await drafted(whole)).sql)


async def test_what_was_kept_is_said() -> None:
    """The asker sees which parts of the question before still hold, with their days."""
    found = await follow("only enterprise", "revenue by country last quarter")
    assert isinstance(found, Draft)
    assert found.assumptions == (
        "kept from before: revenue, by country, last quarter (2026-07-01 to 2026-09-30)",
    )
    assert found.confidence < 0.95


async def test_what_could_not_be_kept_is_said() -> None:
    """A status of tickets says nothing of orders, so it is left out by name."""
    found = await follow("the same for orders", "how many open tickets by country?")
    assert isinstance(found, Draft)
    assert "open" not in found.sql
    assert "left out, as it does not apply here: open" in found.assumptions


async def test_a_filter_on_the_first_rows_is_of_all_rows() -> None:
    """ "Which of those" of ten rows is read anew over all, and says so."""
    found = await follow("which of those are in Spain?", "which customers spent the most?")
    assert isinstance(found, Draft)
    assert "the first 10 of all rows that match, not of those shown before" in found.assumptions


async def test_the_sentence_of_a_follow_up_has_the_kept_period() -> None:
    """The answer's sentence names the period that was said before."""
    found = await follow("only enterprise", "revenue last quarter")
    assert isinstance(found, Draft)
    assert found.template == "{revenue} EUR of revenue last quarter."


@pytest.mark.parametrize(
    ("before", "text", "said"),
    [
        ("revenue by country", "only purple ones", "“purple”"),
        ("revenue by country", "and you?", "don't see what that changes"),
        ("revenue by country", "also by country", "don't see what that changes"),
        ("revenue by country", "thanks, great", "“thanks” and “great”"),
        ("revenue by country", "by product", "more than once"),
        ("revenue in Germany", "without Germany", "nothing is left"),
        ("revenue by country", "how many of them?", "Name what is to be counted"),
        ("the latest 5 orders", "how many of them are cancelled?", "can't be counted"),
        ("customers in Spain", "top 5", "Say by what"),
        ("top 5 customers by revenue", "their tickets?", "Say it in full"),
        ("top 5 customers by revenue", "how many tickets did they open?", "Say it in full"),
        ("open tickets", "what is their revenue?", "Say it in full"),
        ("orders last month", "their customers", "Say it in full"),
        ("revenue by country", "its customers", "don't see what that changes"),
        ("customers in Spain", "how many of them have open tickets?", "How many of what have"),
        ("average revenue per customer", "by country", "Ask it in full"),
        ("hello", "and last month?", "Ask it in full"),
    ],
)
async def test_a_follow_up_is_never_guessed(before: str, text: str, said: str) -> None:
    """What changes nothing, can't be kept or follows what can't be read is asked back."""
    found = await follow(text, before)
    assert isinstance(found, Clarification)
    assert said in found.message


async def test_a_question_of_another_planner_is_not_lost() -> None:
    """After a question that the grammar can't read, one that stands alone still is answered."""
    before = "how did our friends in the north fare?"
    assert isinstance(await follow("only enterprise", before), Clarification)
    assert isinstance(await follow("revenue by country", before), Draft)
    after = await follow("only enterprise", before, "revenue by country")
    assert isinstance(after, Draft)
    assert same(after.sql) == same((await drafted("enterprise revenue by country")).sql)
