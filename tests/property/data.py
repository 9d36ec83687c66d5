"""Random small datasets of five entities: what a company's tables hold at their worst.

Every dataset has the same entities and fields, so that any query fits any dataset. A dataset is
made from its number alone. Values lie in small pools, so that keys meet, groups repeat and
conditions hold for some rows and not for others.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

ENTITIES: dict[str, dict[str, str]] = {
    "customer": {
        "customer_id": "int64",
        "parent_id": "int64",
        "name": "string",
        "segment": "string",
        "active": "bool",
        "joined_on": "date",
        "credit": "decimal(15,2)",
        "score": "float64",
        "tier": "string",
        "rating": "float64",
        "seen_at": "timestamptz",
        "bonus": "decimal(15,2)",
    },
    "order": {
        "order_id": "int64",
        "customer_id": "int64",
        "product_code": "string",
        "status": "string",
        "amount": "decimal(15,2)",
        "value": "int64",
        "discount": "float64",
        "placed_at": "timestamptz",
        "local_at": "timestamp",
        "due_on": "date",
        "paid": "bool",
    },
    "line": {
        "order_ref": "decimal(15,2)",
        "line_no": "int64",
        "product_code": "string",
        "price": "decimal",
        "weight": "float64",
        "big": "int64",
    },
    "product": {
        "code": "string",
        "label": "string",
        "price": "decimal(15,2)",
        "stock": "int64",
        "ratio": "float64",
        "launched_on": "date",
    },
    "event": {
        "event_id": "string",
        "customer_id": "int64",
        "kind": "string",
        "payload": "string",
        "at": "timestamptz",
        "local_at": "timestamp",
        "reading": "float64",
        "big": "int64",
        "alarm": "bool",
    },
}
KEYS = {
    "customer": ("customer_id",),
    "order": ("order_id",),
    "line": ("order_ref", "line_no"),
    "product": ("code",),
    "event": ("event_id",),
}
_STRANGERS = ((900, None), (901, 901))
"""Row numbers and keys of rows elsewhere that belong to nobody."""
ELSEWHERE = {"customer": ("tier", "rating", "seen_at", "bonus")}
"""Fields that lie in another relation than the entity's own, which shares the key."""

TRANSFORMS = {
    ("event", "customer_id"): "TRY_CAST(REPLACE(UPPER(TRIM(value)), 'CUST-', '') AS BIGINT)",
    ("order", "product_code"): "NULLIF(TRIM(value), '-')",
}
"""Fields that are stored as another text than they mean, in every source."""

DOMAINS = {
    ("customer", "customer_id"): "customer",
    ("customer", "parent_id"): "customer",
    ("order", "customer_id"): "customer",
    ("event", "customer_id"): "customer",
    ("order", "order_id"): "order",
    ("line", "order_ref"): "order",
    ("line", "product_code"): "product",
    ("order", "product_code"): "product",
    ("product", "code"): "product",
}
"""What the values of a field name: fields of one domain are the ones that people join."""

