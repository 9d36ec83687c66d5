"""Several workspaces: who may install the app, where their tokens are kept, and how they end."""

from typing import Any
from urllib.parse import urljoin

import sqlalchemy as sa
import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore

from bot.manifest import SCOPES
from bot.settings import OAuth
from orchestrator.store import Store

log = structlog.get_logger(__name__)

STATE_LIFETIME_S = 600


class Installations(AsyncSQLAlchemyInstallationStore):
    """The installations of the allowed workspaces, in the tables that the migrations have made."""

    def __init__(self, oauth: OAuth, store: Store) -> None:
        super().__init__(client_id=oauth.client_id, engine=store.engine)
        self._oauth = oauth
        self._store = store
        self._organisations: dict[str, str] = {}

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation. Raises BoltError for a workspace that is not allowed: its people
        could ask for this company's data."""
        if self._oauth.allowed.isdisjoint({installation.team_id, installation.enterprise_id}):
            log.warning("install_refused", team=installation.team_id)
            raise BoltError("This workspace is not among those that may install Crosstalk.")
        await super().async_save(installation)
        log.info("installed", team=installation.team_id, enterprise=installation.enterprise_id)

    async def saw(self, context: AsyncBoltContext) -> None:
        """Remember whose installation a workspace uses that has none of its own."""
        team, enterprise = context.team_id, context.enterprise_id
        if not (context.is_enterprise_install and team and enterprise):
            return
        if self._organisations.get(team) != enterprise:
            await self._store.belongs(team, enterprise)
            self._organisations[team] = enterprise

    async def token_of(self, team: str) -> str | None:
        """The bot's token in a workspace: of its own installation or of its organisation's."""
        bots, newest = self.bots.c, self.bots.c.installed_at.desc()
        organisation = await self._store.organisation_of(team)
        of_all = sa.and_(bots.team_id.is_(None), bots.enterprise_id == organisation)
        query = (
            sa.select(bots.bot_token)
            .where(bots.client_id == self.client_id, bots.bot_token.is_not(None))
            .where(sa.or_(bots.team_id == team, of_all))
            .order_by(newest)
            .limit(1)
        )
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    def settings(self, api_url: str) -> AsyncOAuthSettings:
        """How Bolt installs: /slack/install and /slack/oauth_redirect, for the manifest's scopes.

        `api_url` is Slack's Web API, beside which it asks people for their consent.
        """
        return AsyncOAuthSettings(
            client_id=self._oauth.client_id,
            client_secret=self._oauth.client_secret,
            scopes=SCOPES,
            authorization_url=urljoin(api_url, "/oauth/v2/authorize"),
            installation_store=self,
            state_store=AsyncSQLAlchemyOAuthStateStore(STATE_LIFETIME_S, self.engine),
            state_expiration_seconds=STATE_LIFETIME_S,
        )


def register(app: AsyncApp, store: Store) -> None:
    """Listen to app_uninstalled and tokens_revoked."""

    async def uninstalled(body: dict[str, Any], context: AsyncBoltContext) -> None:
        if context.is_enterprise_install and context.enterprise_id:
            await store.forget_organisation(context.enterprise_id)
        else:
            await store.forget(str(body["team_id"]))
        log.info("forgotten", team=context.team_id, enterprise=context.enterprise_id)

    async def revoked(body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Only without the bot's own token the workspace is lost."""
        if (body["event"].get("tokens") or {}).get("bot"):
            await uninstalled(body, context)

    app.event("app_uninstalled")(uninstalled)
    app.event("tokens_revoked")(revoked)
