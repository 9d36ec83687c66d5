"""A column may compare in another way than its type says."""

import sqlalchemy as sa
from alembic import op

revision = "0016_odd_columns"
down_revision = "0015_turns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns are as their type says until their source is read again, within the hour."""
    odd = sa.Column("odd", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("catalog_columns", odd)


def downgrade() -> None:
    """Forget which are odd."""
    with op.batch_alter_table("catalog_columns") as table:
        table.drop_column("odd")
