"""The invented company is deterministic, as large and dirty as promised, and never dated ahead."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from sandbox.company import facts, load
from sandbox.company.generate import generate
from sandbox.company.model import Company
from sandbox.company.slack_places import furnish, shared_with
from sandbox.slack import LocalSlack

TODAY = date(2026, 3, 10)
TODAYS = (
    *(date(2024, 2, 29), date(2025, 1, 1), date(2025, 3, 31), date(2025, 4, 1), date(2025, 5, 18)),
    *(date(2025, 7, 1), date(2025, 8, 31), date(2025, 10, 1), date(2025, 12, 31)),
    *(date(2026, 1, 1), date(2026, 11, 21), date(2028, 2, 29)),
)


@pytest.fixture(scope="module")
def company() -> Company:
    """The whole company on an ordinary day."""
    return generate(TODAY)


def _digest(company: Company) -> str:
    return hashlib.sha256(repr(astuple(company)).encode()).hexdigest()


def _times(company: Company) -> Iterator[datetime]:
    yield from (one.churned_at for one in company.customers if one.churned_at)
    yield from (order.ordered_at for order in company.orders)
    yield from (account.updated_at for account in company.accounts)
    yield from (note.written for note in company.notes)
    for ticket in company.tickets:
        yield ticket.opened_at
        yield ticket.solved_at or ticket.opened_at
        yield from (message.at for message in ticket.messages)
    for message in company.slack_messages:
        yield datetime.fromtimestamp(float(message.ts), UTC)


def _share(hits: int, size: int) -> float:
    return round(100 * hits / size, 2)


def test_same_seed_and_day_give_the_same_company():
    """Seed and day decide everything; another seed makes another company."""
    first = _digest(generate(TODAY, scale=0.02))
    assert first == _digest(generate(TODAY, scale=0.02))
    assert first != _digest(generate(TODAY, seed=21, scale=0.02))


def test_sizes(company: Company):
    """The company is as large as its databases are said to be."""
    assert len(company.customers) == 5000
    assert len(company.products) == 120
    assert len(company.orders) == 60_000
    assert 145_000 < len(company.lines) < 155_000
    assert 4500 < len(company.accounts) < 4800
    assert len(company.tickets) == 8000
    assert len(company.notes) == 3000
    assert len(company.slack_messages) == 300


def test_names_and_numbers_are_unique(company: Company):
    """Whatever names a record names one record."""
    for keys in (
        [customer.name for customer in company.customers],
        [product.sku for product in company.products],
        [product.name for product in company.products],
        [(line.order_id, line.line_no) for line in company.lines],
        [ticket.number for ticket in company.tickets],
        [note.note_id for note in company.notes],
        [message.ts for message in company.slack_messages],
    ):
        assert len(set(keys)) == len(keys)


def test_customers_are_as_promised(company: Company):
    """Segments, gaps and departures come in the promised shares."""
    customers = company.customers
    segments = Counter(customer.segment for customer in customers)
    assert 7 < _share(segments["enterprise"], 5000) < 9
    assert 25 < _share(segments["mid-market"], 5000) < 29
    assert len({customer.country for customer in customers}) == 10
    assert len({customer.industry for customer in customers}) == 8
    assert len({customer.account_manager for customer in customers}) == 12
    assert 5 < _share(sum(one.churned_at is not None for one in customers), 5000) < 7
    assert any(customer.email is None for customer in customers)
    assert any(customer.credit_limit is None for customer in customers)


def test_orders_are_as_dirty_as_promised(company: Company):
    """Orphans, unpriced orders and dates in the wrong form come in the promised shares."""
    known = facts.customer_by_id(company)
    orders, size = company.orders, len(company.orders)
    statuses = Counter(order.status for order in orders)
    assert 0.4 < _share(sum(order.customer_id not in known for order in orders), size) < 0.6
    assert 0.2 < _share(sum(order.amount is None for order in orders), size) < 0.4
    assert 4 < _share(sum("." in (order.promised_on or "") for order in orders), size) < 6
    assert 1 < _share(sum(order.promised_on is None for order in orders), size) < 3
    assert 4 < _share(statuses["cancelled"], size) < 6
    assert 2 < _share(statuses["returned"], size) < 4
    assert set(statuses) == {"placed", "shipped", "delivered", "cancelled", "returned"}


def test_amounts_are_the_sums_of_their_lines(company: Company):
    """A priced order is worth its lines less their discounts, rounded once."""
    totals: Counter[int] = Counter()
    for line in company.lines:
        cents = line.quantity * int(line.unit_price.scaleb(2))
        totals[line.order_id] += cents * (1000 - int(line.discount.scaleb(3)))
    for order in company.orders:
        exact = Decimal(totals[order.id]).scaleb(-5)
        cent = Decimal("0.01")
        assert order.amount is None or order.amount == exact.quantize(cent, ROUND_HALF_UP)


def test_promised_dates_clean_back_to_the_truth(company: Company):
    """Both forms of a promised date mean the date that was promised."""
    for order in company.orders:
        if order.promised_on is None:
            assert order.promised is None
        else:
            form = "%d.%m.%Y" if "." in order.promised_on else "%Y-%m-%d"
            assert datetime.strptime(order.promised_on, form).date() == order.promised  # noqa: DTZ007


def test_references_clean_back_to_the_truth(company: Company):
    """However a customer was typed, its number is the true one; strays belong to nobody."""
    known = facts.customer_by_id(company)
    references = [
        *((account.account_ref, account.customer_id) for account in company.accounts),
        *((ticket.account_ref, ticket.customer_id) for ticket in company.tickets),
        *((note.customer, note.customer_id) for note in company.notes),
    ]
    for reference, customer_id in references:
        number = facts.clean_ref(reference)
        assert number == customer_id if customer_id is not None else number not in known


def test_references_are_dirty(company: Company):
    """Every way of typing a customer occurs, the clean one most often."""
    shapes = Counter(re.sub(r"\d{5}", "#####", one.account_ref) for one in company.accounts)
    assert shapes["CUST-#####"] > 0.8 * len(company.accounts)
    for pattern in (r"cust-\d+", r" CUST-\d+ ", r"CUST-\d{4}"):
        assert any(re.fullmatch(pattern, one.account_ref) for one in company.accounts)
        assert any(re.fullmatch(pattern, one.account_ref) for one in company.tickets)
    assert {type(note.customer) for note in company.notes} == {str, int}


def test_accounts_are_as_promised(company: Company):
    """Most customers have an account, ten have two, and forty accounts are nobody's."""
    per_customer = Counter(one.customer_id for one in company.accounts)
    assert per_customer.pop(None) == 40
    assert sorted(per_customer.values())[-11:] == [1] + [2] * 10
    assert 91 < _share(len(per_customer), 5000) < 93
    assert {type(one.health_score) for one in company.accounts} == {int, float, type(None)}
    documents = [load.account_document(account) for account in company.accounts]
    assert any("contract_value" not in document for document in documents)
    assert any(document.get("contract_value", 0) is None for document in documents)


