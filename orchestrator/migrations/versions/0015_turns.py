"""Flows with as many pieces under way are served in turn."""

import sqlalchemy as sa
from alembic import op

revision = "0015_turns"
down_revision = "0014_vault_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each piece of work its turn; what waits already goes first."""
    op.add_column("queue", sa.Column("turn", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Forget the turns."""
    with op.batch_alter_table("queue") as table:
        table.drop_column("turn")
