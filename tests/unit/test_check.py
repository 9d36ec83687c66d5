"""Every number of a sentence comes from somewhere."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from orchestrator.answer.check import unfounded

TABLE = pa.table(
    {
        "name": ["24/7 Logistics GmbH", "Studio54"],
        "revenue": [Decimal("1234567.89"), Decimal("-45.50")],
        "share": [0.1234, None],
        "month": [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, 9, 30, tzinfo=UTC)],
    }
)
QUESTION = "top 7 customers in the last 1,500 days"
SQL = "SELECT name FROM customer WHERE score > 0.75 AND day >= DATE '2025-11-30' LIMIT 10"


@pytest.mark.parametrize(
    "sentence",
    [
        "24/7 Logistics GmbH leads with 1,234,567.89 EUR.",
        "It spent 1,234,568 EUR, or 1.2 million, or 1.23M, or 1,235k.",
        "Studio54 fell by 45.5.",
        "It has 12 % (12.34%) of all.",
        "There are 2 rows.",
        "These are the top 7 of the last 1500 days.",
        "At most 10, with a score over 0.75 since 2025-11-30.",
        "In March 2026 and on 2026-03-01, 2026-04 and 2026-04-01 09:30.",
        "P1 tickets of B2B customers have no number.",
        "Nothing to see here.",
        "",
    ],
)
def test_numbers_that_come_from_somewhere(sentence: str) -> None:
    """Cells (rounded, scaled, without their sign), the row count, the question, the SQL, times."""
    assert unfounded(sentence, TABLE, QUESTION, SQL) == ()


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("It leads with 1,234,567.98 EUR.", ("1,234,567.98",)),
        ("It leads with 1.3 million EUR.", ("1.3 million",)),
        ("It has 13 % of all.", ("13 %",)),
        ("There are 3 rows.", ("3",)),
        ("On 2026-05-01.", ("2026-05-01",)),
        ("Growth of 8, from 45.5 to 99.", ("8", "99")),
    ],
)
def test_numbers_from_nowhere_are_named(sentence: str, wrong: tuple[str, ...]) -> None:
    """What neither the table nor the question nor the SQL holds is given as it is written."""
    assert unfounded(sentence, TABLE, QUESTION, SQL) == wrong
