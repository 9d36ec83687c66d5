"""The ways to the sources, and where the rows of a question that goes there are in full flow.

What PostgreSQL expects to be large comes by COPY, else by a cursor: both ways are tried.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """A way to a source: a question that goes there, and after which bytes its rows are amid."""

    name: str
    source: str
    words: str
    amid_rows: bytes | int
    slow_bytes_per_s: float


FEW = Way("PostgreSQL, few rows", "sales", "top 5 countries by revenue", b"Germany", 1_000)
MANY = Way("PostgreSQL, many rows", "sales", "revenue by support plan", 300_000, 50_000)
MONGO = Way("MongoDB", "support", "how many customers by support plan?", b"premium", 25_000)
QDRANT = Way("Qdrant", "notes", "how many notes by kind?", b'"payload"', 50_000)
GONE = ("can't be reached", "is up, then ask again")
LATE = ("did not answer", "sk ")
"""The words for a source that is away, and for one that is too slow."""
