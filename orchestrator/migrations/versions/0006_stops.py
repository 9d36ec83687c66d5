"""Wishes to stop a run, which reach it in whichever process it is."""

import sqlalchemy as sa
from alembic import op

revision = "0006_stops"
down_revision = "0005_installations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "stops",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("stops")
