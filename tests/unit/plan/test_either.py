""" "Or" joins values of one field, or is denied as a whole; every other one is asked back."""

import pytest

from tests.unit.plan.test_followups import follow, same
from tests.unit.plan.test_grammar import asked_back, drafted

NONE_OF = {
    "customers without orders or tickets": ("order", "ticket"),
    "customers without orders and tickets": ("order", "ticket"),
    "customers with no orders, tickets or notes": ("order", "ticket", "note"),
    "customers without furniture orders or open tickets": ("order", "ticket"),
}


@pytest.mark.parametrize("text", NONE_OF)
async def test_a_negation_holds_for_all_that_it_lists(text: str) -> None:
    """ "Without orders or tickets" has neither of them."""
    sql = (await drafted(text)).sql
    assert sql.count("NOT EXISTS") == sql.count("EXISTS") == len(NONE_OF[text])
    assert all(f"FROM {name} " in sql.replace('"', "") for name in NONE_OF[text])


@pytest.mark.parametrize(
    "text",
    ["customers with no orders but open tickets", "customers without orders and with tickets"],
)
async def test_a_negation_ends_with_but_and_with(text: str) -> None:
    """What is said anew is not denied."""
    sql = (await drafted(text)).sql
    assert (sql.count("NOT EXISTS"), sql.count("EXISTS")) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "customers who churned or have open P1 tickets",
        "customers in Germany or churned",
        "customers in Germany or churned in France",
        "customers with orders or tickets",
        "customers that never ordered or opened a ticket",
        "customers with health score below 40 or credit limit above 10000",
        "tickets opened last month or solved last month",
        "orders under 5 or over 5000",
        "P1 tickets or P2 tickets",
        "revenue by country or by segment",
    ],
)
async def test_another_or_is_asked_back(text: str) -> None:
    """Rows of either sort are not those of both."""
    assert "“or”" in (await asked_back(text)).message


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("revenue in Germany or in France", "IN ('Germany', 'France')"),
        ("P1 or P2 tickets", "IN ('P1', 'P2')"),
        ("tickets that are open, pending or solved", "IN ('open', 'pending', 'solved')"),
        ("revenue without Germany or France", "NOT IN ('Germany', 'France')"),
    ],
)
async def test_values_of_one_field_are_joined(text: str, values: str) -> None:
    """Either value will do, or none of them."""
    assert values in (await drafted(text)).sql


async def test_or_leads_a_follow_up() -> None:
    """ "Or last month?" asks the same of another month."""
    found = await follow("or last month?", "revenue last quarter")
    assert same(str(getattr(found, "sql", ""))) == same((await drafted("revenue last month")).sql)
