"""Periods in English ("last quarter", "since March", "in the next 30 days") as half-open ranges."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from orchestrator.plan.times import GRAINS, MONTHS, NUMBERS, Period, floor, shift

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_INTO = {"in", "during", "within", "over", "for", "of", "on", "from", "the", "at", "throughout"}


def read(
    words: Sequence[str], at: int, today: date, fiscal_starts: int | None = None
) -> tuple[Period, int] | None:
    """The period that starts at word `at`, and how many words it takes. Fiscal years are known by
    the month in which they begin."""
    reader = _Reader(words, today, fiscal_starts)
    found = reader.bounded(at) or reader.joined(at) or reader.named(at)
    if found is None:
        return None
    period, end = found
    text = " ".join(words[at:end])
    return Period(period.start, period.end, text, period.joined), end - at


_Found = tuple[Period, int] | None


class _Reader:
    def __init__(self, words: Sequence[str], today: date, fiscal_starts: int | None) -> None:
        self._words = words
        self._today = today
        self._fiscal_starts = fiscal_starts

    def _word(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def bounded(self, at: int) -> _Found:
        """since X, before X, after X, until X, between X and Y, from X to Y."""
        match self._word(at):
            case "between" | "from" as word:
                first = self.named(at + 1)
                if first and self._word(first[1]) in ({"and"} if word == "between" else _UNTIL):
                    second = self.named(first[1] + 1)
                    if second:
                        return self._between(at + 1, first, second)
            case "since" | "starting":
                skip = 2 if self._word(at + 1) == "the" else 1
                begins = self._word(at + skip) in {"beginning", "start"}
                found = self.named(at + skip + 1 if begins else at + 1)
                return found and (Period(found[0].start, None), found[1])
            case "before":
                found = self.named(at + 1)
                return found and (Period(None, found[0].start), found[1])
            case "after":
                found = self.named(at + 1)
                return found and (Period(found[0].end, None), found[1])
            case "until" | "till":
                found = self.named(at + 1)
                return found and (Period(None, found[0].end), found[1])
            case _:
                pass
        return None

    def _between(self, at: int, first: tuple[Period, int], second: tuple[Period, int]) -> _Found:
        """ "from november to february" begins the year before; what ends before it begins is no
        period."""
        (begun, after), (last, end) = first, second
        start, stop = begun.start, last.end
        said = self._words[at:after]
        named = any(word in MONTHS or re.fullmatch("q[1-4]", word) for word in said)
        yearless = not any(re.search(r"\d{4}", word) for word in said)
        while start and stop and start >= stop:
            if not (named and yearless):
                return None
            start = shift(start, "year", -1)
        return Period(start, stop), end

    def joined(self, at: int) -> _Found:
        """ "in 2025 and 2026": two periods of which one begins where the other ends."""
        first = self.named(at)
        second = self.named(first[1] + 1) if first and self._word(first[1]) == "and" else None
        if first is None or second is None:
            return None
        one, other = first[0], second[0]
        if one.end == other.start:
            return Period(one.start, other.end, joined=True), second[1]
        if other.end == one.start:
            return Period(other.start, one.end, joined=True), second[1]
        return None

    def named(self, at: int) -> _Found:
        """A period with a name, behind prepositions: "in the last 30 days", "Q3 2026"."""
        start = at
        while self._word(at) in _INTO and at - start < 3:
            at += 1
        if self._word(start) == "over" and self._word(at) not in _RELATIVE:
            return None
        led = at > start or self._word(start - 1) in _BOUNDS
        return (
            self._fiscal(at)
            or self._half(at)
            or self._relative(at)
            or self._ago(at)
            or self._calendar_day(at)
            or self._quarter(at)
            or self._month(at, led)
            or self._year(at)
        )

    def _relative(self, at: int) -> _Found:
        word, today = self._word(at), self._today
        if word in _DAYS:
            day = today + timedelta(days=_DAYS[word])
            return Period(day, day + timedelta(days=1)), at + 1
        if word in {"ytd", "mtd", "qtd"}:
            grain = {"y": "year", "m": "month", "q": "quarter"}[word[0]]
            return Period(floor(today, grain), today + timedelta(days=1)), at + 1
        if self._grain(at) and (self._word(at + 1), self._word(at + 2)) == ("to", "date"):
            return Period(floor(today, self._grain(at)), today + timedelta(days=1)), at + 3
        if word not in _RELATIVE:
            return None
        count, after = self._count(at + 1)
        grain = self._grain(after)
        if count is None:
            return self._last_month_name(at) if not grain else self._whole(word, grain, after + 1)
        return (grain and self._rolling(word, count, grain, after + 1)) or None

    def _whole(self, word: str, grain: str, end: int) -> _Found:
        if word == "past":
            return self._rolling(word, 1, grain, end)
        start = shift(floor(self._today, grain), grain, _RELATIVE[word])
        return Period(start, shift(start, grain, 1)), end

    def _rolling(self, word: str, count: int, grain: str, end: int) -> _Found:
        if _RELATIVE[word] > 0:
            return Period(self._today, shift(self._today, grain, count)), end
        if word in {"this", "current"}:
            return None
        return Period(shift(self._today, grain, -count), self._today + timedelta(days=1)), end

    def _last_month_name(self, at: int) -> _Found:
        month = MONTHS.get(self._word(at + 1))
        if month is None or _RELATIVE[self._word(at)] >= 0:
            return None
        return self._of_month(month, None, at + 2)

    def _ago(self, at: int) -> _Found:
        count, after = self._count(at)
        grain = self._grain(after)
        if count is None or not grain or self._word(after + 1) != "ago":
            return None
        day = shift(self._today, grain, -count)
        return Period(day, day + timedelta(days=1)), after + 2

    def _calendar_day(self, at: int) -> _Found:
        for length in (3, 2, 1):
            text = " ".join(self._word(at + offset) for offset in range(length))
            day = self._day(text)
            if day:
                return Period(day, day + timedelta(days=1)), at + length
        return None

    def _day(self, text: str) -> date | None:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                return None
        shape = re.fullmatch(r"([a-z]+) (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}))?", text)
        name, number, year = shape.groups() if shape else ("", "", "")
        if not shape:
            shape = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)? ([a-z]+)(?: (\d{4}))?", text)
            number, name, year = shape.groups() if shape else ("", "", "")
        month = MONTHS.get(name)
        if month is None:
            return None
        try:
            day = date(int(year or self._today.year), month, int(number))
        except ValueError:
            return None
        return day if year or day <= self._today else day.replace(year=day.year - 1)

    def _half(self, at: int) -> _Found:
        """ "H1 2026", "the second half of last year"."""
        number = {"h1": 1, "h2": 2}.get(self._word(at))
        after = at + 1
        if self._word(at) in {"first", "second"} and self._word(after) == "half":
            number, after = _ORDINALS[self._word(at)], at + 2
        if number is None:
            return None
        year, end = self._of_year(after)
        if year is None and (found := self.named(after)) and found[0].start:
            year, end = found[0].start.year, found[1]
        start = date(year or self._today.year, number * 6 - 5, 1)
        if year is None and start > self._today:
            start = shift(start, "year", -1)
        return Period(start, shift(start, "month", 6)), end

    def _fiscal(self, at: int) -> _Found:
        """ "this fiscal year", "fiscal year 2026", which is the one that ends in 2026."""
        if self._fiscal_starts is None:
            return None
        relative = self._word(at) in _RELATIVE
        start = at + relative
        length = 2 if [self._word(start), self._word(start + 1)] in _FISCAL_YEAR else 1
        if length == 1 and self._word(start) != "fy":
            return None
        this = floor(shift(self._today, "month", 1 - self._fiscal_starts), "year").year
        year, end = (this + _RELATIVE[self._word(at)], start + length) if relative else (None, 0)
        if year is None:
            ends = self._plain_year(start + length)
            if ends is None:
                return None
            year, end = ends - (self._fiscal_starts > 1), start + length + 1
        first = date(year, self._fiscal_starts, 1)
        return Period(first, shift(first, "year", 1)), end

    def _quarter(self, at: int) -> _Found:
        shape = re.fullmatch(r"q([1-4])", self._word(at))
        number = int(shape[1]) if shape else _ORDINALS.get(self._word(at))
        after = at + 1
        if number is None:
            year = self._plain_year(at)
            shape = re.fullmatch(r"q([1-4])", self._word(at + 1))
            return self._of_quarter(int(shape[1]), year, at + 2) if year and shape else None
        if shape is None:
            if self._word(after) != "quarter":
                return None
            after += 1
        year, end = self._of_year(after)
        return self._of_quarter(number, year, end)

    def _of_quarter(self, number: int, year: int | None, end: int) -> _Found:
        start = date(year or self._today.year, number * 3 - 2, 1)
        if year is None and start > self._today:
            start = shift(start, "year", -1)
        return Period(start, shift(start, "quarter", 1)), end

    def _month(self, at: int, led: bool) -> _Found:
        month = MONTHS.get(self._word(at))
        year, end = self._of_year(at + 1)
        if month is None or not (led or year or self._word(at) not in {"may", "march"}):
            return None
        return self._of_month(month, year, end)

    def _of_month(self, month: int, year: int | None, end: int) -> _Found:
        start = date(year or self._today.year, month, 1)
        if year is None and start > self._today:
            start = shift(start, "year", -1)
        return Period(start, shift(start, "month", 1)), end

    def _year(self, at: int) -> _Found:
        year, before = self._plain_year(at), self._word(at - 1)
        likened = before == "to" and self._word(at - 2) in {*_LIKENED, *MONTHS}
        likened = likened or (before == "to" and self._plain_year(at - 2) is not None)
        if year is None or (before in _COMPARED and not likened) or self._word(at + 1) in _MONEY:
            return None
        return Period(date(year, 1, 1), date(year + 1, 1, 1)), at + 1

    def _of_year(self, at: int) -> tuple[int | None, int]:
        skip = 1 if self._word(at) in {"of", "in"} else 0
        year = self._plain_year(at + skip)
        return (year, at + skip + 1) if year else (None, at)

    def _plain_year(self, at: int) -> int | None:
        word = self._word(at)
        return int(word) if re.fullmatch(r"(19[89]|20[0-4])\d", word) else None

    def _count(self, at: int) -> tuple[int | None, int]:
        word = self._word(at)
        if re.fullmatch(r"\d{1,4}", word):
            return int(word), at + 1
        return (NUMBERS[word], at + 1) if word in NUMBERS else (None, at)

    def _grain(self, at: int) -> str:
        word = self._word(at).removesuffix("s")
        return word if word in GRAINS else ""


_RELATIVE = {
    "last": -1, "previous": -1, "past": -1, "this": 0, "current": 0, "next": 1, "coming": 1,
}  # fmt: skip
_FISCAL_YEAR = (["fiscal", "year"], ["financial", "year"])
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_UNTIL = {"to", "until", "till", "through"}
_BOUNDS = {"since", "before", "after", "until", "till", "between", "from", "and", "starting"}
_COMPARED = {"over", "above", "under", "below", "than", "least", "top", "to", "exceeding", "most"}
_LIKENED = {"compared", "comparison", "relative"}
_MONEY = {"eur", "euro", "euros", "usd", "dollars", "€", "$"}