def test_tickets_are_as_promised(company: Company):
    """Open urgent tickets concern many customers, and the fields that may be missing are."""
    known = facts.customer_by_id(company)
    tickets = company.tickets
    assert 8 < _share(len(facts.tickets_where(company, status="open")), 8000) < 10
    assert 5 < _share(len(facts.tickets_where(company, priority="P1")), 8000) < 7
    assert 1 < _share(len(facts.tickets_where(company, customer_id=None)), 8000) < 2
    urgent = {one.customer_id for one in facts.tickets_where(company, status="open", priority="P1")}
    urgent.discard(None)
    assert len(urgent) >= 45
    assert sum(known[number].segment == "enterprise" for number in urgent if number) >= 20
    documents = [load.ticket_document(ticket) for ticket in tickets]
    assert any("solved_at" not in document for document in documents)
    assert any(document.get("solved_at", 0) is None for document in documents)
    assert any("csat" in document for document in documents)
    assert any("refund" in document for document in documents)


def test_top_spenders_have_urgent_tickets(company: Company):
    """Asking for both at once finds somebody, as a demonstration has to."""
    totals = facts.spend(company, *facts.quarter_before(TODAY))
    urgent = {one.customer_id for one in facts.tickets_where(company, status="open", priority="P1")}
    assert urgent & {number for number, _ in facts.top(totals, 50)}


def test_notes_vary_and_fit_their_time(company: Company):
    """Each theme has many wordings without open slots, and stored times mean the true ones."""
    wordings = {(note.theme, note.note) for note in company.notes}
    per_theme = Counter(theme for theme, _ in wordings)
    assert len(per_theme) == 10
    assert min(per_theme.values()) >= 200
    assert not any("{" in note.note for note in company.notes)
    assert all(datetime.fromisoformat(note.written_at) == note.written for note in company.notes)
    assert {note.written_at[19:] for note in company.notes} == {"Z", "+01:00"}


