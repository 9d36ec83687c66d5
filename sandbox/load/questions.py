"""What is asked: questions of five kinds over the company's four sources, few of them twice."""

import random
from dataclasses import dataclass
from itertools import cycle, islice, product

COUNTRIES = "Germany France Spain Italy Netherlands Poland Sweden Austria Belgium".split()
SEGMENTS = ("enterprise", "mid-market", "small business")
PRIORITIES = ("P1", "P2", "P3", "P4")
MONTHS = ("January", "February", "March", "April", "May", "June")
TOPICS = ("invoices", "slow support", "late deliveries", "the price", "broken exports", "training")
IN_TOUCH = ("enterprise", "small business")  # segments with channels of their own
DAYS = (7, 14, 21, 30, 45, 60, 75, 90)

_SALES = [f"how many customers in {one}?" for one in COUNTRIES] + [
    f"revenue in {country} in {month} 2026" for country, month in product(COUNTRIES, MONTHS)
]
_SUPPORT = [
    f"how many {priority} tickets in {month} 2026?"
    for priority, month in product(PRIORITIES, MONTHS)
]
_SALES_AND_SUPPORT = [
    f"which {segment} customers with open {priority} tickets spent the most last quarter?"
    for segment, priority in product(SEGMENTS, PRIORITIES)
]
_SALES_AND_NOTES = [
    f"which {segment} customers who complained about {topic} spent the most last quarter?"
    for segment, topic in product(SEGMENTS, TOPICS)
]
_SALES_AND_SLACK = [
    f"slack messages of {segment} customers in the last {days} days by customer"
    for segment, days in product(IN_TOUCH, DAYS)
]
_IN_TWENTY = (
    (_SALES, 7),
    (_SUPPORT, 5),
    (_SALES_AND_SUPPORT, 4),
    (_SALES_AND_NOTES, 3),
    (_SALES_AND_SLACK, 1),
)
"""How many of twenty are of each kind."""


@dataclass(frozen=True)
class Crowd:
    """How many ask, and in how many channels besides the one in which half of them do."""

    questions: int = 200
    channels: int = 20
    seed: int = 6


def questions(count: int, dice: random.Random) -> list[str]:
    """So many questions, the kinds mixed by chance."""
    mixed: list[str] = []
    for kind, share in _IN_TWENTY:
        shuffled = dice.sample(kind, len(kind))
        mixed += islice(cycle(shuffled), -(-count * share // 20))
    dice.shuffle(mixed)
    return mixed[:count]
