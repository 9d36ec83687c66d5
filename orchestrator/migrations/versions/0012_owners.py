"""A request may name several groups: the owners of what is read."""

import sqlalchemy as sa
from alembic import op

revision = "0012_owners"
down_revision = "0011_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for more than one group."""
    with op.batch_alter_table("approvals") as table:
        table.alter_column("group", type_=sa.Text, existing_type=sa.String(64))


def downgrade() -> None:
    """Go back to one group of at most 64 characters."""
    with op.batch_alter_table("approvals") as table:
        table.alter_column("group", type_=sa.String(64), existing_type=sa.Text)
