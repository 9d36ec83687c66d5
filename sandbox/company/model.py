"""The truth about Meridian Supply: every record, clean values beside what the stores hold.

A field named as in its store holds exactly what the store holds. Where that is dirty (a reference
typed by hand, a date kept as text) the clean value stands on the same record under its own name.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Customer:
    """A company that buys, or bought, from Meridian Supply."""

    id: int
    name: str
    segment: str
    country: str
    industry: str
    account_manager: str
    email: str | None
    signed_up_on: date
    churned_at: datetime | None
    credit_limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Product:
    """An article of the catalogue."""

    id: int
    sku: str
    name: str
    category: str
    list_price: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase; `promised` is the clean date behind the text of `promised_on`."""

    id: int
    customer_id: int
    ordered_at: datetime
    status: str
    channel: str
    amount: Decimal | None
    promised_on: str | None
    promised: date | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One article within an order."""

    order_id: int
    line_no: int
    product_id: int
    quantity: int
    unit_price: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """A support account; `customer_id` is the customer meant by `account_ref`, if there is one.

    `absent` names the empty fields that its document lacks altogether instead of holding null.
    """

    customer_id: int | None
    account_ref: str
    health_score: int | float | None
    health_trend: str
    plan: str
    csm: str
    contract_value: Decimal | None
    renewal_on: str
    updated_at: datetime
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """One message within a ticket, from the customer or from an agent."""

    sender: str
    at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A support case; `customer_id` and `absent` mean what they mean for an account."""

    customer_id: int | None
    number: str
    account_ref: str
    subject: str
    status: str
    priority: str
    category: str
    opened_at: datetime
    solved_at: datetime | None
    due_on: str
    csat_score: int | None
    csat_comment: str | None
    refund: Decimal | None
    tags: tuple[str, ...]
    messages: tuple[TicketMessage, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down after talking to a customer.

    `customer_id`, `theme` and `written` are the truth behind `customer`, `note` and `written_at`.
    """

    customer_id: int | None
    theme: str
    written: datetime
    note_id: str
    customer: str | int
    author: str
    kind: str
    written_at: str
    note: str


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message in a channel; a reply's `thread_ts` is the `ts` of its thread's first message."""

    user: str
    channel: str
    text: str
    ts: str
    thread_ts: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Company:
    """Everything that is known about the company at noon UTC of `today`. It has no repr: that would
    be all its rows."""

    today: date
    customers: tuple[Customer, ...]
    products: tuple[Product, ...]
    orders: tuple[Order, ...]
    lines: tuple[OrderLine, ...]
    accounts: tuple[Account, ...]
    tickets: tuple[Ticket, ...]
    notes: tuple[Note, ...]
    slack_messages: tuple[SlackMessage, ...]
