"""Nothing of a workspace stays behind once it has taken the app away, except the audit trail."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.store.tables import metadata, runs, seen

INSTALLED = [
    sa.table(name, sa.column("team_id"), sa.column("enterprise_id"))
    for name in ("slack_bots", "slack_installations")
]
"""The tables of slack_sdk's installation store."""


async def forget_team(connection: AsyncConnection, team: str) -> None:
    """Delete all that is known of a workspace: its tokens, and every row of a table with a column
    `team`. Audit lines stay; they hold no question."""
    votes, queue = metadata.tables["approval_votes"], metadata.tables["queue"]
    its_runs = sa.select(runs.c.run_id).where(runs.c.team == team)
    its_keys = sa.select(sa.literal("run ") + runs.c.run_id).where(runs.c.team == team)
    await connection.execute(sa.delete(votes).where(votes.c.run_id.in_(its_runs)))
    await connection.execute(sa.delete(seen).where(seen.c.key.in_(its_keys)))
    for column in (seen.c.key, queue.c.lane):
        its_own = column.startswith(f"{team}:", autoescape=True)
        await connection.execute(sa.delete(column.table).where(its_own))
    for table in metadata.tables.values():
        if "team" in table.c:
            await connection.execute(sa.delete(table).where(table.c.team == team))
    for table in INSTALLED:
        await connection.execute(sa.delete(table).where(table.c.team_id == team))


async def forget_organisation(connection: AsyncConnection, enterprise: str) -> None:
    """Delete an organisation's own installation, by which its workspaces used the app."""
    for table in INSTALLED:
        its_own = (table.c.enterprise_id == enterprise, table.c.team_id.is_(None))
        await connection.execute(sa.delete(table).where(*its_own))
