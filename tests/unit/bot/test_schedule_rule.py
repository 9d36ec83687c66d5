"""When a schedule is due: what can be said, and the next time across changes of the clock."""

from datetime import UTC, datetime

import pytest

from adapters.errors import QueryError
from bot.slack.schedule.rule import EXAMPLES, Rule, read_rule

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "words", "rest"),
    [
        ('"every Monday 9:00" revenue by country', "every Monday 09:00", "revenue by country"),
        ("every day 8:30 new tickets", "every day 08:30", "new tickets"),
        ("every weekday at 9am orders", "every weekday 09:00", "orders"),
        (
            "“every Mondays, Friday and wednesday 12am” x",
            "every Monday, Wednesday and Friday 00:00",
            "x",
        ),
        ("every month on the 1st 9:00 revenue", "every month on the 1st 09:00", "revenue"),
        ("every month on the 22nd, at 12:15 pm y", "every month on the 22nd 12:15", "y"),
        ("every hour tell me when z", "every hour", "tell me when z"),
    ],
)
def test_what_can_be_said(text: str, words: str, rest: str) -> None:
    """A text gives its rule and the question behind it; a rule's own words give the rule again."""
    rule, found = read_rule(text)
    assert (rule.words, found) == (words, rest)
    assert read_rule(rule.words) == (rule, "")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_said(example: str) -> None:
    """What an error gives as an example is understood."""
    assert read_rule(example.removeprefix("/schedule "))[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "For example"),
        ("every day 5 best customers", "For example"),
        ("every hours x", "For example"),
        ("“every blue moon” orders", "“every blue moon” does not say when"),
        ("every day 24:00 x", "no time “24:00”"),
        ("every day 13pm x", "no time “13pm”"),
        ("every month on the 32nd 9:00 x", "No month has a day 32"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_way_out(text: str, complaint: str) -> None:
    """No rule is guessed: a number that is no time, or a word that is no day, is refused."""
    with pytest.raises(QueryError, match=complaint):
        read_rule(text)


@pytest.mark.parametrize(
    ("words", "after", "due"),
    [
        ("every day 09:00", "2026-06-15T06:59:59Z", "2026-06-15T07:00:00Z"),
        ("every day 09:00", "2026-06-15T07:00:00Z", "2026-06-16T07:00:00Z"),
        ("every monday 09:00", "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"),
        ("every day 02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),
        ("every day 02:30", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"),
        ("every day 02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("every day 02:30", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ("every weekday 09:00", "2026-06-19T12:00:00Z", "2026-06-22T07:00:00Z"),
        ("every month on the 31st 09:00", "2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z"),
        ("every month on the 1st 00:15", "2026-12-31T23:00:00Z", "2026-12-31T23:15:00Z"),
        ("every hour", "2026-10-25T00:59:30Z", "2026-10-25T01:00:00Z"),
        ("every hour", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
    ],
)
def test_the_next_time_follows_the_wall_clock(words: str, after: str, due: str) -> None:
    """Nine in the morning stays nine when the clock changes; a time that the clock skips comes
    later that day, one that it shows twice comes once; short months end with their last day."""
    rule, _ = read_rule(words)
    assert rule.after(datetime.fromisoformat(after), BERLIN) == datetime.fromisoformat(due)


def test_full_hours_are_those_of_the_time_zone() -> None:
    """Where the clock is half an hour off, an hour is full by that clock."""
    moment = datetime(2026, 6, 15, 12, 10, tzinfo=UTC)
    assert Rule().after(moment, "Asia/Kolkata") == datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
