"""Whether somebody wants answers in channels for themselves alone."""

import sqlalchemy as sa
from alembic import op

revision = "0006_private"
down_revision = "0005_installations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "preferences",
        sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("preferences", "is_private")
