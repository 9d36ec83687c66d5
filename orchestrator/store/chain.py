"""The audit trail: a chain of records, each of which holds the hash of the one before it.

A record is written in the transaction of the change that it tells of, as its last step. From there
to the commit the row of the chain's head is locked, so that of several replicas one writes at a
time, and what is rolled back leaves no gap.
"""

import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.errors import ConfigurationError
from orchestrator.store.tables import audit_head, audit_records

log = structlog.get_logger(__name__)
GENESIS = "0" * 64
"""What the first record has in the place of a hash before it."""
STDOUT = Path("-")
LEAST_KEY = 16
_LEDGER = "audit_ledger"

Note = Callable[[str, str, dict[str, Any]], None]
"""Notes one record of a transaction: the run's id, what happened, and its detail."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `seq` counts from 1 without gaps, `at` is aware, `detail` is plain JSON.

    `previous` is the hash of the record before, and `key` names the key of this one's (or is
    empty). `hash` is over all the others.
    """

    seq: int
    at: datetime
    run_id: str
    what: str
    detail: dict[str, Any]
    previous: str
    key: str = ""
    hash: str = ""

    @property
    def canonical(self) -> bytes:
        """What is hashed: JSON with sorted keys and no blanks, times in UTC with microseconds."""
        return _json(_plain(self), "hash").encode()

    @property
    def line(self) -> str:
        """The whole record as a line of JSON."""
        return _json(_plain(self))


@dataclass(frozen=True, slots=True)
class Head:
    """The last record's number and hash: whoever keeps it elsewhere can tell a chain that was cut
    short or written anew. Of an empty chain it is 0 and GENESIS."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


class Seal:
    """Makes the hashes: SHA-256, or with a key HMAC-SHA-256, which nobody can make anew without it.

    The first key signs, the others are known from before. Raises ConfigurationError when one is
    shorter than 16 characters.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        if any(len(key) < LEAST_KEY for key in keys):
            raise ConfigurationError(
                f"A key of the audit trail has fewer than {LEAST_KEY} characters, so it could be "
                "guessed. Set CROSSTALK_AUDIT_KEY to a long random one."
            )
        self._keys = {_name(key): key.encode() for key in keys}

    @property
    def key(self) -> str:
        """The name of the key that signs, or "" without one."""
        return next(iter(self._keys), "")

    def hash(self, record: Record) -> str | None:
        """The hash that a record should have; None when its key is not known."""
        if not record.key:
            return hashlib.sha256(record.canonical).hexdigest()
        key = self._keys.get(record.key)
        return hmac.new(key, record.canonical, "sha256").hexdigest() if key else None

    def link(
        self, head: Head, at: datetime, noted: Iterable[tuple[str, str, dict[str, Any]]]
    ) -> list[Record]:
        """The records that follow a head, in the order in which they were noted."""
        records: list[Record] = []
        for run_id, what, detail in noted:
            plain = json.loads(json.dumps(detail, allow_nan=False))
            record = Record(head.seq + 1, at, run_id, what, plain, head.hash, self.key)
            record = replace(record, hash=self.hash(record) or "")
            records.append(record)
            head = Head(record.seq, record.hash)
        return records


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """The keys of the chain, the newest first, and where each record is also written as a line of
    JSON: a file, STDOUT, or nowhere."""

    keys: tuple[str, ...] = field(default=(), repr=False)
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What every engine of a store knows: how its records are sealed, and where they go besides."""

    seal: Seal
    log: Path | None = None

    @classmethod
    def of(cls, engine: AsyncEngine) -> "Ledger":
        """The ledger of a store's engine."""
        return engine.get_execution_options()[_LEDGER]

    @property
    def options(self) -> dict[str, Any]:
        """The execution options by which an engine gets to know it."""
        return {_LEDGER: self}

    def tell(self, records: Iterable[Record]) -> None:
        """Write committed records as lines; that they can't be written is logged."""
        text = "".join(f"{record.line}\n" for record in records)
        if self.log == STDOUT:
            print(text, end="", flush=True)  # noqa: T201 - the operator asked for it
        elif self.log is not None and text:
            try:
                with self.log.open("a", encoding="utf-8") as lines:
                    lines.write(text)
            except OSError as error:
                log.error("audit_log_not_written", reason=type(error).__name__)  # noqa: TRY400


@contextlib.asynccontextmanager
async def audited(engine: AsyncEngine) -> AsyncGenerator[tuple[AsyncConnection, Note]]:
    """A transaction with what notes its records: both are committed, or neither is.

    The head is locked last, so that whoever waits for it holds nothing that its holder needs.
    """
    ledger = Ledger.of(engine)
    noted: list[tuple[str, str, dict[str, Any]]] = []
    records: list[Record] = []

    def note(run_id: str, what: str, detail: dict[str, Any]) -> None:
        noted.append((run_id, what, detail))

    async with engine.begin() as connection:
        yield connection, note
        if noted:
            records = await _append(connection, ledger.seal, noted)
    ledger.tell(records)


async def _append(
    connection: AsyncConnection, seal: Seal, noted: Sequence[tuple[str, str, dict[str, Any]]]
) -> list[Record]:
    lock = sa.update(audit_head).values(seq=audit_head.c.seq + len(noted))
    row = (await connection.execute(lock.returning(audit_head.c.seq, audit_head.c.hash))).first()
    if row is None:
        raise ConfigurationError(
            "The audit trail has lost its head, so nothing can be recorded, and nothing is run "
            "that is not recorded. Find out who changed the store's tables: crosstalk audit verify."
        )
    records = seal.link(Head(row.seq - len(noted), row.hash), datetime.now(UTC), noted)
    await connection.execute(sa.insert(audit_records), [asdict(record) for record in records])
    await connection.execute(sa.update(audit_head).values(hash=records[-1].hash))
    return records


def _plain(record: Record) -> dict[str, Any]:
    at = record.at.astimezone(UTC).isoformat(timespec="microseconds")
    return asdict(record) | {"at": at}


def _json(fields: dict[str, Any], without: str = "") -> str:
    kept = {name: value for name, value in fields.items() if name != without}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def _name(key: str) -> str:
    return hashlib.sha256(f"crosstalk audit key {key}".encode()).hexdigest()[:8]
