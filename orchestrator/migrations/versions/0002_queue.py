"""Work that waits, and when each method of Slack may be called next."""

import sqlalchemy as sa
from alembic import op

revision = "0002_queue"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "queue",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("work_id", sa.String(32), nullable=False, unique=True),
        sa.Column("lane", sa.String(192), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(32)),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
    )
    op.create_index("ix_queue_lane", "queue", ["lane", "id"])
    op.create_table(
        "pace",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("full_at", sa.Double, nullable=False),
        sa.Column("held_until", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("pace", "queue"):
        op.drop_table(name)
