"""The audit trail as a chain: each record holds the hash of the one before it.

What the old table held is carried over, in its order, as the first records of the chain.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011_audit"
down_revision = "0010_choices"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_BATCH = 1_000
_SHARED = (
    sa.Column("at", sa.DateTime(timezone=True)),
    sa.Column("run_id", sa.String(32)),
    sa.Column("what", sa.String(32)),
    sa.Column("detail", sa.JSON),
)


def upgrade() -> None:
    """Create the chain and its head, and carry the old records over."""
    records = op.create_table(
        "audit_records",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False, index=True),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    assert records is not None
    assert head is not None
    connection = op.get_bind()
    seq, previous, last = 0, _GENESIS, 0
    old = sa.table("audit", sa.Column("id", sa.Integer), *(c.copy() for c in _SHARED))
    while rows := _next(connection, old, old.c.id, last):
        kept: list[dict[str, Any]] = []
        for row in rows:
            seq, last = seq + 1, row["id"]
            record = {name: row[name] for name in ("at", "run_id", "what", "detail")}
            record |= {"seq": seq, "previous": previous, "key": ""}
            previous = _hash(record)
            kept.append(record | {"hash": previous})
        connection.execute(sa.insert(records), kept)
    connection.execute(sa.insert(head).values(id=1, seq=seq, hash=previous))
    op.drop_table("audit")


def downgrade() -> None:
    """Bring the old table back, with all records, and drop the chain."""
    old = op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False, index=True),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    assert old is not None
    connection, last = op.get_bind(), 0
    records = sa.table(
        "audit_records", sa.Column("seq", sa.BigInteger), *(c.copy() for c in _SHARED)
    )
    while rows := _next(connection, records, records.c.seq, last):
        last = rows[-1]["seq"]
        names = ("at", "run_id", "what", "detail")
        connection.execute(sa.insert(old), [{name: row[name] for name in names} for row in rows])
    op.drop_table("audit_head")
    op.drop_table("audit_records")


def _next(
    connection: sa.Connection, table: sa.TableClause, order: sa.ColumnElement[int], after: int
) -> list[dict[str, Any]]:
    query = sa.select(table).where(order > after).order_by(order).limit(_BATCH)
    return [dict(row) for row in connection.execute(query).mappings()]


def _hash(record: dict[str, Any]) -> str:
    at: datetime = record["at"]
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    told = aware.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(record | {"at": told}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
