"""Words that turn a meaning are read or asked back, and never thrown away."""

import pytest

from tests.unit.plan.test_grammar import asked_back, drafted, normal


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("revenue of all but cancelled orders", "o.status <> 'cancelled'"),
        ("revenue from all but enterprise customers", "c.segment <> 'enterprise'"),
        ("customers in all but Germany and France", "c.country NOT IN ('Germany', 'France')"),
        ("everything but cancelled orders", "o.status <> 'cancelled'"),
    ],
)
async def test_all_but_is_not(text: str, where: str) -> None:
    """ "All but cancelled orders" are those that are not."""
    assert where in (await drafted(text)).sql


async def test_but_not_denies_what_follows_alone() -> None:
    """Those who ordered furniture ordered it, and no paper."""
    sql = (await drafted("customers who ordered furniture but not paper")).sql
    had, _, had_not = sql.partition(" AND NOT EXISTS ")
    assert "p.category = 'furniture'" in had
    assert "'furniture'" not in had_not
    assert "category = 'paper'" in had_not


async def test_or_behind_not_denies_each() -> None:
    """ "Not paper or tools" has neither."""
    sql = (await drafted("customers who ordered furniture and not paper or tools")).sql
    assert "category IN ('paper', 'tools')" in sql.partition("NOT EXISTS")[2]


async def test_but_ends_what_is_denied() -> None:
    """Behind "but" stands the opposite."""
    sql = (await drafted("customers not in Germany but in France")).sql
    assert "c.country <> 'Germany' AND c.country = 'France'" in sql
    said = await asked_back("customers who did not order furniture but paper")
    assert "denied too" in said.message


@pytest.mark.parametrize(
    "text",
    [
        "customers with only closed tickets",
        "customers with just closed tickets",
        "customers who only ordered furniture",
        "customers who ordered only furniture",
        "customers who ordered furniture only",
    ],
)
async def test_these_and_no_others_is_asked_back(text: str) -> None:
    """Who has closed tickets may have open ones too."""
    assert "no others" in (await asked_back(text)).message


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("only enterprise customers", "enterprise customers"),
        ("revenue of only enterprise customers", "revenue of enterprise customers"),
        ("customers in Spain, enterprise only", "customers in Spain, enterprise"),
        ("customers with only 2 orders", "customers with 2 orders"),
    ],
)
async def test_another_only_adds_nothing(text: str, same: str) -> None:
    """A filter is already of these rows alone."""
    assert normal((await drafted(text)).sql) == normal((await drafted(same)).sql)


@pytest.mark.parametrize(
    "text", ["revenue from new customers", "revenue from new customers this year", "new tickets"]
)
async def test_new_needs_a_time_of_its_own(text: str) -> None:
    """The period of the revenue is not that in which customers are new."""
    assert "since when" in (await asked_back(text)).message


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("number of new customers last month", "number of customers last month"),
        ("new customers by month", "number of customers by month"),
        (
            "revenue of new customers who signed up in 2026",
            "revenue of customers who signed up in 2026",
        ),
    ],
)
async def test_new_in_a_time_is_of_that_time(text: str, same: str) -> None:
    """Customers of last month are those who came in it."""
    assert normal((await drafted(text)).sql) == normal((await drafted(same)).sql)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("top 10% of customers", "“%”"),
        ("top 10 percent of customers", "“percent”"),
        ("orders with a discount above 20%", "“%”"),
    ],
)
async def test_a_percentage_is_no_number(text: str, said: str) -> None:
    """10 % of the customers are not 10 customers."""
    assert said in (await asked_back(text)).message
