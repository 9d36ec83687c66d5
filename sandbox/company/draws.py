"""The draws every part of the company shares: when things happen, to whom, and typed how."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from random import Random

from sandbox.company.model import Customer

DAYS = 730
TODAYS = 3
BY_MONTH = (1.05, 1.0, 1.05, 0.98, 0.97, 0.95, 0.9, 0.75, 1.12, 1.08, 1.15, 0.92)
BY_WEEKDAY = (1.1, 1.1, 1.05, 1.0, 0.95, 0.2, 0.08)
MORNING, AFTERNOON = 5 * 3600, 6 * 3600
NOBODY = range(90001, 90100)
REF_STYLES = ("CUST-{:05d}", "cust-{}", " CUST-{} ", "CUST-{:04d}")
REF_WEIGHTS = (86, 6, 4, 4)


def now(today: date) -> datetime:
    """Return the last instant the company knows of: noon UTC of today."""
    return datetime.combine(today, time(12), UTC)


def moments(rng: Random, today: date, count: int) -> list[datetime]:
    """Draw sorted working-hours instants over 24 months of mild growth, some of them today's."""
    days = [today - timedelta(days=DAYS - index) for index in range(DAYS)]
    weights = [
        (1 + 0.3 * index / DAYS) * BY_MONTH[day.month - 1] * BY_WEEKDAY[day.weekday()]
        for index, day in enumerate(days)
    ]
    drawn = [today] * TODAYS + rng.choices(days, weights, k=count - TODAYS)
    opening = {day: datetime.combine(day, time(7), UTC) for day in [*days, today]}
    hours = dict.fromkeys(days, MORNING + AFTERNOON) | {today: MORNING}
    return sorted(opening[day] + timedelta(seconds=int(rng.random() * hours[day])) for day in drawn)


def customers_at(
    rng: Random, customers: Sequence[Customer], weights: Sequence[float], times: Sequence[datetime]
) -> list[Customer]:
    """Draw for each of the sorted times a customer that was one during that whole month."""
    chosen: list[Customer] = []
    for (year, month), group in groupby(times, key=lambda at: (at.year, at.month)):
        start = datetime(year, month, 1, tzinfo=UTC)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        active = [
            (customer, weight)
            for customer, weight in zip(customers, weights, strict=True)
            if customer.signed_up_on < start.date()
            and (customer.churned_at is None or customer.churned_at >= end)
        ]
        pool, pool_weights = zip(*active, strict=True)
        chosen += rng.choices(pool, pool_weights, k=len(list(group)))
    return chosen


def dirty_ref(rng: Random, customer_id: int) -> str:
    """Write a customer's id the way somebody typed it into the support tool."""
    return rng.choices(REF_STYLES, REF_WEIGHTS)[0].format(customer_id)


def cooling(age: timedelta, days: float) -> float:
    """Return 1 for what happened now, falling towards 0 for what is much older than `days`."""
    return math.exp(-age / timedelta(days=days))


def scaled(count: int, scale: float, least: int) -> int:
    """Return a full-size count at the given scale, but not fewer than `least`."""
    return max(least, round(count * scale))
