"""Generate Meridian Supply: the same seed and day always give the same company."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

from sandbox.company import names
from sandbox.company.draws import DAYS, NOBODY, customers_at, moments, now, scaled
from sandbox.company.model import Company, Customer, Order, OrderLine, Product
from sandbox.company.support import make_accounts, make_tickets
from sandbox.company.talk import make_notes, make_slack_messages

SEGMENTS = {"enterprise": 8, "mid-market": 27, "small business": 65}
APPETITE = {"enterprise": 9.0, "mid-market": 3.0, "small business": 1.0}
QUANTITY = {"enterprise": (6, 50), "mid-market": (2, 16), "small business": (1, 7)}
CREDIT = {"enterprise": (50, 500), "mid-market": (10, 80), "small business": (1, 15)}
LINE_COUNTS = {1: 25, 2: 33, 3: 22, 4: 12, 5: 5, 6: 3}
CHANNELS = {"web": 62, "partner": 17, "field": 21}
DISCOUNTS = tuple(Decimal(mille).scaleb(-3) for mille in range(0, 175, 25))


def generate(today: date, *, seed: int = 20, scale: float = 1.0) -> Company:
    """Make the company as it stands at noon UTC of `today`; a small `scale` makes a small one."""

    def rng(part: str) -> Random:
        return Random(f"{seed} {part}")

    customers = _customers(rng("customers"), today, scaled(5000, scale, 50))
    draw = rng("activity")
    activity = [APPETITE[one.segment] * draw.lognormvariate(0, 0.7) for one in customers]
    products = _products()
    orders, lines = _orders(
        rng("orders"), today, customers, activity, products, count=scaled(60_000, scale, 500)
    )
    tickets = make_tickets(rng("tickets"), today, customers, activity, scale)
    return Company(
        today=today,
        customers=tuple(customers),
        products=tuple(products),
        orders=tuple(orders),
        lines=tuple(lines),
        accounts=tuple(make_accounts(rng("accounts"), today, customers, scale)),
        tickets=tuple(tickets),
        notes=tuple(make_notes(rng("notes"), today, customers, activity, scale)),
        slack_messages=tuple(make_slack_messages(rng("slack"), today, customers, tickets, scale)),
    )


def _customers(rng: Random, today: date, count: int) -> list[Customer]:
    segments = rng.choices(list(SEGMENTS), list(SEGMENTS.values()), k=count)
    countries = rng.choices(names.COUNTRIES, [one.weight for one in names.COUNTRIES], k=count)
    industries = rng.choices(list(names.TRADES), k=count)
    taken: set[str] = set()
    return [
        _customer(
            rng, today, number, segment=segment, country=country, industry=industry, taken=taken
        )
        for number, segment, country, industry in zip(
            range(1, count + 1), segments, countries, industries, strict=True
        )
    ]


def _customer(
    rng: Random,
    today: date,
    number: int,
    *,
    segment: str,
    country: names.Country,
    industry: str,
    taken: set[str],
) -> Customer:
    stem = _new_stem(rng, country, industry, taken)
    newcomer = rng.random() < 0.28
    age = rng.randint(1, DAYS) if newcomer else DAYS + 31 + int(2600 * rng.random() ** 1.5)
    churned_at = None
    if age > 120 and rng.random() < 0.06:
        gone = rng.uniform(0, min(age - 90, DAYS))
        churned_at = now(today) - timedelta(seconds=int(gone * 86_400))
    low, high = CREDIT[segment]
    return Customer(
        id=number,
        name=f"{stem} {rng.choice(country.forms)}",
        segment=segment,
        country=country.name,
        industry=industry,
        account_manager=rng.choice(names.ACCOUNT_MANAGERS),
        email=_email(rng, stem) if rng.random() < 0.93 else None,
        signed_up_on=today - timedelta(days=age),
        churned_at=churned_at,
        credit_limit=Decimal(1000 * rng.randint(low, high)) if rng.random() < 0.88 else None,
    )


def _new_stem(rng: Random, country: names.Country, industry: str, taken: set[str]) -> str:
    while True:
        trade = rng.choice(names.TRADES[industry])
        families = rng.sample(country.families, k=2 if rng.random() < 0.35 else 1)
        stem = f"{' & '.join(families)} {trade}"
        if stem not in taken:
            taken.add(stem)
            return stem


def _email(rng: Random, stem: str) -> str:
    words = unicodedata.normalize("NFKD", stem.replace("ł", "l")).encode("ascii", "ignore").decode()
    domain = "-".join(words.lower().replace("&", " ").split())
    mailbox = rng.choice(("purchasing", "office", "orders", *names.CONTACTS)).lower()
    return f"{mailbox}@{domain}.example"


def _products() -> list[Product]:
    products: list[Product] = []
    for category in names.ARTICLES:
        offers = product(names.BRANDS.items(), names.articles(category))
        for number, ((brand, percent), (article, price)) in enumerate(offers, start=1):
            products.append(
                Product(
                    id=len(products) + 1,
                    sku=f"{category[:3].upper()}-{number:03d}",
                    name=f"{brand} {article}",
                    category=category,
                    list_price=Decimal(price * percent - 10).scaleb(-2),
                )
            )
    return products


def _orders(
    rng: Random,
    today: date,
    customers: Sequence[Customer],
    activity: Sequence[float],
    products: Sequence[Product],
    *,
    count: int,
) -> tuple[list[Order], list[OrderLine]]:
    times = moments(rng, today, count)
    buyers = customers_at(rng, customers, activity, times)
    sizes = rng.choices(list(LINE_COUNTS), list(LINE_COUNTS.values()), k=count)
    channels = rng.choices(list(CHANNELS), list(CHANNELS.values()), k=count)
    popularity = [rng.uniform(0.3, 2) for _ in products]
    picks = iter(rng.choices(products, popularity, k=sum(sizes)))
    orders: list[Order] = []
    lines: list[OrderLine] = []
    for number, (at, buyer, size, channel) in enumerate(
        zip(times, buyers, sizes, channels, strict=True), start=1
    ):
        basket = [next(picks) for _ in range(size)]
        cents = _add_lines(rng, lines, number, buyer.segment, basket)
        promised, promised_on = _promise(rng, at)
        orders.append(
            Order(
                id=number,
                customer_id=buyer.id if rng.random() >= 0.005 else rng.choice(NOBODY),
                ordered_at=at,
                status=_status(rng, now(today) - at),
                channel=channel,
                amount=Decimal(cents).scaleb(-2) if rng.random() >= 0.003 else None,
                promised_on=promised_on,
                promised=promised,
            )
        )
    return orders, lines


def _add_lines(
    rng: Random, lines: list[OrderLine], order_id: int, segment: str, basket: list[Product]
) -> int:
    """Append an order's lines and return its total in cents, rounded once, half up."""
    random = rng.random
    least, spread = QUANTITY[segment]
    steps = len(DISCOUNTS) if segment == "enterprise" else 3
    total = 0
    for line_no, article in enumerate(basket, start=1):
        cents = int(article.list_price * (92_000 + int(11_000 * random()))) // 1000
        quantity = least + int(spread * random() ** 2)
        step = int(steps * random()) if random() < 0.4 else 0
        total += quantity * cents * (1000 - 25 * step)
        price = Decimal(cents).scaleb(-2)
        lines.append(OrderLine(order_id, line_no, article.id, quantity, price, DISCOUNTS[step]))
    return (total + 500) // 1000


def _status(rng: Random, age: timedelta) -> str:
    fate = rng.random()
    if fate < 0.05:
        return "cancelled"
    if fate < 0.08 and age.days >= 14:
        return "returned"
    if age.days < 3 or fate > 0.997:
        return "placed"
    return "shipped" if age.days < 10 or fate > 0.99 else "delivered"


def _promise(rng: Random, ordered_at: datetime) -> tuple[date | None, str | None]:
    """Return the promised date and the text it was stored as."""
    style = rng.random()
    if style < 0.02:
        return None, None
    promised = ordered_at.date() + timedelta(days=2 + int(12 * rng.random()))
    german = style < 0.07
    text = f"{promised:%d.%m.%Y}" if german else promised.isoformat()
    return promised, text