STRINGS = (
    *("a", "b", "A", "ab", "open", "closed", "", "it's", 'say "x"', "$name", "$$ROOT", "100%"),
    *("a_b", "back\\slash", "Zoë", "ZOË", "straße", "日本", "🦆", "e\u0301", "NULL", "a.b", "-"),
    *("'; --", "{x}", "tab\there", "line\nbreak", "a b", "CUST-1"),
)
CODES = ("P1", "P2", "p1", "Ünï", "a'b", "$p", "P%", "", "no such", "P 3")
SEGMENTS = ("open", "closed", "a", "A", "")
INTS = (0, 1, 2, 3, 4, 5, 7, -1, -3, 10, 100)
BIGS = (0, 1, -1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**31, 2**60, -(2**60), 7)
FLOATS = (0.0, -0.0, 1.0, 0.5, -2.25, 3.0, 7.0, 1e6, 100.125, -1.0)
STRANGE_FLOATS = (*FLOATS, float("nan"), float("inf"), float("-inf"))
DECIMALS = tuple(
    Decimal(one) for one in "0 1 2.00 3 0.01 -0.01 7.5 10.10 99.99 -5 1234567.89 100".split()
)
LONG_DECIMALS = tuple(
    Decimal(one) for one in "0 1 0.5 0.000000001 -2.25 3 7.123456789 123456789012.000000001".split()
)
DATES = tuple(
    date.fromisoformat(one)
    for one in "2024-01-01 2024-02-29 2024-12-31 2025-01-01 2025-06-15 1999-12-31".split()
)
MOMENTS = tuple(
    datetime.fromisoformat(one)
    for one in (
        *("2024-01-01T00:00:00", "2024-02-29T23:59:59.999", "2024-12-31T23:30:00"),
        *("2025-01-01T00:00:00.001", "2025-06-15T12:30:45.500", "1969-07-20T20:17:40"),
    )
)
_POOLS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("customer", "segment"): SEGMENTS,
    ("order", "status"): SEGMENTS,
    ("event", "kind"): SEGMENTS,
    ("line", "big"): BIGS,
    ("event", "big"): BIGS,
    ("event", "reading"): STRANGE_FLOATS,
    ("customer", "rating"): STRANGE_FLOATS,
}
_BY_WORD: dict[str, tuple[Any, ...]] = {
    "int64": INTS,
    "float64": FLOATS,
    "decimal(15,2)": DECIMALS,
    "decimal": LONG_DECIMALS,
    "string": STRINGS,
    "bool": (True, False),
    "date": DATES,
    "timestamptz": tuple(one.replace(tzinfo=UTC) for one in MOMENTS),
    "timestamp": MOMENTS,
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows by entity: `rows` as the fields mean, `stored` the texts that transforms start from.

    `kept_elsewhere` are the keys that the second relation of an entity has, with its fields.
    """

    number: int
    rows: dict[str, list[Row]]
    stored: dict[str, list[Row]]
    kept_elsewhere: dict[str, list[Row]]


def seeded(seed: int | str) -> random.Random:
    """Chances that come again."""
    return random.Random(seed)  # noqa: S311 -- nothing here is a secret


def dataset(number: int) -> Dataset:
    """The dataset of that number: the higher, the more rows. Now and then a table is empty."""
    rng = seeded(number)
    rows: dict[str, list[Row]] = {}
    for entity in ENTITIES:
        most = min(40, 6 + 4 * number)
        size = 0 if rng.random() < 0.08 else rng.randint(most // 2, most)
        rows[entity] = [_row(rng, entity, index) for index in range(size)]
    kept = _move_elsewhere(rng, rows)
    return Dataset(number, rows, _stored_texts(rng, rows), kept)


def edges(number: int) -> Dataset:
    """A dataset by hand: keys that are NULL or stand twice on both sides, and no event at all."""
    ids = (1, 2, 2, None, 4)
    parents = (None, 1, 1, 2, 2)
    elsewhere = {1: ("gold", float("nan")), 2: ("tin", 1.5), 4: (None, float("inf"))}
    keys = ((1, 1), (2, 2), (3, 2), (4, None), (5, 9), (6, None), (None, 1))
    lines = (("1.00", 1), ("2.00", 1), ("2.50", 1), (None, 1), ("2", 2))
    given: dict[str, list[Row]] = {
        "customer": [
            {"customer_id": key, "parent_id": parent, "tier": tier, "rating": rating}
            for key, parent in zip(ids, parents, strict=True)
            for tier, rating in [elsewhere.get(key or 0, (None, None))]
        ],
        "order": [{"order_id": key, "customer_id": customer} for key, customer in keys],
        "line": [{"order_ref": ref and Decimal(ref), "line_no": one} for ref, one in lines],
        "product": [{"code": code, "label": code} for code in ("100%", "a_b", "ab", "\\", None)],
        "event": [],
    }
    rows = {
        entity: [{**dict.fromkeys(ENTITIES[entity]), **row} for row in found]
        for entity, found in given.items()
    }
    fields = ("customer_id", *ELSEWHERE["customer"])
    kept = [rows["customer"][0], rows["customer"][1], rows["customer"][4]]
    more = {"customer": [{name: row[name] for name in fields} for row in kept]}
    return Dataset(number, rows, _stored_texts(seeded(number), rows), more)


def _row(rng: random.Random, entity: str, index: int) -> Row:
    return {field: _value(rng, entity, field, index) for field in ENTITIES[entity]}


def _value(rng: random.Random, entity: str, field: str, index: int) -> Any:
    is_key = field in KEYS[entity]
    if rng.random() < (0.04 if is_key else 0.2):
        return None
    match DOMAINS.get((entity, field)):
        case "customer" | "order" as domain:
            most = 12 if domain == "customer" else 15
            fresh = is_key and entity in ("customer", "order") and rng.random() < 0.85
            number = index + 1 if fresh else rng.randint(1, most)
            if ENTITIES[entity][field] == "int64":
                return number
            return Decimal(number) + rng.choice((Decimal(0), Decimal(0), Decimal("0.5")))
        case "product":
            return rng.choice(CODES)
        case _:
            pass
    if field == "event_id":
        return f"e{index}" if rng.random() < 0.9 else rng.choice(STRINGS)
    return rng.choice(_POOLS.get((entity, field)) or _BY_WORD[ENTITIES[entity][field]])


def _move_elsewhere(rng: random.Random, rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The second relations: each key at most once, some missing, some that nobody knows.

    A key that is missing there has no value in the fields that lie there.
    """
    kept: dict[str, list[Row]] = {}
    for entity, fields in ELSEWHERE.items():
        key = KEYS[entity][0]
        by_key: dict[Any, Row | None] = {None: None}
        for row in rows[entity]:
            if row[key] not in by_key:
                known = _part(row, key, fields) if rng.random() < 0.75 else None
                by_key[row[key]] = known
            known = by_key[row[key]]
            for field in fields:
                row[field] = known[field] if known else None
        strangers = [_row(rng, entity, index) | {key: known} for index, known in _STRANGERS]
        kept[entity] = [
            *(row for row in by_key.values() if row),
            *(_part(row, key, fields) for row in strangers),
        ]
        rng.shuffle(kept[entity])
    return kept


def _part(row: Row, key: str, fields: tuple[str, ...]) -> Row:
    return {name: row[name] for name in (key, *fields)}


def _stored_texts(rng: random.Random, rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows as they are stored: texts that the transforms turn into what is meant."""
    stored = {entity: [dict(row) for row in found] for entity, found in rows.items()}
    for row in stored["event"]:
        known = row["customer_id"]
        forms = (
            (None, "junk") if known is None else (f"CUST-{known}", f" cust-{known} ", f"{known}")
        )
        row["customer_id"] = rng.choice(forms)
    for row in stored["order"]:
        known = row["product_code"]
        forms = (None, "-", " - ") if known is None else (known, known, f"  {known} ")
        row["product_code"] = rng.choice(forms)
    return stored
