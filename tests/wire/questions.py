"""Ten questions of different shapes, each with the rows that plain Python finds in the company.

Nothing here uses SQL or the code under test: the generator's own objects are counted and summed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from sandbox.company import facts
from sandbox.company.model import Company
from tests.conftest import TODAY

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Asked:
    """A question and its rows; `ordered` when their order is part of the answer."""

    text: str
    rows: Callable[[Company, "Vectors"], Rows]
    ordered: bool = True


@dataclass(frozen=True)
class Vectors:
    """The notes' vectors, and that of one search text."""

    notes: np.ndarray
    text: np.ndarray


SEARCH_TEXT = "complained about invoices"


def _open_p1_customers(company: Company) -> set[int | None]:
    return {t.customer_id for t in facts.tickets_where(company, status="open", priority="P1")}


def _spend(company: Company, keep: Callable[[Any], bool], count: int) -> Rows:
    start, end = facts.quarter_before(TODAY)
    customers = facts.customer_by_id(company)
    totals = facts.spend(company, start, end)
    kept = {one: total for one, total in totals.items() if keep(customers[one])}
    return [(customers[one].name, total) for one, total in facts.top(kept, count)]


def spent_most(company: Company, _: Vectors) -> Rows:
    """Enterprise customers with open P1 tickets by spend, the first ten."""
    with_ticket = _open_p1_customers(company)
    return _spend(company, lambda c: c.segment == "enterprise" and c.id in with_ticket, 10)


def spent_most_complaining(company: Company, vectors: Vectors) -> Rows:
    """Enterprise customers among the nearest notes, by spend."""
    order = np.argsort(-(vectors.notes @ vectors.text), kind="stable")[:NEAREST]
    near = {facts.clean_ref(company.notes[index].customer) for index in order}
    return _spend(company, lambda c: c.segment == "enterprise" and c.id in near, 10)


NEAREST = 100


def tickets_by_priority(company: Company, _: Vectors) -> Rows:
    """Open tickets counted by priority."""
    counted = Counter(t.priority for t in facts.tickets_where(company, status="open"))
    return list(counted.items())


def revenue_by_month(company: Company, _: Vectors) -> Rows:
    """Revenue of this year by month, in order."""
    totals: dict[datetime, Decimal] = defaultdict(Decimal)
    for order in company.orders:
        if order.amount is not None and order.ordered_at.year == TODAY.year:
            at = order.ordered_at.astimezone(UTC)
            totals[datetime(at.year, at.month, 1, tzinfo=UTC)] += order.amount
    return sorted(totals.items())


def top_countries(company: Company, _: Vectors) -> Rows:
    """The five countries with the most revenue."""
    customers = facts.customer_by_id(company)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for order in company.orders:
        if order.amount is not None and order.customer_id in customers:
            totals[customers[order.customer_id].country] += order.amount
    return sorted(totals.items(), key=lambda item: -item[1])[:5]


def customers_in_germany(company: Company, _: Vectors) -> Rows:
    """How many customers Germany has."""
    return [(sum(c.country == "Germany" for c in company.customers),)]


def units_by_category(company: Company, _: Vectors) -> Rows:
    """Pieces sold by category of product."""
    category = {product.id: product.category for product in company.products}
    totals: Counter[str] = Counter()
    for line in company.lines:
        totals[category[line.product_id]] += line.quantity
    return totals.most_common()


def health_by_segment(company: Company, _: Vectors) -> Rows:
    """Mean health by segment; of two accounts the one with the lower score counts."""
    scores: dict[int, list[float | None]] = defaultdict(list)
    for account in company.accounts:
        if account.customer_id is not None:
            scores[account.customer_id].append(account.health_score)
    by_segment: dict[str, list[float]] = defaultdict(list)
    for customer in company.customers:
        known = [s for s in scores.get(customer.id, []) if s is not None]
        if known:
            by_segment[customer.segment].append(float(min(known)))
    return [(segment, sum(found) / len(found)) for segment, found in by_segment.items()]


def without_tickets(company: Company, _: Vectors) -> Rows:
    """How many enterprise customers have never had a ticket."""
    having = {ticket.customer_id for ticket in company.tickets}
    enterprise = [c for c in company.customers if c.segment == "enterprise"]
    return [(sum(c.id not in having for c in enterprise),)]


def refunds_last_month(company: Company, _: Vectors) -> Rows:
    """Money given back through tickets that were opened in May."""
    start, end = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    found = [t.refund for t in company.tickets if t.refund and start <= t.opened_at < end]
    return [(sum(found, Decimal()),)]


QUESTIONS = (
    Asked(
        "which enterprise customers with open P1 tickets spent the most last quarter?", spent_most
    ),
    Asked(
        "which enterprise customers who complained about invoices spent the most last quarter?",
        spent_most_complaining,
    ),
    Asked("how many open tickets by priority?", tickets_by_priority, ordered=False),
    Asked("revenue by month this year", revenue_by_month),
    Asked("top 5 countries by revenue", top_countries),
    Asked("how many customers in Germany?", customers_in_germany),
    Asked("units sold by product category", units_by_category),
    Asked("average health score by segment", health_by_segment, ordered=False),
    Asked("how many enterprise customers without any tickets?", without_tickets),
    Asked("total refund last month", refunds_last_month),
)


def same(found: Rows, expected: Rows, *, ordered: bool) -> bool:
    """Whether two tables hold the same rows; numbers to six places."""
    left, right = [_plain(row) for row in found], [_plain(row) for row in expected]
    return left == right if ordered else sorted(left, key=repr) == sorted(right, key=repr)


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_value(value) for value in row)


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date().isoformat()
    if isinstance(value, int | float | Decimal):
        return round(float(value), 6)
    return value
