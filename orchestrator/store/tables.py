"""The tables of the store. Migrations are written by hand: they do not follow this file."""

import sqlalchemy as sa

metadata = sa.MetaData()

seen = sa.Table(
    "seen",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(64), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("thread", sa.String(128), nullable=False, index=True),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("sql", sa.Text, nullable=False),
    sa.Column("plan_text", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("planner", sa.String(32), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("draft", sa.JSON),
    sa.Column("time_zone", sa.String(64)),
)
audit_records = sa.Table(
    "audit_records",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("run_id", sa.String(32), nullable=False, index=True),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("key", sa.String(8), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""One row: the last record's number and hash."""
workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("team", sa.String(64), primary_key=True),
    sa.Column("enterprise", sa.String(64), nullable=False, index=True),
)
"""The workspaces that use the app by an installation of their whole organisation."""
