"""Periods against each other: side by side in a row, or each step with the one before."""

import pytest

from orchestrator.plan import Draft
from tests.unit.plan.test_followups import follow
from tests.unit.plan.test_grammar import asked_back, drafted, normal

NOW_AND_BEFORE = {
    "revenue this quarter vs last quarter": ("2026-10-01", "2027-01-01", "2026-07-01"),
    "revenue in 2026 compared to 2025": ("2026-01-01", "2027-01-01", "2025-01-01"),
    "compare revenue this month with last month": ("2026-11-01", "2026-12-01", "2026-10-01"),
    "revenue last month versus the month before": ("2026-10-01", "2026-11-01", "2026-09-01"),
    "revenue in Q3 vs last year": ("2026-07-01", "2026-10-01", "2025-07-01"),
    "revenue last month vs same month last year": ("2026-10-01", "2026-11-01", "2025-10-01"),
    "revenue ytd compared to the same period last year": ("2026-01-01", "2026-11-22", "2025-01-01"),
    "revenue in october year over year": ("2026-10-01", "2026-11-01", "2025-10-01"),
    "revenue last 30 days vs previous 30 days": ("2026-10-22", "2026-11-22", "2026-09-21"),
    "revenue last month vs previous month": ("2026-10-01", "2026-11-01", "2026-09-01"),
    "compare this year with last year revenue": ("2026-01-01", "2027-01-01", "2025-01-01"),
    "compare 2024 vs 2022 revenue": ("2024-01-01", "2025-01-01", "2022-01-01"),
    "compare q1 and q3 revenue": ("2026-07-01", "2026-10-01", "2026-01-01"),
    "revenue compared to last year": ("2026-01-01", "2027-01-01", "2025-01-01"),
}


@pytest.mark.parametrize("text", NOW_AND_BEFORE)
async def test_two_periods_are_two_columns(text: str) -> None:
    """The measure of each period and the change, of rows in either period alone."""
    sql = (await drafted(text)).sql
    start, end, before = NOW_AND_BEFORE[text]
    now, _, rest = sql.partition(" AS revenue, ")
    then, _, _ = rest.partition(" AS revenue_before")
    assert f">= CAST('{start} " in now
    assert f"< CAST('{end} " in now
    assert f">= CAST('{before} " in then
    assert "revenue_change_percent" in sql
    assert sql.count(" OR ") == 1


async def test_counts_are_compared_by_the_date_that_was_said() -> None:
    """Tickets solved in two months are told apart by when they were solved."""
    sql = (await drafted("tickets solved last month vs the month before")).sql
    assert "COUNT(CASE WHEN t.solved_at >= " in sql
    assert "opened_at" not in sql


@pytest.mark.parametrize(
    "text", ["revenue by month, month over month", "revenue growth by month",
             "revenue per month compared to the previous month", "revenue month over month"]
)  # fmt: skip
async def test_steps_stand_beside_the_one_before(text: str) -> None:
    """Each month has the revenue of the month before it, and the change."""
    month = "DATE_TRUNC('month', o.ordered_at)"
    before = f"LAG(SUM(o.amount)) OVER (ORDER BY {month})"
    assert normal((await drafted(text)).sql) == normal(f"""
        SELECT {month} AS month, SUM(o.amount) AS revenue, {before} AS revenue_before,
        100.0 * (SUM(o.amount) - {before}) / NULLIF(ABS({before}), 0) AS revenue_change_percent
        FROM "order" AS o GROUP BY {month} ORDER BY month
    """)


async def test_steps_are_taken_within_each_group() -> None:
    """Beside another group, the step before is that of the same group."""
    sql = (await drafted("revenue growth by quarter and segment")).sql
    assert "PARTITION BY c.segment ORDER BY DATE_TRUNC('quarter', o.ordered_at)" in sql


async def test_values_against_each_other_are_groups() -> None:
    """ "Germany vs France" is by country, of these two."""
    assert normal((await drafted("revenue Germany vs France")).sql) == normal(
        (await drafted("revenue by country in Germany or France")).sql
    )


async def test_a_follow_up_compares_what_was_asked_before() -> None:
    """ "Compared to last year?" keeps the measure, the period and the groups."""
    found = await follow("compared to last year?", "revenue by country in 2026")
    assert isinstance(found, Draft)
    whole = await drafted("revenue by country in 2026 vs 2025")
    assert normal(found.sql) == normal(whole.sql)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("revenue growth", "Growth over what"),
        ("revenue since march vs last year", "start and an end"),
        ("compare Germany and France", "Name a measure"),
        ("revenue by month vs last year", "without “by month”"),
        ("revenue in 2025 and 2026", "one period"),
        ("compare 2025 and 2026 revenue", "one period"),
        ("compare 2025 revenue", "“compare”"),
        ("revenue last 30 days vs last 30 days", "with itself"),
        ("revenue compared to the month before", "which two periods"),
    ],
)
async def test_an_unclear_comparison_is_asked_back(text: str, said: str) -> None:
    """Without two whole periods there is nothing to set against each other."""
    assert said in (await asked_back(text)).message


async def test_one_period_or_two_can_be_chosen() -> None:
    """ "In 2025 and 2026" is asked back, with both readings to choose from."""
    found = await asked_back("revenue in 2025 and 2026")
    drafts = [(await drafted(option)).sql for option in found.options]
    assert ["revenue_before" in sql for sql in drafts] == [False, True]
