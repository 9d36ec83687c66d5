"""Where the app is installed, as slack_sdk keeps it, and which workspaces organisations have."""

import sqlalchemy as sa
from alembic import op

revision = "0005_installations"
down_revision = "0003_approvals"
branch_labels = None
depends_on = None


def _bot() -> list[sa.Column[object]]:
    """What stands in both tables of an installation."""
    return [
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32)),
        sa.Column("enterprise_name", sa.String(200)),
        sa.Column("team_id", sa.String(32)),
        sa.Column("team_name", sa.String(200)),
        sa.Column("bot_token", sa.String(200)),
        sa.Column("bot_id", sa.String(32)),
        sa.Column("bot_user_id", sa.String(32)),
        sa.Column("bot_scopes", sa.String(1000)),
        sa.Column("bot_refresh_token", sa.String(200)),
        sa.Column("bot_token_expires_at", sa.DateTime),
        sa.Column("is_enterprise_install", sa.Boolean, nullable=False),
        sa.Column("installed_at", sa.DateTime, nullable=False),
    ]


def upgrade() -> None:
    """Create the tables."""
    op.create_table("slack_bots", *_bot())
    op.create_table(
        "slack_installations",
        *_bot(),
        sa.Column("enterprise_url", sa.String(200)),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("user_token", sa.String(200)),
        sa.Column("user_scopes", sa.String(1000)),
        sa.Column("user_refresh_token", sa.String(200)),
        sa.Column("user_token_expires_at", sa.DateTime),
        sa.Column("incoming_webhook_url", sa.String(200)),
        sa.Column("incoming_webhook_channel", sa.String(200)),
        sa.Column("incoming_webhook_channel_id", sa.String(200)),
        sa.Column("incoming_webhook_configuration_url", sa.String(200)),
        sa.Column("token_type", sa.String(32)),
    )
    keys = ["client_id", "enterprise_id", "team_id"]
    op.create_index("slack_bots_idx", "slack_bots", [*keys, "installed_at"])
    op.create_index(
        "slack_installations_idx", "slack_installations", [*keys, "user_id", "installed_at"]
    )
    op.create_table(
        "slack_oauth_states",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(200), nullable=False),
        sa.Column("expire_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "workspaces",
        sa.Column("team", sa.String(64), primary_key=True),
        sa.Column("enterprise", sa.String(64), nullable=False, index=True),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("workspaces", "slack_oauth_states", "slack_installations", "slack_bots"):
        op.drop_table(name)
