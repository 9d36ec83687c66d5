"""The Vault tokens of processes, by accessor, so that what a crash leaves is revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0014_vault_sessions"
down_revision = "0013_flows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of tokens."""
    op.create_table(
        "vault_sessions",
        sa.Column("accessor", sa.String(255), primary_key=True),
        sa.Column("vault", sa.String(255), nullable=False),
        sa.Column("owner", sa.String(32)),
        sa.Column("until", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("vault_sessions")
