"""Conditions that no row can meet are asked back: a 0 would look like an answer."""

import pytest

from orchestrator.plan import Clarification
from tests.unit.plan.test_followups import follow
from tests.unit.plan.test_grammar import asked_back, drafted, normal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("how many open tickets and closed tickets", "both open and closed"),
        ("open tickets vs closed tickets", "both open and closed"),
        ("enterprise customers in Germany who are not enterprise", "enterprise and not enterprise"),
        ("orders over 5000 and under 100", "both > 5,000 and < 100"),
        ("orders over 100 and under 100", "both > 100 and < 100"),
        ("customers with number of orders = 0", "have no row to count"),
    ],
)
async def test_what_no_row_can_be_is_asked_back(text: str, said: str) -> None:
    """One row has one status, and no amount beyond its own bounds."""
    assert said in (await asked_back(text)).message


async def test_a_follow_up_can_not_deny_what_was_kept() -> None:
    """ "Under 100" of orders over 5000 is none of them."""
    found = await follow("under 100", "orders over 5000 last month")
    assert isinstance(found, Clarification)
    assert "both > 5,000 and < 100" in found.message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("orders over 100 and under 5000", "o.amount > 100 AND o.amount < 5000"),
        ('revenue of customer "Acme" and "Globex"', "c.name IN ('Acme', 'Globex')"),
        ('revenue of customers "Acme", "Globex" and "Initech"', "IN ('Acme', 'Globex', 'Initech')"),
        ('customers "Acme" or "Globex"', "c.name IN ('Acme', 'Globex')"),
        ("customers with open tickets and closed tickets", "AND EXISTS"),
    ],
)
async def test_what_rows_can_be_is_read(text: str, where: str) -> None:
    """Bounds are a range, names beside each other are any of them, and rows of many may differ."""
    assert where in (await drafted(text)).sql


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("customers with 0 orders", "customers without orders"),
        ("how many customers have 0 tickets", "how many customers have no tickets"),
        ("customers with 0 open tickets", "customers with no open tickets"),
    ],
)
async def test_zero_of_something_is_none(text: str, same: str) -> None:
    """A group of no rows is no group, so that none is asked for by itself."""
    assert normal((await drafted(text)).sql) == normal((await drafted(same)).sql)


async def test_zero_times_is_never() -> None:
    """Those that ordered are left out."""
    sql = (await drafted("customers that ordered 0 times")).sql
    assert "NOT IN" in sql
    assert "HAVING COUNT(*) > 0" in sql


async def test_a_number_behind_a_noun_is_its_own() -> None:
    """ "Customer 42" is that customer, whatever noun follows; what it did is no customer."""
    assert "customer_id = 42" in (await drafted("how many orders did customer 42 place")).sql
    assert "customer_id = 42 AND" in (await drafted("did customer 42 open 3 tickets")).sql
    for text in ("what did customer 42 order last month", 'what did customer "Acme" order'):
        assert "what is to be listed" in (await asked_back(text)).message
