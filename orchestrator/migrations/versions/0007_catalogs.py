"""The catalogs of sources as last read, what has changed in them, and the words of the model."""

import sqlalchemy as sa
from alembic import op

revision = "0007_catalogs"
down_revision = "0006_stops"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "catalog_sources",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("sampled", sa.Boolean, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "catalog_relations",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("relation", sa.String(512), primary_key=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("key", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_table(
        "catalog_columns",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("relation", sa.String(512), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("nullable", sa.Boolean, nullable=False),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("distinct", sa.BigInteger),
        sa.Column("values", sa.JSON, nullable=False),
    )
    op.create_table(
        "catalog_changes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("source", sa.String(64), nullable=False, index=True),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("relation", sa.Text, nullable=False),
        sa.Column("column", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_table(
        "catalog_terms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("entity", sa.String(64), nullable=False, index=True),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("term", sa.Text, nullable=False),
    )
    op.create_table(
        "catalog_reports",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(64), nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    parts = ("reports", "terms", "changes", "columns", "relations", "sources")
    for name in parts:
        op.drop_table(f"catalog_{name}")
