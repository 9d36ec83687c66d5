"""Periods in English are half-open ranges of days."""

from datetime import date

import pytest

from orchestrator.plan.periods import read
from orchestrator.plan.times import Period, literal, shift

TODAY = date(2026, 11, 21)
RANGES = {
    "today": ("2026-11-21", "2026-11-22"),
    "yesterday": ("2026-11-20", "2026-11-21"),
    "this week": ("2026-11-16", "2026-11-23"),
    "last week": ("2026-11-09", "2026-11-16"),
    "last month": ("2026-10-01", "2026-11-01"),
    "this quarter": ("2026-10-01", "2027-01-01"),
    "in the last quarter": ("2026-07-01", "2026-10-01"),
    "last year": ("2025-01-01", "2026-01-01"),
    "next month": ("2026-12-01", "2027-01-01"),
    "year to date": ("2026-01-01", "2026-11-22"),
    "ytd": ("2026-01-01", "2026-11-22"),
    "last 30 days": ("2026-10-22", "2026-11-22"),
    "over the past two weeks": ("2026-11-07", "2026-11-22"),
    "in the next 30 days": ("2026-11-21", "2026-12-21"),
    "3 days ago": ("2026-11-18", "2026-11-19"),
    "since march": ("2026-03-01", None),
    "since 2026-07-15": ("2026-07-15", None),
    "in december": ("2025-12-01", "2026-01-01"),
    "in may": ("2026-05-01", "2026-06-01"),
    "in june 2025": ("2025-06-01", "2025-07-01"),
    "in 2026": ("2026-01-01", "2027-01-01"),
    "q3": ("2026-07-01", "2026-10-01"),
    "q3 2025": ("2025-07-01", "2025-10-01"),
    "2025 q3": ("2025-07-01", "2025-10-01"),
    "third quarter of 2025": ("2025-07-01", "2025-10-01"),
    "before 2026-07-01": (None, "2026-07-01"),
    "after 2026-07-01": ("2026-07-02", None),
    "after june": ("2026-07-01", None),
    "until june": (None, "2026-07-01"),
    "between 2026-01-01 and 2026-03-31": ("2026-01-01", "2026-04-01"),
    "from march to june": ("2026-03-01", "2026-07-01"),
    "from november to february": ("2025-11-01", "2026-03-01"),
    "between november and february 2025": ("2024-11-01", "2025-03-01"),
    "from q4 to q1": ("2025-10-01", "2026-04-01"),
    "on july 3rd 2026": ("2026-07-03", "2026-07-04"),
    "3 july": ("2026-07-03", "2026-07-04"),
}


def day(text: str | None) -> date | None:
    """An ISO day or none."""
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize("text", RANGES)
def test_a_period_is_a_half_open_range(text: str) -> None:
    """Every way to say a period takes all of its words and gives its range."""
    words, (start, end) = text.split(), RANGES[text]
    assert read(words, 0, TODAY) == (Period(day(start), day(end), text), len(words))


@pytest.mark.parametrize(
    "text",
    ["last", "over 2000", "may", "this customer", "3 tickets", "2000 eur", "2026-04-31"],
)
def test_other_words_are_no_period(text: str) -> None:
    """Amounts, modals and bare pronouns are left to others."""
    assert read(text.split(), 0, TODAY) is None


def test_the_end_of_a_month_stays_in_its_month() -> None:
    """A month before the 31st of March is the last of February."""
    assert shift(date(2026, 3, 31), "month", -1) == date(2026, 2, 28)
    assert shift(date(2026, 12, 31), "quarter", 1) == date(2027, 3, 31)


def test_a_literal_has_the_type_of_its_field() -> None:
    """Dates are days; instants are midnights with the offset of that day."""
    assert literal(date(2026, 7, 1), "date", "Europe/Berlin") == "DATE '2026-07-01'"
    winter = literal(date(2026, 1, 1), "timestamptz", "Europe/Berlin")
    assert winter == "TIMESTAMPTZ '2026-01-01 00:00:00+01:00'"
    assert literal(date(2026, 7, 1), "timestamp", "UTC") == "TIMESTAMP '2026-07-01 00:00:00'"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("this fiscal year", "2026-07-01", "2027-07-01"),
        ("last fiscal year", "2025-07-01", "2026-07-01"),
        ("in fiscal year 2026", "2025-07-01", "2026-07-01"),
        ("fy 2027", "2026-07-01", "2027-07-01"),
    ],
)
def test_fiscal_years_begin_with_their_month(text: str, start: str, end: str) -> None:
    """A fiscal year is named by the year that it ends in; without a month there is none."""
    words = text.split()
    found = read(words, 0, TODAY, 7)
    assert found is not None
    assert (str(found[0].start), str(found[0].end)) == (start, end)
    unknown = read(words, 0, TODAY)
    assert unknown is None or unknown[1] < len(words)


def test_a_fiscal_year_that_is_the_calendar_year_has_its_number() -> None:
    """From January on, fiscal year 2026 is 2026."""
    found = read(["fiscal", "year", "2026"], 0, TODAY, 1)
    assert found is not None
    assert found[0].start == date(2026, 1, 1)
