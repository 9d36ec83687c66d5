"""A workspace to the client that speaks to it: one token for all, or that of each installation.

A token is taken at each call, so that a new one counts at once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.credentials import Secret
from bot.slack.pace import PacedClient
from bot.slack.secrets import is_refusal

TokenOf = Callable[[str], Awaitable[str | None]]
"""A workspace's id to the bot's token there, or None when it has none."""


class Clients(Protocol):
    """Clients by workspace."""

    def of(self, team: str) -> AsyncWebClient:
        """The client for a workspace, by its id."""
        ...


class NotInstalled(SlackClientError):
    """A workspace has taken the app away, or never had it."""


@dataclass(frozen=True, slots=True)
class OneWorkspace:
    """The bot of one workspace: whatever the id, there is one client."""

    client: AsyncWebClient

    def of(self, team: str) -> AsyncWebClient:
        """The one client."""
        return self.client


@dataclass(frozen=True, slots=True)
class ManyWorkspaces:
    """The bot of several workspaces, each with the token of its own installation."""

    client: PacedClient
    token_of: TokenOf

    def of(self, team: str) -> AsyncWebClient:
        """A client that takes the workspace's token."""
        return _ClientOfTeam(self.client, team, self.token_of)


class _ClientOfTeam(PacedClient):
    def __init__(self, like: PacedClient, team: str, token_of: TokenOf) -> None:
        super().__init__(like.pace, like.rates, **like.connection())
        self._team = team
        self._token_of = token_of

    async def api_call(self, api_method: str, **request: Any) -> AsyncSlackResponse:
        """As PacedClient's. Raises NotInstalled when the workspace has no installation."""
        self.token = await self._token_of(self._team)
        if self.token is None:
            raise NotInstalled(f"The app is not installed in the workspace {self._team}.")
        return await super().api_call(api_method, **request)


class ClientOfSecret(PacedClient):
    """The client of one workspace, whose token may be rotated in Vault."""

    def __init__(self, secret: Secret, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._secret = secret

    async def api_call(self, api_method: str, **request: Any) -> AsyncSlackResponse:
        """As PacedClient's."""
        base = super()

        async def call(token: str) -> AsyncSlackResponse:
            self.token = token
            return await base.api_call(api_method, **request)

        return await self._secret.used(call, is_refusal)


class ClientOfSockets(PacedClient):
    """Opens the connections of Socket Mode, whose token may be rotated in Vault."""

    def __init__(self, like: PacedClient, secret: Secret) -> None:
        super().__init__(like.pace, like.rates, **like.connection())
        self._secret = secret

    async def apps_connections_open(
        self, *, app_token: str = "", **request: Any
    ) -> AsyncSlackResponse:
        """As AsyncWebClient's, with the token as it is now."""
        base = super()

        async def call(token: str) -> AsyncSlackResponse:
            return await base.apps_connections_open(app_token=token, **request)

        return await self._secret.used(call, is_refusal)
