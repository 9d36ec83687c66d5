"""The support side of the company: the accounts and the tickets, as MongoDB holds them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from random import Random
from typing import NamedTuple

from sandbox.company.draws import NOBODY, cooling, customers_at, dirty_ref, moments, now, scaled
from sandbox.company.model import Account, Customer, Ticket, TicketMessage
from sandbox.company.names import SUCCESS_MANAGERS
from sandbox.company.support_texts import AGENT_WORDS, CATEGORIES, CSAT_COMMENTS, CUSTOMER_WORDS
from sandbox.company.texts import slots

PRIORITIES = {"P1": 5, "P2": 20, "P3": 45, "P4": 30}
ENTERPRISE_PRIORITIES = {"P1": 9, "P2": 26, "P3": 42, "P4": 23}
DUE_DAYS = {"P1": 1, "P2": 3, "P3": 7, "P4": 14}
SOLVING_DAYS = {"P1": 2.0, "P2": 5.0, "P3": 10.0, "P4": 20.0}
CSAT_WEIGHTS = (8, 9, 18, 35, 30)
PLANS = {"enterprise": (5, 30, 65), "mid-market": (30, 50, 20), "small business": (75, 22, 3)}
CONTRACT = {"enterprise": (60, 900), "mid-market": (8, 90), "small business": (1, 12)}
HEALTH = {"enterprise": 72.0, "mid-market": 68.0, "small business": 64.0}
INCIDENT = "Order API down, we cannot place orders"


class Case(NamedTuple):
    """What is settled about a ticket before it is worded."""

    opened_at: datetime
    customer: Customer | None
    priority: str
    status: str
    category: str
    subject: str


def make_accounts(
    rng: Random, today: date, customers: Sequence[Customer], scale: float
) -> list[Account]:
    """Make accounts for most customers, twice for a few, and some that are nobody's."""
    held = [customer for customer in customers if rng.random() < 0.92]
    twice = rng.sample(held, k=scaled(10, scale, 2))
    strays = rng.sample(NOBODY, k=scaled(40, scale, 2))
    accounts = [_account(rng, today, customer.id, customer) for customer in [*held, *twice]]
    accounts += [_account(rng, today, number, None) for number in strays]
    rng.shuffle(accounts)
    return accounts


def _account(rng: Random, today: date, number: int, customer: Customer | None) -> Account:
    segment = customer.segment if customer else "small business"
    churned = customer is not None and customer.churned_at is not None
    health = min(99.0, max(4.0, rng.gauss(HEALTH[segment] - 35 * churned, 16)))
    kind = rng.random()
    low, high = CONTRACT[segment]
    valued = rng.random() < 0.86
    renewal = today + timedelta(days=rng.randint(-45, 365))
    return Account(
        customer_id=customer.id if customer else None,
        account_ref=dirty_ref(rng, number),
        health_score=None if kind < 0.06 else round(health, 1) if kind < 0.2 else int(health),
        health_trend=rng.choices(("up", "flat", "down"), (health / 2, 45, max(5, 90 - health)))[0],
        plan=rng.choices(("basic", "plus", "premium"), PLANS[segment])[0],
        csm=rng.choice(SUCCESS_MANAGERS),
        contract_value=Decimal(rng.randint(low * 1000, high * 1000)).quantize(Decimal("0.01"))
        if valued
        else None,
        renewal_on=renewal.isoformat(),
        updated_at=now(today) - timedelta(seconds=int(86_400 * 120 * rng.random() ** 2)),
        absent=() if valued or rng.random() < 0.5 else ("contract_value",),
    )


def make_tickets(
    rng: Random, today: date, customers: Sequence[Customer], activity: Sequence[float], scale: float
) -> list[Ticket]:
    """Make two years of tickets, among them those of an outage three days ago."""
    weights = [value**0.5 for value in activity]
    outage = _outage_cases(rng, today, customers, activity, scale)
    times = moments(rng, today, scaled(8000, scale, 100) - len(outage))
    routine = [
        _routine_case(rng, today, at, customer)
        for at, customer in zip(times, customers_at(rng, customers, weights, times), strict=True)
    ]
    cases = sorted([*routine, *outage], key=lambda case: case.opened_at)
    return [_ticket(rng, today, f"T-{index:06d}", case) for index, case in enumerate(cases, 1)]


