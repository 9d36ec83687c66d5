"""The storm's small source, the questions that it answers, and the events that tell of them."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COUNTRIES = {
    "Germany": 211,
    "France": 197,
    "Spain": 83,
    "Italy": 127,
    "Poland": 59,
    "Sweden": 41,
    "Austria": 29,
    "Belgium": 17,
}
"""How many customers each has: no two the same, so that an answer says what was asked."""
WORDS = ("how many customers in {}?", "count of customers in {}", "number of customers in {}")

MODEL = """
name: Storm
time_zone: UTC
sources:
  shop: {{kind: sqlite, timeout_s: 60, connect: {{database: {database}}}}}
entities:
  customer:
    description: A company that buys from us
    key: customer_id
    fields:
      customer_id: {{type: int64, description: Our number for the customer}}
      country: {{type: string, description: Country of the head office, values: [{countries}]}}
    bindings:
      shop: {{relation: customers, fields: {{customer_id: id, country: country}}}}
"""


def make_source(folder: Path) -> Path:
    """A small SQLite file and a semantic model over it: the model's path."""
    database = folder / "shop.db"
    database.unlink(missing_ok=True)
    rows = [(country,) for country, count in COUNTRIES.items() for _ in range(count)]
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, country TEXT NOT NULL) STRICT"
        )
        connection.executemany("INSERT INTO customers (country) VALUES (?)", rows)
    connection.close()
    model = folder / "storm_model.yaml"
    model.write_text(MODEL.format(database=database.resolve(), countries=", ".join(COUNTRIES)))
    return model


@dataclass
class Asked:
    """One question: where it goes, and the number that answers it."""

    channel: str
    words: str
    answer: int
    thread: int
    ts: str = ""


@dataclass
class Threads:
    """Which thread has which questions; the first of them is its root."""

    questions: dict[int, list[Asked]] = field(default_factory=dict[int, list[Asked]])

    def root_ts(self, question: Asked) -> str | None:
        """The thread that a question is posted in: None for its first."""
        first = self.questions[question.thread][0]
        return None if first is question else first.ts


def questions(count: int, channels: list[str], dice: random.Random) -> tuple[Threads, list[Asked]]:
    """So many questions, a third of them in a thread where something was asked before."""
    threads, asked = Threads(), list[Asked]()
    for number in range(count):
        country = dice.choice(list(COUNTRIES))
        words = dice.choice(WORDS).format(country)
        if asked and dice.random() < 1 / 3:
            before = dice.choice(asked[-200:])
            thread, channel = before.thread, before.channel
        else:
            thread, channel = number, dice.choice(channels)
        question = Asked(channel, words, COUNTRIES[country], thread)
        threads.questions.setdefault(thread, []).append(question)
        asked.append(question)
    return threads, asked


def tellings(payloads: list[dict[str, Any]], dice: random.Random) -> Iterator[dict[str, Any]]:
    """The events of one question as Slack may send them: some twice, or under another id."""
    for payload in payloads:
        yield payload
        if dice.random() < 0.1:
            yield payload
        if dice.random() < 0.05:
            yield {**payload, "event_id": f"{payload['event_id']}B"}
