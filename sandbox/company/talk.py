"""What people wrote: notes about customers, and the messages of the company's Slack."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from itertools import count
from random import Random

from sandbox.company.draws import NOBODY, customers_at, moments, now, scaled
from sandbox.company.model import Customer, Note, SlackMessage, Ticket
from sandbox.company.names import ACCOUNT_MANAGERS
from sandbox.company.slack_texts import INCIDENTS, THREADS
from sandbox.company.texts import CLOSINGS, THEMES, slots

KINDS = {"call": 50, "email": 30, "visit": 20}
CENTRAL_EUROPE = timezone(timedelta(hours=1))
SLACK_DAYS = 30


def make_notes(
    rng: Random, today: date, customers: Sequence[Customer], activity: Sequence[float], scale: float
) -> list[Note]:
    """Make the notes of two years, each on one theme."""
    times = moments(rng, today, scaled(3000, scale, 60))
    weights = [value**0.8 for value in activity]
    chosen = customers_at(rng, customers, weights, times)
    return [
        _note(rng, f"N-{index:05d}", written, customer)
        for index, (written, customer) in enumerate(zip(times, chosen, strict=True), start=1)
    ]


def _note(rng: Random, note_id: str, written: datetime, customer: Customer) -> Note:
    stray = rng.random() < 0.01
    number = rng.choice(NOBODY) if stray else customer.id
    own = rng.random() < 0.75
    theme = rng.choice(list(THEMES))
    return Note(
        customer_id=None if stray else customer.id,
        theme=theme,
        written=written,
        note_id=note_id,
        customer=number if rng.random() < 0.12 else f"CUST-{number:05d}",
        author=customer.account_manager if own else rng.choice(ACCOUNT_MANAGERS),
        kind=rng.choices(list(KINDS), list(KINDS.values()))[0],
        written_at=_written_at(rng, written),
        note=_wording(rng, theme, slots(rng, written)),
    )


def _written_at(rng: Random, written: datetime) -> str:
    if rng.random() < 0.18:
        return written.astimezone(CENTRAL_EUROPE).isoformat()
    return written.isoformat().replace("+00:00", "Z")


def _wording(rng: Random, theme: str, words: dict[str, str]) -> str:
    sentences = [rng.choice(THEMES[theme].openings)]
    if rng.random() < 0.8:
        sentences.append(rng.choice(THEMES[theme].sequels))
    if rng.random() < 0.3:
        sentences.append(rng.choice(CLOSINGS))
    return " ".join(sentences).format_map(words)


def make_slack_messages(
    rng: Random,
    today: date,
    customers: Sequence[Customer],
    tickets: Sequence[Ticket],
    scale: float,
) -> list[SlackMessage]:
    """Make the threads of the last month, each prompted by a ticket opened shortly before."""
    named = {customer.id: customer.name for customer in customers}
    since = now(today) - timedelta(days=SLACK_DAYS)
    recent = [
        (ticket, named[ticket.customer_id])
        for ticket in tickets
        if ticket.opened_at > since and ticket.customer_id is not None
    ]
    outages = [(ticket, name) for ticket, name in recent if ticket.category == "outage"]
    wanted = scaled(300, scale, 20)
    serial = count(1)
    messages: list[SlackMessage] = []
    while len(messages) < wanted:
        for channel, turns in rng.sample(THREADS, k=len(THREADS)):
            ticket, customer = rng.choice(outages if channel == INCIDENTS else recent)
            words = slots(rng, ticket.opened_at) | {
                "customer": customer,
                "ticket": ticket.number,
                "subject": ticket.subject,
                "priority": ticket.priority,
            }
            span = min(timedelta(hours=5), now(today) - ticket.opened_at).total_seconds()
            after = sorted(rng.uniform(0, span) for _ in turns)
            stamps = [_ts(ticket.opened_at, seconds, next(serial)) for seconds in after]
            messages += [
                SlackMessage(user, channel, text.format_map(words), ts, thread_ts)
                for (user, text), ts, thread_ts in zip(
                    turns, stamps, [None, *stamps[:1] * len(turns)], strict=False
                )
            ]
    return sorted(messages[:wanted], key=lambda message: message.ts)


def _ts(start: datetime, seconds: float, serial: int) -> str:
    """Return a Slack timestamp, its last digits a serial number that keeps it unique."""
    return f"{int(start.timestamp() + seconds)}.{serial:06d}"
