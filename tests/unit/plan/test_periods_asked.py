"""Days that there are not, and ranges that end before they begin, are asked back."""

import pytest

from tests.unit.plan.test_grammar import asked_back, drafted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("how many orders on 2026-04-31", "“2026-04-31”"),
        ("revenue on 2026-02-30", "“2026-02-30”"),
        ("revenue from 2026-05-01 to 2026-04-01", "two periods"),
        ("revenue from november 2026 to february", "two periods"),
        ("orders from today to yesterday", "two periods"),
    ],
)
async def test_no_day_is_lost(text: str, said: str) -> None:
    """Without its period a question would be about all time."""
    assert said in (await asked_back(text)).message


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("revenue of customers who signed up this year", "{revenue} EUR of revenue."),
        ("how many customers ordered last month", "{customers} customers."),
        ("how many orders last month", "{orders} orders last month."),
        ("revenue last month", "{revenue} EUR of revenue last month."),
    ],
)
async def test_the_sentence_has_the_period_of_what_is_measured(text: str, template: str) -> None:
    """That in which customers came is not that of their revenue."""
    assert (await drafted(text)).template == template