def _outage_cases(
    rng: Random, today: date, customers: Sequence[Customer], activity: Sequence[float], scale: float
) -> list[Case]:
    """Open P1 cases for distinct customers, the busiest being the likeliest to have noticed."""
    began = now(today) - timedelta(days=3, hours=4)
    ranked = sorted(
        (
            (value * rng.random(), customer)
            for customer, value in zip(customers, activity, strict=True)
            if customer.churned_at is None and customer.signed_up_on < began.date()
        ),
        key=lambda pair: pair[0],
        reverse=True,
    )
    large = [customer for _, customer in ranked if customer.segment == "enterprise"]
    others = [customer for _, customer in ranked if customer.segment != "enterprise"]
    hit = large[: scaled(26, scale, 2)] + others[: scaled(16, scale, 1)]
    return [
        Case(
            began + timedelta(seconds=rng.randint(120, 9000)), one, "P1", "open", "outage", INCIDENT
        )
        for one in hit
    ]


def _routine_case(rng: Random, today: date, at: datetime, customer: Customer) -> Case:
    large = customer.segment == "enterprise"
    priorities = ENTERPRISE_PRIORITIES if large else PRIORITIES
    priority = rng.choices(list(priorities), list(priorities.values()))[0]
    category = rng.choices(list(CATEGORIES), [one.weight for one in CATEGORIES.values()])[0]
    age = now(today) - at
    fate = rng.random()
    still_open = (0.055 + 0.8 * cooling(age, 30)) * (0.6 if priority == "P1" else 1)
    if fate < still_open:
        status = "open"
    elif fate < still_open + 0.03 + 0.1 * cooling(age, 30):
        status = "pending"
    else:
        status = "solved" if age.days < 30 or rng.random() < 0.25 else "closed"
    return Case(
        opened_at=at,
        customer=customer if rng.random() >= 0.015 else None,
        priority=priority,
        status=status,
        category=category,
        subject=rng.choice(CATEGORIES[category].subjects),
    )


def _ticket(rng: Random, today: date, number: str, case: Case) -> Ticket:
    words = slots(rng, case.opened_at)
    latest = now(today)
    solved_at = None
    if case.status in {"solved", "closed"}:
        longest = min(timedelta(days=SOLVING_DAYS[case.priority]), latest - case.opened_at)
        solved_at = case.opened_at + timedelta(seconds=int(longest.total_seconds() * rng.random()))
    rated = solved_at is not None and rng.random() < 0.45
    score = rng.choices(range(1, 6), CSAT_WEIGHTS)[0] if rated else None
    refunded = rng.random() < (0.14 if case.category in {"billing", "delivery"} else 0.02)
    tags = CATEGORIES[case.category].tags
    return Ticket(
        customer_id=case.customer.id if case.customer else None,
        number=number,
        account_ref=dirty_ref(rng, case.customer.id if case.customer else rng.choice(NOBODY)),
        subject=case.subject.format_map(words),
        status=case.status,
        priority=case.priority,
        category=case.category,
        opened_at=case.opened_at,
        solved_at=solved_at,
        due_on=(case.opened_at.date() + timedelta(days=DUE_DAYS[case.priority])).isoformat(),
        csat_score=score,
        csat_comment=rng.choice(CSAT_COMMENTS[score]) if score else None,
        refund=Decimal(rng.randint(800, 90_000)).scaleb(-2) if refunded else None,
        tags=tuple(rng.sample(tags, k=rng.randint(0, len(tags)))),
        messages=_messages(rng, case, solved_at or latest, words),
        absent=("solved_at",) if solved_at is None and rng.random() < 0.4 else (),
    )


def _messages(
    rng: Random, case: Case, end: datetime, words: dict[str, str]
) -> tuple[TicketMessage, ...]:
    """Word a conversation that the customer starts, customer and agent taking turns."""
    kind = CATEGORIES[case.category]
    texts = [rng.choice(kind.questions), rng.choice(kind.replies)]
    texts += [rng.choice(CUSTOMER_WORDS), rng.choice(AGENT_WORDS), rng.choice(CUSTOMER_WORDS)]
    most = 3 if case.status == "open" else 5
    texts = texts[: rng.randint(1 if case.status == "open" else 2, most)]
    seconds = min(int((end - case.opened_at).total_seconds()), 9 * 86_400)
    later = sorted(rng.randint(0, seconds) for _ in texts[1:])
    return tuple(
        TicketMessage(sender, case.opened_at + timedelta(seconds=after), text.format_map(words))
        for sender, after, text in zip(
            cycle(("customer", "agent")), [0, *later], texts, strict=False
        )
    )
