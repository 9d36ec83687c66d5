"""Half-open ranges of days, the calendar that they follow, and the words of time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

GRAINS = ("day", "week", "month", "quarter", "year")
ADVERBS = {
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter",
    "yearly": "year", "annually": "year", "annual": "year",
}  # fmt: skip
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sep sept", "october oct", "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
NUMBERS = {"once": 1, "twice": 2} | dict(
    zip("one two three four five six seven eight nine ten twelve".split(), [*range(1, 11), 12],
        strict=True)
)  # fmt: skip
WORDS = frozenset(
    {*MONTHS, *ADVERBS, *GRAINS, *(f"{grain}s" for grain in GRAINS)}
    | {"today", "yesterday", "tomorrow", "since", "before", "after", "until"}
)

_UTC = frozenset({"UTC", "UCT", "GMT", "Zulu", "Universal"})


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to but without `end`; None is open. `text` is how it was said; a `joined` one
    was said as two ("in 2025 and 2026")."""

    start: date | None
    end: date | None
    text: str = ""
    joined: bool = False

    def __str__(self) -> str:
        last = self.end - timedelta(days=1) if self.end else None
        if self.start is None:
            return f"until {last}"
        return f"since {self.start}" if last is None else f"{self.start} to {last}"


def literal(day: date, kind: str, zone: str) -> str:
    """The start of a day as SQL: DATE for dates, else that midnight in the zone's offset."""
    if kind == "date":
        return f"DATE '{day}'"
    if kind == "timestamp":
        return f"TIMESTAMP '{day} 00:00:00'"
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return f"TIMESTAMPTZ '{midnight.isoformat(sep=' ')}'"


def local(column: str, kind: str, zone: str) -> str:
    """What the clocks of the zone show at an instant, as SQL; days need no clock."""
    if kind != "timestamptz" or zone.removeprefix("Etc/") in _UTC:
        return column
    return f"{column} AT TIME ZONE '{zone}'"


def shift(day: date, grain: str, count: int) -> date:
    """The day moved by `count` grains; the 31st becomes the last day of a shorter month."""
    if grain in {"day", "week"}:
        return day + timedelta(days=count * (7 if grain == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[grain]
    year, month = divmod(months, 12)
    after = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (after - timedelta(days=1)).day))


def floor(day: date, grain: str) -> date:
    """The first day of the week (Monday), month, quarter or year that the day is in."""
    match grain:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return day
