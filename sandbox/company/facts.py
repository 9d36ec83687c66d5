"""Plain-Python truths about the company, to check answers against. Ranges are half-open."""

import re
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal

from sandbox.company.model import Company, Customer, Ticket


def customer_by_id(company: Company) -> dict[int, Customer]:
    """Return the existing customers by id."""
    return {customer.id: customer for customer in company.customers}


def clean_ref(ref: str | int) -> int:
    """Return the customer number meant by a reference, however it was typed."""
    digits = re.search(r"\d+", str(ref))
    if digits is None:
        raise ValueError(f"{ref!r} holds no customer number")
    return int(digits[0])


def month_start(today: date) -> datetime:
    """Return the first instant of the month that `today` is in."""
    return datetime(today.year, today.month, 1, tzinfo=UTC)


def quarter_before(today: date) -> tuple[datetime, datetime]:
    """Return the start and the end of the last whole calendar quarter before `today`."""
    first_month = today.month - (today.month - 1) % 3
    end = datetime(today.year, first_month, 1, tzinfo=UTC)
    if first_month == 1:
        return datetime(today.year - 1, 10, 1, tzinfo=UTC), end
    return end.replace(month=first_month - 3), end


def spend(
    company: Company, start: datetime, end: datetime, *, exclude_statuses: Collection[str] = ()
) -> dict[int, Decimal]:
    """Sum the priced orders of each existing customer that has any in the range."""
    known = customer_by_id(company)
    totals: defaultdict[int, Decimal] = defaultdict(Decimal)
    for order in company.orders:
        if (
            order.amount is not None
            and start <= order.ordered_at < end
            and order.status not in exclude_statuses
            and order.customer_id in known
        ):
            totals[order.customer_id] += order.amount
    return dict(totals)


def top(totals: dict[int, Decimal], count: int) -> list[tuple[int, Decimal]]:
    """Return the `count` largest totals, largest first."""
    return sorted(totals.items(), key=lambda item: item[1], reverse=True)[:count]


def tickets_where(company: Company, **equals: object) -> list[Ticket]:
    """Return the tickets whose named fields all equal the given values."""
    return [
        ticket
        for ticket in company.tickets
        if all(getattr(ticket, name) == value for name, value in equals.items())
    ]
