"""More that people set: answers in channels for themselves alone, and a currency."""

import sqlalchemy as sa
from alembic import op

revision = "0008_settings"
down_revision = "0007_catalogs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column(
        "preferences",
        sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("preferences", sa.Column("currency", sa.String(3)))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("preferences", "currency")
    op.drop_column("preferences", "is_private")
