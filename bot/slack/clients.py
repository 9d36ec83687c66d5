"""A workspace to the client that speaks to it: one token for all, or that of each installation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.pace import PacedClient

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
        """A client that takes the workspace's token at each call, so that a new one counts."""
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