def test_slack_threads_hang_together(company: Company):
    """Members write in their channels, replies follow a first message, nothing is dated ahead."""
    slack = LocalSlack()
    furnish(slack, company)
    noon = datetime.combine(TODAY, time(12), UTC).timestamp()
    said: list[str] = []
    for channel in slack.workspace.channels.values():
        assert channel.messages
        for message in channel.messages.values():
            assert message["user"] in channel.members
            assert message.get("thread_ts", message["ts"]) in channel.messages
            assert float(message["ts"]) <= noon + 1
            said.append(message["text"])
    assert len(said) > 300
    assert not any("{" in text for text in said)
    names = [customer.name for customer in company.customers]
    assert any(name in text for text in said for name in names)


def test_the_workspace_has_places_of_every_kind(company: Company):
    """A guest, people of customers, a private and shared channels; Marco approves nothing."""
    slack = LocalSlack()
    furnish(slack, company)
    people, channels = slack.workspace.users, slack.workspace.channels
    approvers = slack.workspace.groups["S0APPROVERS"].members
    assert len(approvers) >= 2
    assert "U0MARCO" not in approvers
    assert "U0NORA" not in channels["C0GENERAL"].members
    assert channels["C0FINANCE"].is_private
    assert "U0MARCO" not in channels["C0FINANCE"].members
    assert len({person.tz for person in people.values() if person.email}) >= 3
    for shared in shared_with(company):
        contact = people[shared.contact]
        assert channels[shared.channel].shared_with == (contact.team_id,)
        assert contact.email == shared.customer.email
    churned_at = shared_with(company)[1].customer.churned_at
    assert churned_at is not None
    written = [float(ts) for ts in channels["C0FORMER"].messages]
    assert all(0 < churned_at.timestamp() - ts < 7 * 86_400 for ts in written)


@pytest.mark.parametrize("today", TODAYS)
def test_any_day_has_recent_orders_and_no_future(today: date):
    """On any day this month and the last quarter have orders, and nothing happens after noon."""
    company = generate(today, scale=0.02)
    noon = datetime.combine(today, time(12), UTC)
    start, end = facts.quarter_before(today)
    assert facts.spend(company, start, end)
    assert facts.spend(company, facts.month_start(today), noon)
    assert max(_times(company)) <= noon
    assert min(order.ordered_at for order in company.orders) > noon - timedelta(days=732)
    assert all(customer.signed_up_on <= today for customer in company.customers)


@pytest.mark.parametrize("today", [TODAY, date(2026, 11, 21)])
def test_spend_rankings_have_no_ties(today: date):
    """The fifty largest customers of the last quarter, and the one after, all spent differently."""
    totals = facts.spend(generate(today), *facts.quarter_before(today))
    amounts = [amount for _, amount in facts.top(totals, 51)]
    assert len(set(amounts)) == 51


def test_quarter_before_spans_three_months():
    """The quarter before a day in January lies in the year before."""
    assert facts.quarter_before(date(2026, 1, 1)) == (
        datetime(2025, 10, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert facts.quarter_before(date(2028, 2, 29))[1] == datetime(2028, 1, 1, tzinfo=UTC)
    assert facts.quarter_before(date(2026, 6, 30))[0] == datetime(2026, 1, 1, tzinfo=UTC)


def test_spend_can_leave_statuses_out(company: Company):
    """Excluding cancelled orders lowers the total by what was cancelled, and nothing else."""
    start, end = facts.quarter_before(TODAY)
    everything = sum(facts.spend(company, start, end).values())
    others = {"placed", "shipped", "delivered", "returned"}
    kept = sum(facts.spend(company, start, end, exclude_statuses={"cancelled"}).values())
    cancelled = sum(facts.spend(company, start, end, exclude_statuses=others).values())
    assert 0 < cancelled == everything - kept


async def test_vectors_are_embedded_once(tmp_path: Path):
    """The same texts are read from the folder; other texts are embedded anew."""
    calls: list[int] = []

    async def embed(texts: list[str]) -> load.Vectors:
        calls.append(len(texts))
        return np.ones((len(texts), 4), dtype=np.float32)

    first = await load.vectors_cached(tmp_path / "cache", ["a", "bc"], embed)
    again = await load.vectors_cached(tmp_path / "cache", ["a", "bc"], embed)
    await load.vectors_cached(tmp_path / "cache", ["ab", "c"], embed)
    assert np.array_equal(first, again)
    assert again.dtype == np.float32
    assert calls == [2, 2]
