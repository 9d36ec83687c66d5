"""Chains of records to be tampered with."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from orchestrator.audit import Verdict, Verifier
from orchestrator.store import Head, Record, Seal
from orchestrator.store.chain import GENESIS

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
START = Head(0, GENESIS)
KEY = "a key that is long enough"


def chain(count: int, seal: Seal | None = None, after: Head = START) -> list[Record]:
    """So many records, one after the other."""
    noted = [(f"r{n % 3}", "answered", {"rows": n, "by": ["U1"]}) for n in range(count)]
    return (seal or Seal()).link(after, AT, noted)


def head_of(records: Sequence[Record]) -> Head:
    """The head of a chain."""
    return Head(records[-1].seq, records[-1].hash) if records else START


def verdict(
    records: Iterable[Record],
    head: Head | None,
    *,
    seal: Seal | None = None,
    anchor: Head | None = None,
) -> Verdict:
    """What is found of records under a head."""
    verifier = Verifier(seal or Seal(), anchor)
    for record in records:
        verifier.see(record)
    return verifier.end(head)
