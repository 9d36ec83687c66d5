"""What calls of the planning model have cost, by question, person and day."""

import sqlalchemy as sa
from alembic import op

revision = "0009_spending"
down_revision = "0008_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "spending",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("usd", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("spending")
