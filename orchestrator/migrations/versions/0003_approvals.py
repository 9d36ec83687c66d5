"""Approvals and grants; a run keeps its draft and the time zone of who asked."""

import sqlalchemy as sa
from alembic import op

revision = "0003_approvals"
down_revision = "0002_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.add_column("runs", sa.Column("draft", sa.JSON))
    op.add_column("runs", sa.Column("time_zone", sa.String(64)))
    op.create_table(
        "approvals",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False, index=True),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("binding", sa.JSON, nullable=False),
        sa.Column("risk", sa.JSON, nullable=False),
        sa.Column("group", sa.String(64), nullable=False),
        sa.Column("escalation", sa.String(64), nullable=False),
        sa.Column("escalated", sa.Boolean, nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.Column("edited_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True)),
        sa.Column("escalate_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("card", sa.JSON),
        sa.Column("notice", sa.JSON),
    )
    op.create_table(
        "approval_votes",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("user", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False, index=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("entities", sa.JSON, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("max_rows", sa.Integer, nullable=False),
        sa.Column("given_by", sa.String(64), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.String(64)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("grants", "approval_votes", "approvals"):
        op.drop_table(name)
    op.drop_column("runs", "time_zone")
    op.drop_column("runs", "draft")
