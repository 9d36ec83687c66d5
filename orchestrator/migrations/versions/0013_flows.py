"""Work of one flow, such as a channel, takes turns with that of others."""

import sqlalchemy as sa
from alembic import op

revision = "0013_flows"
down_revision = "0012_owners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each piece of work its flow; what waits already is of none."""
    flow = sa.Column("flow", sa.String(192), nullable=False, server_default="")
    op.add_column("queue", flow)


def downgrade() -> None:
    """Forget the flows."""
    with op.batch_alter_table("queue") as table:
        table.drop_column("flow")
