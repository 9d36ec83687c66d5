"""When a schedule is due: a few fixed ways to say it, and the next time by somebody's clock."""

import re
from calendar import day_name, monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from adapters.errors import QueryError

DAYS = tuple(name.lower() for name in day_name)
EXAMPLES = (
    "/schedule “every Monday 9:00” revenue by country last week",
    "/schedule every day 8:30 new tickets since yesterday",
    "/schedule every weekday 9am open P1 tickets",
    "/schedule every month on the 1st 9:00 revenue last month",
    "/schedule “every hour” tell me when open P1 tickets",
)
_DAY = f"(?:{'|'.join(DAYS)})s?"
_RULE = re.compile(
    r"every\s+(?:(?P<hour>hour)|"
    rf"(?:(?P<days>day|weekday|{_DAY}(?:(?:\s*,\s*|\s+)(?:and\s+)?{_DAY})*)"
    r"|month\s+on\s+the\s+(?P<date>\d{1,2})(?:st|nd|rd|th)?)"
    r"\s*,?\s+(?:at\s+)?(?P<time>\d{1,2}:\d{2}(?:\s*[ap]m)?|\d{1,2}\s*[ap]m))(?![\w:])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\s*[\"“”„']([^\"“”„']*)[\"“”']\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """Every hour when there is no `at`; else at that time of the `weekdays` (0 is Monday), or of
    the day `date` of each month, which is the last one where the month is shorter."""

    at: time | None = None
    weekdays: tuple[int, ...] = ()
    date: int | None = None

    @property
    def words(self) -> str:
        """The rule as `read_rule` takes it."""
        if self.at is None:
            return "every hour"
        at = f"{self.at:%H:%M}"
        if self.date is not None:
            return f"every month on the {self.date}{_ordinal(self.date)} {at}"
        named = {tuple(range(7)): "day", tuple(range(5)): "weekday"}.get(self.weekdays)
        return f"every {named or _listed([day_name[day] for day in self.weekdays])} {at}"

    def after(self, moment: datetime, time_zone: str) -> datetime:
        """The first time later than `moment` (aware), in UTC, by the wall clock of a time zone.

        A time that the clock skips comes as much later as it skips; of one that the clock shows
        twice it is the first.
        """
        zone = ZoneInfo(time_zone)
        local = moment.astimezone(zone)
        if self.at is None:
            past = timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            return moment.astimezone(UTC) - past + timedelta(hours=1)
        day = local.date()
        while True:
            due = datetime.combine(day, self.at, zone).astimezone(UTC)
            if due > moment and self._falls_on(
                day.weekday(), day.day, monthrange(day.year, day.month)[1]
            ):
                return due
            day += timedelta(days=1)

    def _falls_on(self, weekday: int, date: int, last: int) -> bool:
        if self.date is None:
            return weekday in self.weekdays
        return date == min(self.date, last)


def read_rule(text: str) -> tuple[Rule, str]:
    """The rule that a text begins with, in quotes or not, and what follows it.

    Raises QueryError, with examples, when it begins with none.
    """
    quoted = _QUOTED.match(text)
    said, rest = quoted.groups() if quoted else (text.strip(), "")
    found = _RULE.fullmatch(said.strip()) if quoted else _RULE.match(said)
    if found is None:
        shown = f"“{said.strip()}”" if quoted else "That"
        raise QueryError(f"{shown} does not say when, in words that I know. {examples()}")
    return _rule(found), (rest if quoted else said[found.end() :]).strip(" ,\n")


def examples() -> str:
    """The ways to say it, a line each."""
    return "\n".join(["For example:", *(f"• {example}" for example in EXAMPLES)])


def _rule(found: re.Match[str]) -> Rule:
    if found["hour"]:
        return Rule()
    at = _time(found["time"].lower())
    if found["date"]:
        date = int(found["date"])
        if not 1 <= date <= 31:
            raise QueryError(f"No month has a day {date}. Name one from 1 to 31.")
        return Rule(at, date=date)
    days = found["days"].lower()
    if days in ("day", "weekday"):
        return Rule(at, tuple(range(7 if days == "day" else 5)))
    named = [day for day in DAYS if re.search(rf"\b{day}", days)]
    return Rule(at, tuple(DAYS.index(day) for day in named))


def _time(said: str) -> time:
    clock = said.rstrip("apm ")
    hour, _, minute = clock.partition(":")
    hours, minutes = int(hour), int(minute or 0)
    half = said[-2:] if said.endswith("m") else ""
    if (half and not 1 <= hours <= 12) or hours > 23 or minutes > 59:
        raise QueryError(f"There is no time “{said}”. Write it like 9:00, 17:30 or 9am.")
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    return time(hours, minutes)


def _ordinal(number: int) -> str:
    if number in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
