"""Documents as people store them: values of every BSON type that a declared type allows."""

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import Decimal128, Int64

MISSING = object()
INTS: tuple[Any, ...] = (
    *(0, 1, 2, 3, 4, -1, -3, Int64(2), Int64(5), 3.0, -0.0, Decimal128("4"), Decimal128("2.00")),
    *(None, MISSING),
)
WIDE: tuple[Any, ...] = (
    *INTS,
    *(Int64(2**53 + 1), Int64(2**53), Int64(2**63 - 1), Int64(-(2**63)), 7, -2),
)
FLOATS: tuple[Any, ...] = (
    *(0.0, -0.0, 0.1, 0.5, 1.5, 2.5, -2.5, 2.675, 1.005, 1e16, 9007199254740992.0, 1e-300, 3, 2),
    *(Int64(4), Decimal128("0.1"), Decimal128("1E-400"), Decimal128("2.50"), math.nan, math.inf),
    *(-math.inf, 0.49999999999999994, Int64(2**53 + 1), None, MISSING),
)
DECIMALS: tuple[Any, ...] = (
    *(Decimal128("19.99"), Decimal128("0.10"), Decimal128("1.5"), Decimal128("-0.05"), 19.99, 0.1),
    *(Decimal128("1E+3"), 3, Int64(5), 1.5, 2.0, -7.25, Decimal128("9999999999.99"), 0.0),
    *(Decimal128("-2.45"), Decimal128("2.55"), None, MISSING),
)
LONG_DECIMALS: tuple[Any, ...] = (
    *(Decimal128("0.1"), Decimal128("0.123456789"), Decimal128("-123456789012.5"), 0.1, 1, 19.99),
    *(Int64(2**53 + 1), 9007199254740991.0, Decimal128("1.000000000000"), 12345678.99),
    *(None, MISSING),
)
TEXTS: tuple[Any, ...] = (
    *(
        "",
        "a",
        "b",
        "abc",
        "ABC",
        "aBc",
        "A",
        "ä",
        "Ä",
        "ß",
        "ſ",
        "K",
        "k",
        "İ",
        "i",
        "ı",
        "I",
        "ς",
    ),
    *(
        "a.c",
        "a\nc",
        "line\nbreak",
        "line\nbreak\n",
        "50%",
        "a_c",
        "\\",
        "[x]",
        "^a$",
        "$n",
        "$$ROOT",
    ),
    *(
        " a ",
        "\u00a0a\u3000",
        "\ta",
        "😀",
        "😀b",
        "a😀c",
        "Straße",
        "STRASE",
        "null",
        "NaN",
        "e\u0301",
    ),
    *(7, Int64(8), "7", None, MISSING),
)
DAYS: tuple[Any, ...] = (
    *("2024-02-29", "2023-12-31", "2024-12-30", "2024-12-31", "2021-01-03", "1969-12-28"),
    *("2000-01-01", "2024-03-31", None, MISSING),
)
INSTANTS: tuple[Any, ...] = (
    *(datetime(2024, 3, 31, 0, 59, 59, 999_000, UTC), datetime(2024, 3, 31, 1, tzinfo=UTC)),
    *(datetime(2024, 10, 27, 0, 30, tzinfo=UTC), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)),
    *(datetime(2024, 12, 31, 23, 59, 59, 999_000, UTC), datetime(2024, 12, 30, tzinfo=UTC)),
    *(datetime(2021, 1, 3, 12, tzinfo=UTC), datetime(2024, 2, 29, 23, 30, tzinfo=UTC)),
    *(datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC), datetime(1900, 1, 1, tzinfo=UTC)),
    *(datetime(2024, 1, 31, 22, 15, tzinfo=UTC), datetime(2040, 7, 1, tzinfo=UTC), None, MISSING),
    *("2024-06-01T00:00:00Z", "2024-10-27T02:30:00.123+02:00", "2024-01-01T00:00:00"),
)
BOOLS: tuple[Any, ...] = (True, False, None, MISSING)
JSON: tuple[Any, ...] = ([1, 2], {"a": 1}, [], None, MISSING)


def document(number: int, draw: Any) -> dict[str, Any]:
    """One document; `draw` picks one of a tuple's values."""
    amount, text = draw(DECIMALS), draw(TEXTS)
    found = {
        "_id": number,
        "n": draw(INTS),
        "m": draw(WIDE),
        "f": draw(FLOATS),
        "g": draw(FLOATS),
        "money": MISSING if amount is MISSING else {"amount": amount},
        "e": draw(LONG_DECIMALS),
        "s": draw(TEXTS),
        "deep": {"in": None} if text is MISSING else {"in": {"u": text}},
        "b": draw(BOOLS),
        "ts": draw(INSTANTS),
        "day": draw(DAYS),
        "j": draw(JSON),
    }
    return {name: value for name, value in found.items() if value is not MISSING}


def documents(count: int, seed: int) -> list[dict[str, Any]]:
    """Documents drawn by a seed, the same each time; some instants are random."""
    chance = random.Random(seed)  # noqa: S311 -- test data
    drawn = [document(number, chance.choice) for number in range(count)]
    start = datetime(2023, 12, 25, tzinfo=UTC)
    for one in drawn[::3]:
        one["ts"] = start + timedelta(milliseconds=chance.randrange(400 * 86_400_000))
    for one in drawn[::5]:
        one["money"] = {"amount": Decimal128(Decimal(chance.randrange(-(10**6), 10**6)) / 100)}
    return drawn
