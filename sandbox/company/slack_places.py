"""The company's Slack: who is in it, in which channels and groups, and what was said there."""

import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from itertools import count, islice
from typing import NamedTuple

from sandbox.company.model import Company, Customer, SlackMessage
from sandbox.company.slack_texts import FINANCE, FORMER, SHARED, Turns
from sandbox.slack import LocalSlack

DOMAIN = "meridian-supply.example"


class Person(NamedTuple):
    """Somebody who works here, or who works for the company for a while as its guest."""

    name: str
    title: str
    tz: str = "Europe/Berlin"
    is_admin: bool = False
    is_guest: bool = False


PEOPLE = {
    "U0ADA": Person("Ada Lindqvist", "Data lead", is_admin=True),
    "U0MARCO": Person("Marco Ferri", "Sales"),
    "U0PRIYA": Person("Priya Nair", "Support", "Asia/Kolkata"),
    "U0JONAS": Person("Jonas Weber", "Finance"),
    "U0SOFIA": Person("Sofia Costa", "Operations", is_admin=True),
    "U0ELIN": Person("Elin Berg", "Key accounts"),
    "U0TOMAS": Person("Tomás Ruiz", "Support engineer"),
    "U0HANNA": Person("Hanna Kowalska", "Warehouse and logistics"),
    "U0LUC": Person("Luc Moreau", "Data engineer", "America/New_York"),
    "U0NORA": Person("Nora Lindt", "Technical writer, freelance", is_guest=True),
}
CHANNELS = {
    "C0GENERAL": ("general", "Everything that concerns everybody"),
    "C0SALES": ("sales", "Quotes, renewals and won deals"),
    "C0SUPPORT": ("support", "Tickets that need more than one head"),
    "C0DATA": ("data", "Reports, definitions and the warehouse"),
    "C0INCIDENTS": ("incidents", "Outages, from first report to review"),
}
GUEST_CHANNELS = ("C0SUPPORT",)
FINANCE_MEMBERS = ("U0JONAS", "U0ADA", "U0SOFIA")
SHARED_MEMBERS = ("U0ELIN", "U0MARCO", "U0TOMAS")
APPROVERS = ("U0ADA", "U0LUC", "U0JONAS")


class Shared(NamedTuple):
    """A channel shared with a customer, whose last messages were written around `until`."""

    channel: str
    team: str
    contact: str
    contact_name: str
    customer: Customer
    until: datetime
    talk: tuple[Turns, ...]


def furnish(slack: LocalSlack, company: Company) -> None:
    """Put the company's people, channels, user group and history into an empty workspace."""
    for user_id, person in PEOPLE.items():
        first, last = _handle(person.name)
        slack.add_user(
            first,
            person.name,
            user_id=user_id,
            email=f"{_ascii(first)}.{_ascii(last)}@{DOMAIN}",
            title=person.title,
            tz=person.tz,
            is_admin=person.is_admin,
            is_restricted=person.is_guest,
        )
    slack.add_group("data-approvers", "Data approvers", APPROVERS, group_id="S0APPROVERS")
    _add_channels(slack)
    for shared in shared_with(company):
        _share(slack, shared)
    slack.seed_messages(map(asdict, company.slack_messages))
    slack.seed_messages(map(asdict, _told(company)))


def _add_channels(slack: LocalSlack) -> None:
    guests = [user_id for user_id, person in PEOPLE.items() if person.is_guest]
    for channel_id, (name, topic) in CHANNELS.items():
        channel = slack.add_channel(name, topic=topic, channel_id=channel_id)
        if channel_id in GUEST_CHANNELS:
            channel.members += guests
    slack.add_channel(
        "finance",
        [*FINANCE_MEMBERS, slack.bot_user_id],
        topic="Month-end, credit limits and write-offs",
        channel_id="C0FINANCE",
        is_private=True,
    )


def _share(slack: LocalSlack, shared: Shared) -> None:
    slack.add_user(
        _handle(shared.contact_name)[0],
        shared.contact_name,
        user_id=shared.contact,
        email=shared.customer.email or "",
        team_id=shared.team,
    )
    stem = shared.customer.name.rpartition(" ")[0]
    words = "".join(c if c.isalnum() else " " for c in _ascii(stem.lower()))
    slack.add_channel(
        f"ext-{shared.customer.id}-" + "-".join(words.split()),
        [*SHARED_MEMBERS, shared.contact, slack.bot_user_id],
        topic=f"With {shared.customer.name} (CUST-{shared.customer.id:05d})",
        channel_id=shared.channel,
        shared_with=[shared.team],
    )


def shared_with(company: Company) -> list[Shared]:
    """The channels shared with a customer of today, and with the one that was lost last."""
    reached = [customer for customer in company.customers if customer.email]
    current = (one for one in reached if one.segment == "enterprise" and one.churned_at is None)
    lost = [(one.churned_at, one) for one in reached if one.churned_at is not None]
    channels = [
        Shared("C0SHARED", "T0SHARED", "U0CARLA", "Carla Stein", customer, _noon(company), SHARED)
        for customer in islice(current, 1)
    ]
    for churned_at, customer in sorted(lost, key=lambda pair: pair[0])[-1:]:
        last = churned_at - timedelta(hours=20)
        channels.append(
            Shared("C0FORMER", "T0FORMER", "U0DIRK", "Dirk Albers", customer, last, FORMER)
        )
    return channels


def _told(company: Company) -> Iterator[SlackMessage]:
    """What is said in the private and in the shared channels, a day and a half between threads."""
    serial = count(900_001)
    yield from _threads("C0FINANCE", FINANCE, _noon(company), {}, serial)
    for shared in shared_with(company):
        words = {"contact": shared.contact, "customer": shared.customer.name}
        yield from _threads(shared.channel, shared.talk, shared.until, words, serial)


def _threads(
    channel: str,
    talk: tuple[Turns, ...],
    until: datetime,
    words: dict[str, str],
    serial: Iterator[int],
) -> Iterator[SlackMessage]:
    for back, turns in enumerate(reversed(talk)):
        began = until - timedelta(hours=3 + 36 * back)
        root: str | None = None
        for number, (user, text) in enumerate(turns):
            seconds = int((began + timedelta(minutes=11 * number)).timestamp())
            ts = f"{seconds}.{next(serial):06d}"
            yield SlackMessage(words.get(user, user), channel, text.format_map(words), ts, root)
            root = root or ts


def _noon(company: Company) -> datetime:
    return datetime.combine(company.today, time(12), UTC)


def _handle(name: str) -> tuple[str, str]:
    first, _, last = name.lower().partition(" ")
    return first, last


def _ascii(words: str) -> str:
    return unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
